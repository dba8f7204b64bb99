// deny-lines, tarpit-lines, allow-lines, pass-lines, del-lines, replace-lines: regular expressions on the
// lines of a message head. This is what reqdeny, reqrep, rspidel and their like of HAProxy 1.x mean
// (configuration manual of 1.8, chapter 4.2), as far as no rule on a single header or on the target says the
// same.
#include <algorithm>

#include "rules/action/families.h"
#include "rules/action/parse.h"
#include "rules/action/reply_spec.h"
#include "rules/message_lines.h"
#include "rules/substitute.h"

namespace evenkeel::rules::action {
namespace {

bool is_response(const ActionEnv& env) noexcept { return env.phase != Phase::http_request; }

// "[-i] <regex>"
struct LinePattern {
  Regex regex;
  bool ignore_case = false;
};

Result<LinePattern, RuleError> read_pattern(Words& words) {
  const bool ignore_case = words.accept("-i");
  if (words.done()) return words.error("a regular expression is expected here");
  auto regex = Regex::compile(words.peek(), ignore_case);
  if (!regex) return words.error(regex.error());
  words.next();
  return LinePattern{std::move(*regex), ignore_case};
}

// A line that matches, in the spelling that does; groups point into `line`.
bool match_line(const LinePattern& pattern, const MessageLines& lines, std::size_t i, std::string& line,
                std::span<std::string_view> groups, std::size_t& found) {
  line = lines.text(i, NameCase::capitals);
  found = pattern.regex.match(line, groups);
  if (found != 0 || pattern.ignore_case || i == 0) return found != 0;
  line = lines.text(i, NameCase::lower);
  found = pattern.regex.match(line, groups);
  return found != 0;
}

// What all of them share: which lines they look at. Marks left by earlier rules of the request are in
// ctx.line_marks.
class OnLines : public Action {
 public:
  OnLines(bool response, LinePattern pattern) : response_(response), pattern_(std::move(pattern)) {}

 protected:
  [[nodiscard]] bool matches(const MessageLines& lines, std::size_t i) const {
    std::string line;
    std::string_view whole[1];
    std::size_t found = 0;
    return match_line(pattern_, lines, i, line, whole, found);
  }
  [[nodiscard]] bool any_matches(EvalContext& ctx) const;

  bool response_;
  LinePattern pattern_;
};

// Lines that it matches are not there for later rules of the family.
class Pass final : public OnLines {
 public:
  using OnLines::OnLines;
  Verdict run(EvalContext& ctx) const override {
    ctx.line_marks.push_back(this);
    return Verdict::proceed;
  }
  [[nodiscard]] bool hides(const MessageLines& lines, std::size_t i) const { return matches(lines, i); }
};

bool hidden(const EvalContext& ctx, const MessageLines& lines, std::size_t i) {
  return std::any_of(ctx.line_marks.begin(), ctx.line_marks.end(), [&](const Action* mark) {
    const auto* const pass = dynamic_cast<const Pass*>(mark);
    return pass != nullptr && pass->hides(lines, i);
  });
}

bool OnLines::any_matches(EvalContext& ctx) const {
  const MessageLines lines(ctx, response_);
  if (!lines.there()) return false;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (!hidden(ctx, lines, i) && matches(lines, i)) return true;
  }
  return false;
}

// A request with such a line is not refused by later rules of the family.
class Allow final : public OnLines {
 public:
  using OnLines::OnLines;
  Verdict run(EvalContext& ctx) const override {
    if (any_matches(ctx)) ctx.line_marks.push_back(this);
    return Verdict::proceed;
  }
};

bool allowed(const EvalContext& ctx) {
  return std::any_of(ctx.line_marks.begin(), ctx.line_marks.end(),
                     [](const Action* mark) { return dynamic_cast<const Allow*>(mark) != nullptr; });
}

class Refuse final : public OnLines {
 public:
  Refuse(bool response, LinePattern pattern, Verdict verdict, ReplySpec reply)
      : OnLines(response, std::move(pattern)), verdict_(verdict), reply_(std::move(reply)) {}
  Verdict run(EvalContext& ctx) const override {
    if (allowed(ctx) || !any_matches(ctx)) return Verdict::proceed;
    reply_.fill(ctx, ctx.reply);
    return verdict_;
  }

 private:
  Verdict verdict_;
  ReplySpec reply_;
};

class Delete final : public OnLines {
 public:
  using OnLines::OnLines;
  Verdict run(EvalContext& ctx) const override {
    MessageLines lines(ctx, response_);
    if (!lines.there()) return Verdict::proceed;
    for (std::size_t i = lines.size(); i-- > 1;) {
      if (!hidden(ctx, lines, i) && matches(lines, i)) lines.remove(i);
    }
    return Verdict::proceed;
  }
};

class Replace final : public OnLines {
 public:
  Replace(bool response, LinePattern pattern, std::string text)
      : OnLines(response, std::move(pattern)), text_(std::move(text)) {}
  // From the last line to the first: a field that gets another name goes to the end and is not met again.
  Verdict run(EvalContext& ctx) const override {
    MessageLines lines(ctx, response_);
    if (!lines.there()) return Verdict::proceed;
    for (std::size_t i = lines.size(); i-- > 0;) {
      std::string line;
      std::string_view groups[10];
      std::size_t found = 0;
      if (hidden(ctx, lines, i) || !match_line(pattern_, lines, i, line, groups, found)) continue;
      std::string changed;
      expand(text_, std::span(groups).first(found), changed);
      if (!lines.replace(i, changed)) return Verdict::failed;
    }
    return Verdict::proceed;
  }

 private:
  std::string text_;
};

template <class T>
ActionResult parse_plain(Words& words, ActionEnv& env, std::string_view) {
  auto pattern = read_pattern(words);
  if (!pattern) return pattern.error();
  return made<T>(is_response(env), std::move(*pattern));
}

template <Verdict kVerdict>
ActionResult parse_refuse(Words& words, ActionEnv& env, std::string_view) {
  auto pattern = read_pattern(words);
  if (!pattern) return pattern.error();
  const int status = kVerdict == Verdict::tarpit ? 500 : is_response(env) ? 502 : 403;
  auto reply = ReplySpec::parse(words, env, status, true);
  if (!reply) return reply.error();
  return made<Refuse>(is_response(env), std::move(*pattern), kVerdict, std::move(*reply));
}

ActionResult parse_replace(Words& words, ActionEnv& env, std::string_view) {
  auto pattern = read_pattern(words);
  if (!pattern) return pattern.error();
  if (words.done()) return words.error("the text of the new line is expected here");
  return made<Replace>(is_response(env), std::move(*pattern), std::string(words.next()));
}

constexpr unsigned kBoth = kHttpRequest | kHttpResponse;
constexpr ActionSpec kActions[] = {
    {"allow-lines", kHttpRequest, parse_plain<Allow>},
    {"pass-lines", kHttpRequest, parse_plain<Pass>},
    {"deny-lines", kBoth, parse_refuse<Verdict::deny>},
    {"tarpit-lines", kHttpRequest, parse_refuse<Verdict::tarpit>},
    {"del-lines", kBoth, parse_plain<Delete>},
    {"replace-lines", kBoth, parse_replace},
};

}  // namespace

std::span<const ActionSpec> lines() noexcept { return kActions; }

}  // namespace evenkeel::rules::action
