// req.lines, res.lines: the start line and the fields as lines, one by one, for conditions of the form that
// HAProxy 1.x had (see rules/message_lines.h).
#include "rules/fetch/families.h"
#include "rules/message_lines.h"

namespace evenkeel::rules::fetch {
namespace {

template <bool kResponse>
bool lines(const Args&, EvalContext& ctx, FetchState& state, Sample& out) {
  const MessageLines message(ctx, kResponse);
  if (!message.there()) {
    state.pending = !kResponse && !ctx.request_bytes.complete && !ctx.inspection_ended;
    return false;
  }
  const std::size_t i = state.iterate ? state.cursor : 0;
  if (i >= message.size()) return false;
  out = Sample::of_text(ctx.scratch->copy(message.text(i, NameCase::capitals)));
  state.cursor = static_cast<std::uint32_t>(i + 1);
  state.more = i + 1 < message.size();
  return true;
}

constexpr FetchSpec kFetches[] = {
    {"req.lines", "", SampleType::str, scope::kRequest, lines<false>},
    {"res.lines", "", SampleType::str, scope::kResponse, lines<true>},
};

}  // namespace

std::span<const FetchSpec> http_lines() noexcept { return kFetches; }

}  // namespace evenkeel::rules::fetch
