// add-header, set-header, del-header, replace-header, replace-value.
#include <algorithm>

#include "http/head.h"
#include "rules/action/families.h"
#include "rules/action/parse.h"
#include "rules/compile_env.h"
#include "rules/patterns.h"
#include "rules/substitute.h"

namespace evenkeel::rules::action {
namespace {

http::HeaderBlock* headers_of(EvalContext& ctx, bool response) noexcept {
  if (response) return ctx.response == nullptr ? nullptr : &ctx.response->headers;
  return ctx.request == nullptr ? nullptr : &ctx.request->headers;
}

bool is_response(const ActionEnv& env) noexcept { return env.phase != Phase::http_request; }

class Write final : public Action {
 public:
  Write(bool response, bool replace, std::string name, LogFormat value)
      : response_(response), replace_(replace), name_(std::move(name)), value_(std::move(value)) {}

  Verdict run(EvalContext& ctx) const override {
    http::HeaderBlock* const headers = headers_of(ctx, response_);
    if (headers == nullptr) return Verdict::proceed;
    const std::string_view value = value_.eval(ctx);
    if (!safe_value(value)) return Verdict::failed;
    if (replace_) {
      headers->set(name_, value);
    } else {
      headers->add(name_, value);
    }
    return Verdict::proceed;
  }
  [[nodiscard]] std::string_view only_header() const noexcept override { return name_; }

 private:
  bool response_;
  bool replace_;
  std::string name_;
  LogFormat value_;
};

template <bool kReplace>
ActionResult parse_write(Words& words, ActionEnv& env, std::string_view) {
  auto name = read_header_name(words);
  if (!name) return name.error();
  auto value = read_format(words, env, "a header value");
  if (!value) return value.error();
  return made<Write>(is_response(env), kReplace, std::move(*name), std::move(*value));
}

class Delete final : public Action {
 public:
  Delete(bool response, std::string name, PatternUse names)
      : response_(response), name_(std::move(name)), names_(std::move(names)) {}

  Verdict run(EvalContext& ctx) const override {
    http::HeaderBlock* const headers = headers_of(ctx, response_);
    if (headers == nullptr) return Verdict::proceed;
    if (!names_) {
      headers->remove_all(name_);
      return Verdict::proceed;
    }
    for (std::size_t i = headers->size(); i-- > 0;) {
      if (names_.match(Sample::of_text(headers->name(i)), *ctx.scratch) != nullptr) headers->remove(i);
    }
    return Verdict::proceed;
  }
  [[nodiscard]] std::string_view only_header() const noexcept override {
    return names_ ? std::string_view() : name_;
  }

 private:
  bool response_;
  std::string name_;
  PatternUse names_;  // empty: the one name
};

ActionResult parse_delete(Words& words, ActionEnv& env, std::string_view) {
  auto name = read_word(words, "a header name");
  if (!name) return name.error();
  if (!words.accept("-m")) return made<Delete>(is_response(env), std::move(*name), PatternUse());
  const auto method = match_method_of(words.peek());
  const bool usable =
      method && (*method == MatchMethod::str || *method == MatchMethod::beg || *method == MatchMethod::end ||
                 *method == MatchMethod::sub || *method == MatchMethod::reg);
  if (!usable) return words.error("header names are matched with str, beg, end, sub or reg");
  words.next();
  // Not in the store: commands do not see it. Names are kept in lower case whatever the peer wrote.
  const auto list = std::make_shared<PatternList>(std::string(), env.env.patterns->reclaimer());
  PatternUse names(list, list->add_way({*method, true, MapValue::none}).number);
  if (std::string error = list->append(*name); !error.empty()) return words.error_before(std::move(error));
  return made<Delete>(is_response(env), std::move(*name), std::move(names));
}

class Replace final : public Action {
 public:
  Replace(bool response, bool elements, std::string name, Regex regex, LogFormat value)
      : response_(response),
        elements_(elements),
        name_(std::move(name)),
        regex_(std::move(regex)),
        value_(std::move(value)) {}

  Verdict run(EvalContext& ctx) const override {
    http::HeaderBlock* const headers = headers_of(ctx, response_);
    if (headers == nullptr) return Verdict::proceed;
    const std::string replacement(value_.eval(ctx));
    for (std::size_t i = headers->find(name_); i != http::HeaderBlock::npos;
         i = headers->find(name_, i + 1)) {
      std::string changed;
      const bool hit = elements_ ? replace_elements(headers->value(i), replacement, changed)
                                 : replace_value(headers->value(i), replacement, changed);
      if (!hit) continue;
      if (!safe_value(changed)) return Verdict::failed;
      headers->replace_value(i, changed);
    }
    return Verdict::proceed;
  }
  [[nodiscard]] std::string_view only_header() const noexcept override { return name_; }

 private:
  // The whole value becomes the replacement when the regex matches anywhere in it.
  bool replace_value(std::string_view value, std::string_view replacement, std::string& out) const {
    std::string_view groups[10];
    const std::size_t found = regex_.match(value, groups);
    if (found == 0) return false;
    expand(replacement, std::span(groups).first(found), out);
    return true;
  }
  bool replace_elements(std::string_view value, std::string_view replacement, std::string& out) const {
    bool hit = false;
    while (true) {
      const std::size_t comma = value.find(',');
      const std::string_view element = http::trim_ows(value.substr(0, comma));
      if (!out.empty()) out += ", ";
      if (replace_value(element, replacement, out)) {
        hit = true;
      } else {
        out += element;
      }
      if (comma == std::string_view::npos) return hit;
      value.remove_prefix(comma + 1);
    }
  }

  bool response_;
  bool elements_;
  std::string name_;
  Regex regex_;
  LogFormat value_;
};

template <bool kElements>
ActionResult parse_replace(Words& words, ActionEnv& env, std::string_view) {
  auto name = read_header_name(words);
  if (!name) return name.error();
  auto regex = read_regex(words);
  if (!regex) return regex.error();
  auto value = read_format(words, env, "a replacement");
  if (!value) return value.error();
  return made<Replace>(is_response(env), kElements, std::move(*name), std::move(*regex), std::move(*value));
}

constexpr ActionSpec kActions[] = {
    {"add-header", kHttp, parse_write<false>},     {"set-header", kHttp, parse_write<true>},
    {"del-header", kHttp, parse_delete},           {"replace-header", kHttp, parse_replace<false>},
    {"replace-value", kHttp, parse_replace<true>},
};

}  // namespace

std::span<const ActionSpec> headers() noexcept { return kActions; }

}  // namespace evenkeel::rules::action
