// add-headers-bin, set-headers-bin, del-headers-bin: many headers at once, encoded as req.hdrs_bin has them.
#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "http/head.h"
#include "http/scan.h"
#include "rules/action/families.h"
#include "rules/action/parse.h"
#include "rules/patterns.h"

namespace evenkeel::rules::action {
namespace {

http::HeaderBlock* headers_of(EvalContext& ctx, bool response) noexcept {
  if (response) return ctx.response == nullptr ? nullptr : &ctx.response->headers;
  return ctx.request == nullptr ? nullptr : &ctx.request->headers;
}

// Texts behind their lengths. A length is one byte below 240; else four bits of the rest stand in it, and
// seven in each byte that follows, the lowest first, as long as the byte is 128 or more.
class TextReader {
 public:
  explicit TextReader(std::string_view bytes) noexcept : rest_(bytes) {}
  [[nodiscard]] bool done() const noexcept { return rest_.empty(); }
  // nullopt: the bytes end too early.
  std::optional<std::string_view> next() noexcept {
    std::size_t length = 0;
    if (!read_length(length) || length > rest_.size()) return std::nullopt;
    const std::string_view text = rest_.substr(0, length);
    rest_.remove_prefix(length);
    return text;
  }

 private:
  bool read_byte(std::size_t& byte) noexcept {
    if (rest_.empty()) return false;
    byte = static_cast<unsigned char>(rest_.front());
    rest_.remove_prefix(1);
    return true;
  }
  bool read_length(std::size_t& length) noexcept {
    if (!read_byte(length)) return false;
    if (length < 240) return true;
    for (unsigned shift = 4; shift < 32; shift += 7) {
      std::size_t byte = 0;
      if (!read_byte(byte)) return false;
      length += byte << shift;
      if (byte < 128) return true;
    }
    return false;
  }
  std::string_view rest_;
};

bool is_name(std::string_view text) noexcept {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return http::is_token_char(static_cast<unsigned char>(c));
  });
}

using Pairs = std::vector<std::pair<std::string_view, std::string_view>>;

// False: it is no list of headers, or one that could not stand in a message.
bool read_pairs(std::string_view bytes, std::string_view prefix, Pairs& out) {
  TextReader reader(bytes);
  while (!reader.done()) {
    const auto name = reader.next();
    const auto value = name ? reader.next() : std::nullopt;
    if (!value) return false;
    if (name->empty() && value->empty()) return true;
    if (name->size() < prefix.size() || !http::iequals(name->substr(0, prefix.size()), prefix)) continue;
    if (!is_name(*name) || !safe_value(*value)) return false;
    out.emplace_back(*name, *value);
  }
  return true;
}

class Write final : public Action {
 public:
  Write(bool response, bool replace, Expression list, std::string prefix)
      : response_(response), replace_(replace), list_(std::move(list)), prefix_(std::move(prefix)) {}

  Verdict run(EvalContext& ctx) const override {
    http::HeaderBlock* const headers = headers_of(ctx, response_);
    Sample sample;
    if (headers == nullptr || !list_.eval(ctx, sample)) return Verdict::proceed;
    if (!cast(sample, SampleType::bin, *ctx.scratch)) return Verdict::failed;
    // The list may lie in the headers that change.
    const std::string bytes(sample.text);
    Pairs pairs;
    if (!read_pairs(bytes, prefix_, pairs)) return Verdict::failed;
    if (replace_)
      for (const auto& [name, value] : pairs) headers->remove_all(name);
    for (const auto& [name, value] : pairs) headers->add(name, value);
    return Verdict::proceed;
  }

 private:
  bool response_;
  bool replace_;
  Expression list_;
  std::string prefix_;
};

template <bool kReplace>
ActionResult parse_write(Words& words, ActionEnv& env, std::string_view) {
  auto list = read_expression(words, env);
  if (!list) return list.error();
  std::string prefix;
  if (words.accept("prefix")) {
    auto text = read_word(words, "the beginning of the names");
    if (!text) return text.error();
    prefix = std::move(*text);
  }
  return made<Write>(env.phase != Phase::http_request, kReplace, std::move(*list), std::move(prefix));
}

bool matches(MatchMethod method, std::string_view name, std::string_view pattern) noexcept {
  if (pattern.empty() || pattern.size() > name.size()) return false;
  const std::size_t room = name.size() - pattern.size();
  switch (method) {
    case MatchMethod::beg:
      return http::iequals(name.substr(0, pattern.size()), pattern);
    case MatchMethod::end:
      return http::iequals(name.substr(room), pattern);
    case MatchMethod::sub:
      for (std::size_t at = 0; at <= room; ++at)
        if (http::iequals(name.substr(at, pattern.size()), pattern)) return true;
      return false;
    default:
      return room == 0 && http::iequals(name, pattern);
  }
}

class Delete final : public Action {
 public:
  Delete(bool response, Expression list, MatchMethod method)
      : response_(response), list_(std::move(list)), method_(method) {}

  Verdict run(EvalContext& ctx) const override {
    http::HeaderBlock* const headers = headers_of(ctx, response_);
    Sample sample;
    if (headers == nullptr || !list_.eval(ctx, sample)) return Verdict::proceed;
    if (!cast(sample, SampleType::bin, *ctx.scratch)) return Verdict::failed;
    const std::string bytes(sample.text);
    std::vector<std::string_view> names;
    for (TextReader reader(bytes); !reader.done();) {
      const auto name = reader.next();
      if (!name) return Verdict::failed;
      names.push_back(*name);
    }
    for (std::size_t i = headers->size(); i-- > 0;) {
      for (const std::string_view name : names) {
        if (!matches(method_, headers->name(i), name)) continue;
        headers->remove(i);
        break;
      }
    }
    return Verdict::proceed;
  }

 private:
  bool response_;
  Expression list_;
  MatchMethod method_;
};

ActionResult parse_delete(Words& words, ActionEnv& env, std::string_view) {
  auto list = read_expression(words, env);
  if (!list) return list.error();
  MatchMethod method = MatchMethod::str;
  if (words.accept("-m")) {
    const auto wanted = match_method_of(words.peek());
    const bool usable = wanted && (*wanted == MatchMethod::str || *wanted == MatchMethod::beg ||
                                   *wanted == MatchMethod::end || *wanted == MatchMethod::sub);
    if (!usable) return words.error("header names are matched with str, beg, end or sub");
    method = *wanted;
    words.next();
  }
  return made<Delete>(env.phase != Phase::http_request, std::move(*list), method);
}

constexpr ActionSpec kActions[] = {
    {"add-headers-bin", kHttp, parse_write<false>},
    {"set-headers-bin", kHttp, parse_write<true>},
    {"del-headers-bin", kHttp, parse_delete},
};

}  // namespace

std::span<const ActionSpec> binary_headers() noexcept { return kActions; }

}  // namespace evenkeel::rules::action
