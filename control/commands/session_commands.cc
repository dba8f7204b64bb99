// Running sessions, shown and ended.
#include <charconv>

#include "conf/units.h"
#include "control/commands/commands.h"
#include "control/on_worker.h"
#include "control/session_text.h"
#include "frontends/engine.h"

namespace evenkeel::control {
namespace {

using backends::LiveSession;
using frontends::WorkerContext;

std::uintptr_t parse_id(std::string_view text) noexcept {
  if (text.starts_with("0x")) text.remove_prefix(2);
  std::uintptr_t id = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id, 16);
  return error == std::errc() && end == text.data() + text.size() ? id : 0;
}

}  // namespace

// Each worker describes its own sessions; what is held at one time is one worker's list.
Task<void> show_sess(Call& call, Output& out) {
  const std::string_view word = call.arg(0);
  const std::uintptr_t wanted = word.starts_with("0x") ? parse_id(word) : 0;
  const bool one = word.starts_with("0x");
  const bool full = one || word == "all";
  Millis older_s = 0;
  if (word == "older") {
    const auto age = conf::parse_duration_ms(call.arg(1), conf::TimeUnit::s);
    if (!age) co_return out.refuse("Missing or bad age.\n");
    older_s = age.value / 1000;
  }
  bool found = false;
  for (unsigned w = 0; w < call.engine.worker_count(); ++w) {
    WorkerContext& context = call.engine.context(w);
    std::string lines;
    co_await on_worker(context.worker, [&] {
      const Millis now = context.worker.now();
      for (const LiveSession* s = context.sessions.first(); s != nullptr; s = s->next()) {
        if (one && reinterpret_cast<std::uintptr_t>(s) != wanted) continue;
        if (now - s->since < older_s * 1000) continue;
        if (word == "susp" && !suspicious(*s, now)) continue;
        found = true;
        full ? append_session_in_full(lines, *s, w, now) : append_session(lines, *s, w, now);
      }
    });
    out.text += lines;
    if (out.full() && !co_await out.flush()) co_return;
  }
  if (one && !found) out.refuse("Session not found.\n");
}

Task<void> shutdown_session(Call& call, Output& out) {
  const std::uintptr_t wanted = parse_id(call.arg(0));
  if (!call.arg(0).starts_with("0x") || wanted == 0) {
    out.refuse("Session pointer expected (use 'show sess').\n");
    co_return;
  }
  bool found = false;
  for (unsigned w = 0; w < call.engine.worker_count() && !found; ++w) {
    WorkerContext& context = call.engine.context(w);
    co_await on_worker(context.worker, [&] {
      context.sessions.kill_if(
          [&](const LiveSession& s) {
            const bool hit = reinterpret_cast<std::uintptr_t>(&s) == wanted;
            found = found || hit;
            return hit;
          },
          Cause::killed_admin);
    });
  }
  if (!found) out.refuse("No such session (use 'show sess').\n");
}

}  // namespace evenkeel::control
