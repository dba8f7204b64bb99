#include "conf/condition.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace evenkeel::conf {
namespace {

constexpr int kMaxDepth = 64;

bool is_space(char c) noexcept { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
bool is_word(char c) noexcept {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

struct Version {
  // major, minor, patch, stage (development -1, release 0), number of the stage or of commits since
  std::array<long, 5> parts{};
};

std::optional<long> take_number(std::string_view& text) {
  long n = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (ec != std::errc() || n < 0) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return n;
}

std::optional<Version> parse_version(std::string_view text) {
  Version v;
  if (text.starts_with('v')) text.remove_prefix(1);
  for (std::size_t i = 0; i < 3 && !text.empty(); ++i) {
    if (!is_digit(text.front())) return std::nullopt;
    const auto n = take_number(text);
    if (!n) return std::nullopt;
    v.parts[i] = *n;
    if (!text.starts_with('.')) break;
    text.remove_prefix(1);
  }
  // OpenSSL's patch letter: 1.1.1f.
  if (text.size() == 1 && text[0] >= 'a' && text[0] <= 'z') {
    v.parts[4] = text[0] - 'a' + 1;
    text.remove_prefix(1);
  }
  for (const std::string_view stage : {"-dev", "-rc", "-pre"}) {
    if (!text.starts_with(stage)) continue;
    text.remove_prefix(stage.size());
    v.parts[3] = -1;
    v.parts[4] = take_number(text).value_or(0);
    break;
  }
  if (text.starts_with('-')) {
    text.remove_prefix(1);
    const auto commits = take_number(text);
    if (v.parts[3] == 0) v.parts[4] = commits.value_or(0);
  }
  if (!text.empty() && text.front() != '+' && text.front() != '-') return std::nullopt;
  return v;
}

bool listed(const std::vector<std::string>& list, std::string_view name) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

class Evaluator {
 public:
  Evaluator(std::string_view text, const Environment& env, const Facts& facts)
      : text_(text), env_(env), facts_(facts) {}

  ConditionResult run() {
    if (text_.empty()) return {};
    const bool value = any_of();
    skip_spaces();
    if (!error_ && at_ < text_.size())
      fail("unexpected character '" + std::string(1, text_[at_]) + "' at the end of conditional expression",
           at_);
    if (error_) return {false, std::move(error_)};
    return {value, std::nullopt};
  }

 private:
  using Arguments = std::vector<std::string>;

  bool any_of() {
    bool value = all_of();
    while (!error_ && take("||")) {
      const bool right = all_of();
      value = value || right;
    }
    return value;
  }

  bool all_of() {
    bool value = term();
    while (!error_ && take("&&")) {
      const bool right = term();
      value = value && right;
    }
    return value;
  }

  bool term() {
    skip_spaces();
    bool negated = false;
    while (at_ < text_.size() && text_[at_] == '!') {
      negated = !negated;
      ++at_;
      skip_spaces();
    }
    return atom() != negated;
  }

  bool atom() {
    if (at_ >= text_.size()) return fail("missing operand at the end of conditional expression", at_);
    const char c = text_[at_];
    if (c == '(') return parenthesis();
    if (is_digit(c) || ((c == '-' || c == '+') && at_ + 1 < text_.size() && is_digit(text_[at_ + 1])))
      return number();
    const std::size_t from = at_;
    while (at_ < text_.size() && is_word(text_[at_])) ++at_;
    const std::string_view name = text_.substr(from, at_ - from);
    if (name.empty())
      return fail("unparsable conditional expression '" + std::string(text_.substr(from)) + "'", from);
    return predicate(name, from);
  }

  bool parenthesis() {
    const std::size_t from = at_++;
    if (++depth_ > kMaxDepth) return fail("conditional expression is nested too deeply", from);
    const bool value = any_of();
    --depth_;
    if (error_) return false;
    if (!take(")"))
      return fail("expected ')' after conditional expression '" + std::string(text_.substr(from)) + "'",
                  from);
    return value;
  }

  bool number() {
    bool nonzero = false;
    if (!is_digit(text_[at_])) ++at_;
    for (; at_ < text_.size() && is_digit(text_[at_]); ++at_) nonzero = nonzero || text_[at_] != '0';
    return nonzero;
  }

  bool predicate(std::string_view name, std::size_t from) {
    struct Known {
      std::string_view name;
      std::size_t arguments;
    };
    static constexpr Known kKnown[] = {
        {"defined", 1},
        {"feature", 1},
        {"streq", 2},
        {"strneq", 2},
        {"strstr", 2},
        {"version_atleast", 1},
        {"version_before", 1},
        {"openssl_version_atleast", 1},
        {"openssl_version_before", 1},
        {"ssllib_name_startswith", 1},
        {"enabled", 1},
        {"awslc_api_atleast", 1},
        {"awslc_api_before", 1},
    };
    const auto* known =
        std::find_if(std::begin(kKnown), std::end(kKnown), [&](const Known& k) { return k.name == name; });
    if (known == std::end(kKnown))
      return fail("unparsable conditional expression '" + std::string(text_.substr(from)) +
                      "': unknown predicate '" + std::string(name) + "'",
                  from);
    Arguments args;
    if (at_ < text_.size() && text_[at_] == '(' && !arguments(name, args)) return false;
    // An argument of one may be left out, then it is empty; two must be two.
    if (args.empty() && known->arguments == 1) args.emplace_back();
    if (args.size() != known->arguments)
      return fail("predicate '" + std::string(name) + "' expects " + std::to_string(known->arguments) +
                      " argument(s), got " + std::to_string(args.size()),
                  from);
    return answer(name, args, from);
  }

  // Quotes and backslashes work once more inside the parentheses (chapter 2.2, second level).
  bool arguments(std::string_view name, Arguments& args) {
    const std::size_t open_at = at_++;
    args.emplace_back();
    char quote = 0;
    for (; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (quote != 0) {
        if (c == quote)
          quote = 0;
        else if (c == '\\' && quote == '"' && at_ + 1 < text_.size())
          unescape(args.back());
        else
          args.back() += c;
      } else if (c == '"' || c == '\'') {
        quote = c;
      } else if (c == '\\' && at_ + 1 < text_.size()) {
        unescape(args.back());
      } else if (c == ',') {
        args.emplace_back();
      } else if (c == ')') {
        ++at_;
        return true;
      } else {
        args.back() += c;
      }
    }
    return fail("expected ')' after the arguments of predicate '" + std::string(name) + "'", open_at);
  }

  void unescape(std::string& out) {
    const char next = text_[++at_];
    switch (next) {
      case 'n':
        out += '\n';
        return;
      case 'r':
        out += '\r';
        return;
      case 't':
        out += '\t';
        return;
      case '\\':
      case '"':
      case '\'':
      case ' ':
        out += next;
        return;
      default:
        out += '\\';
        --at_;
    }
    ++at_;
    out += next;
  }

  bool answer(std::string_view name, const Arguments& args, std::size_t from) {
    const std::string& arg = args.front();
    if (name == "defined") return env_.get(arg).has_value();
    if (name == "feature") return listed(facts_.features, arg);
    if (name == "enabled") return listed(facts_.enabled, arg);
    if (name == "streq") return arg == args[1];
    if (name == "strneq") return arg != args[1];
    if (name == "strstr") return arg.find(args[1]) != std::string::npos;
    if (name == "ssllib_name_startswith") return facts_.ssl_library.starts_with(arg);
    if (name.starts_with("awslc_api_")) return api(name.ends_with("_before"), arg, from);
    const bool openssl = name.starts_with("openssl_");
    if (openssl && facts_.openssl_version.empty()) return false;
    const auto order = compare_versions(openssl ? facts_.openssl_version : facts_.version, arg);
    if (!order) return fail("'" + arg + "' is not a version", from);
    return name.ends_with("_before") ? *order < 0 : *order >= 0;
  }

  bool api(bool before, const std::string& arg, std::size_t from) {
    std::string_view rest(arg);
    const auto n = take_number(rest);
    if (!n || !rest.empty()) return fail("'" + arg + "' is not an API number", from);
    if (facts_.awslc_api == 0) return false;
    return before ? facts_.awslc_api < *n : facts_.awslc_api >= *n;
  }

  bool take(std::string_view token) {
    skip_spaces();
    if (!text_.substr(at_).starts_with(token)) return false;
    at_ += token.size();
    return true;
  }

  void skip_spaces() {
    while (at_ < text_.size() && is_space(text_[at_])) ++at_;
  }

  bool fail(std::string message, std::size_t at) {
    if (!error_) error_ = ConditionError{std::move(message), at};
    return false;
  }

  std::string_view text_;
  const Environment& env_;
  const Facts& facts_;
  std::size_t at_ = 0;
  int depth_ = 0;
  std::optional<ConditionError> error_;
};

}  // namespace

std::optional<int> compare_versions(std::string_view a, std::string_view b) {
  const auto left = parse_version(a);
  const auto right = parse_version(b);
  if (!left || !right) return std::nullopt;
  if (left->parts < right->parts) return -1;
  return left->parts == right->parts ? 0 : 1;
}

ConditionResult evaluate_condition(std::string_view expression, const Environment& env, const Facts& facts) {
  return Evaluator(expression, env, facts).run();
}

}  // namespace evenkeel::conf
