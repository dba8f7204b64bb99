#include "app/old_rules.h"

#include <algorithm>
#include <cctype>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace evenkeel::app {
namespace {

using Words = std::vector<std::string>;
using Slot = rules::RuleDraft::Slot;

// "reqirep" is of the request, about "rep", and ignores case.
struct OldWord {
  bool response = false;
  bool ignore_case = false;
  std::string_view verb;
};

constexpr std::string_view kVerbs[] = {"add", "rep", "del", "deny", "allow", "pass", "tarpit", "setbe"};
constexpr std::string_view kBothSides[] = {"add", "rep", "del", "deny"};

template <std::size_t N>
bool is_one_of(std::string_view word, const std::string_view (&list)[N]) noexcept {
  return std::find(std::begin(list), std::end(list), word) != std::end(list);
}

std::optional<OldWord> take_apart(std::string_view keyword) noexcept {
  if (!keyword.starts_with("req") && !keyword.starts_with("rsp")) return std::nullopt;
  OldWord word;
  word.response = keyword.starts_with("rsp");
  word.verb = keyword.substr(3);
  if (word.verb.starts_with('i')) {
    word.ignore_case = true;
    word.verb.remove_prefix(1);
  }
  const bool known = word.response ? is_one_of(word.verb, kBothSides) : is_one_of(word.verb, kVerbs);
  if (!known || (word.ignore_case && word.verb == "add")) return std::nullopt;
  return word;
}

// Literal text in a log format.
std::string doubled_percent(std::string_view text) {
  std::string out;
  for (const char c : text) out.append(c == '%' ? 2 : 1, c);
  return out;
}

// Takes any one of these from the front of a regular expression.
bool take(std::string_view& text, std::span<const std::string_view> any) noexcept {
  for (const std::string_view one : any) {
    if (!text.starts_with(one)) continue;
    text.remove_prefix(one.size());
    return true;
  }
  return false;
}

bool take(std::string_view& text, std::initializer_list<std::string_view> any) noexcept {
  return take(text, std::span(any.begin(), any.size()));
}

// "^Name:" at the front of an expression; empty: it does not begin so.
std::string_view take_name(std::string_view& regex) noexcept {
  if (!regex.starts_with('^')) return {};
  std::size_t end = 1;
  while (end < regex.size() && (std::isalnum(static_cast<unsigned char>(regex[end])) != 0 ||
                                regex[end] == '-' || regex[end] == '_'))
    ++end;
  const std::string_view name = regex.substr(1, end - 1);
  if (!name.empty()) regex.remove_prefix(end);
  return name;
}

constexpr std::string_view kBlanks[] = {"[[:space:]]*", "[[:blank:]]*", "[ \\t]*", "[ \t]*", "[ ]*",
                                        "[ ]+",         "\\s*",         "\\s+",    " *",     " +",
                                        " ?",           "\\ ",          " "};

// A '|' outside of all parentheses and brackets: anchors at the ends then bind to a part only.
bool has_top_level_choice(std::string_view regex) noexcept {
  int depth = 0;
  bool in_class = false;
  for (std::size_t i = 0; i < regex.size(); ++i) {
    const char c = regex[i];
    if (c == '\\') {
      ++i;
    } else if (in_class) {
      in_class = c != ']';
    } else if (c == '[') {
      in_class = true;
    } else if (c == '(') {
      ++depth;
    } else if (c == ')') {
      --depth;
    } else if (c == '|' && depth == 0) {
      return true;
    }
  }
  return false;
}

int count_groups(std::string_view regex) noexcept {
  int groups = 0;
  bool in_class = false;
  for (std::size_t i = 0; i < regex.size(); ++i) {
    if (regex[i] == '\\') {
      ++i;
    } else if (in_class) {
      in_class = regex[i] != ']';
    } else if (regex[i] == '[') {
      in_class = true;
    } else if (regex[i] == '(' && !regex.substr(i).starts_with("(?")) {
      ++groups;
    }
  }
  return groups;
}

std::string flagged(bool ignore_case, std::string_view regex) {
  return (ignore_case ? "(?i)" : "") + std::string(regex);
}

const char* rule_word(const OldWord& word) noexcept {
  return word.response ? "http-response" : "http-request";
}

// reqadd "X-Proto: https" -> http-request add-header X-Proto https
std::optional<Words> addition(const OldWord& word, std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0) return std::nullopt;
  const std::size_t value = std::min(text.find_first_not_of(" \t", colon + 1), text.size());
  return Words{rule_word(word), "add-header", std::string(text.substr(0, colon)),
               doubled_percent(text.substr(value))};
}

// rspidel ^Server:.* -> http-response del-header Server, as long as the expression is no more than a name.
std::optional<Words> removal(const OldWord& word, std::string_view regex) {
  const std::string name(take_name(regex));
  if (name.empty()) return std::nullopt;
  if (regex.empty() || regex == ".*") return Words{rule_word(word), "del-header", name, "-m", "beg"};
  if (!take(regex, {":"})) return std::nullopt;
  take(regex, kBlanks);
  take(regex, {".*", "(.*)"});
  take(regex, {"$"});
  if (!regex.empty()) return std::nullopt;
  return Words{rule_word(word), "del-header", name};
}

// rspirep "^Location: http://(.*)" "Location: https://\1"
//   -> http-response replace-header Location (?i)^http://(.*) https://\1
std::optional<Words> header_replacement(const OldWord& word, std::string_view regex, std::string_view text) {
  if (has_top_level_choice(regex)) return std::nullopt;
  const std::string name(take_name(regex));
  if (name.empty() || !take(regex, {":"})) return std::nullopt;
  const bool blanks = take(regex, kBlanks);
  if (!blanks && !regex.empty() && regex != ".*" && regex != ".*$") return std::nullopt;
  const std::size_t colon = text.find(':');
  if (colon != name.size()) return std::nullopt;
  const bool same = std::equal(name.begin(), name.end(), text.begin(), [](unsigned char a, unsigned char b) {
    return std::tolower(a) == std::tolower(b);
  });
  if (!same) return std::nullopt;
  text.remove_prefix(colon + 1);
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  // \0 was the whole line.
  if (text.empty() || text.find("\\0") != std::string_view::npos) return std::nullopt;
  const std::string pattern = regex.empty() ? ".*" : flagged(word.ignore_case, "^" + std::string(regex));
  return Words{rule_word(word), "replace-header", name, pattern, doubled_percent(text)};
}

// \2 becomes \1 where the first group is not there any more; nothing: \0 or \1 are referred to.
std::optional<std::string> renumbered(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    out += text[i];
    if (text[i] != '\\' || i + 1 == text.size()) continue;
    const char c = text[++i];
    if (c == '0' || c == '1') return std::nullopt;
    out += c >= '2' && c <= '9' ? static_cast<char>(c - 1) : c;
  }
  return out;
}

// reqrep "^([^ ]*) /static/(.*)" "\1 /\2" -> http-request replace-uri ^/static/(.*) /\1
//
// The last group took the version along, or text and expression both end with " <version>": either way the
// target is all that changes.
std::optional<Words> target_replacement(const OldWord& word, std::string_view regex, std::string_view text) {
  if (word.response || has_top_level_choice(regex) || !text.starts_with("\\1 ")) return std::nullopt;
  const int groups = count_groups(regex);
  if (!take(regex,
            {"^([^ ]*) ", "^([^ :]*) ", "^([^ ]+) ", "^([^ :]+) ", "^([A-Z]*) ", "^([A-Z]+) ", "^([^\\ :]*) ",
             "^([^\\ ]*) ", "^([^ ]*)\\ ", "^([^\\ :]*)\\ ", "^([^\\ ]*)\\ ", "^([^ :]*)\\ "}))
    return std::nullopt;
  text.remove_prefix(3);
  const std::string last = "\\" + std::to_string(groups);
  std::string tail;
  const std::size_t blank = regex.rfind(' ');
  if (blank != std::string_view::npos) {
    const std::string_view version = regex.substr(blank + 1);
    const bool whole = version == "(.*)" || version == "(.*)$" || version.starts_with("(HTTP/");
    const bool number = version.starts_with("HTTP/(.*)");
    const std::string ending = number ? " HTTP/" + last : " " + last;
    if (!(whole || number) || !text.ends_with(ending)) return std::nullopt;
    std::size_t end = blank;
    if (end > 0 && regex[end - 1] == '\\') --end;
    regex = regex.substr(0, end);
    text.remove_suffix(ending.size());
    tail = "$";
  } else if (!(regex.ends_with("(.*)") || regex.ends_with("(.*)$")) || !text.ends_with(last)) {
    return std::nullopt;
  }
  if (regex.find(' ') != std::string_view::npos || text.find(' ') != std::string_view::npos)
    return std::nullopt;
  // The version stood at the end, and once only.
  if (tail.empty() && text.substr(0, text.size() - last.size()).find(last) != std::string_view::npos)
    return std::nullopt;
  const auto target = renumbered(text);
  if (!target || target->empty()) return std::nullopt;
  return Words{"http-request", "replace-uri", flagged(word.ignore_case, "^" + std::string(regex) + tail),
               doubled_percent(*target)};
}

Words on_lines(const OldWord& word, std::string action, const std::string& regex) {
  Words words{rule_word(word), std::move(action)};
  if (word.ignore_case) words.emplace_back("-i");
  words.push_back(regex);
  return words;
}

Words replacement(const OldWord& word, const std::string& regex, const std::string& text) {
  if (auto words = header_replacement(word, regex, text)) return std::move(*words);
  if (auto words = target_replacement(word, regex, text)) return std::move(*words);
  Words words = on_lines(word, "replace-lines", regex);
  words.push_back(text);
  return words;
}

Words backend_choice(const OldWord& word, const std::string& regex, const std::string& backend) {
  Words words{"use_backend", backend, "if", "{", "req.lines", "-m", "reg"};
  if (word.ignore_case) words.emplace_back("-i");
  words.push_back(regex);
  words.emplace_back("}");
  return words;
}

// Nothing: the arguments are wrong, `expected` says what they should be.
std::optional<Words> translate(const OldWord& word, const conf::Statement& statement, std::string& expected) {
  const std::string& first = statement.words[1].text;
  if (word.verb == "add") {
    expected = "a header of the form 'Name:\\ value'";
    return addition(word, first);
  }
  if (word.verb == "rep" || word.verb == "setbe") {
    expected = word.verb == "rep" ? "a regular expression and the text of the new line"
                                  : "a regular expression and a backend";
    if (statement.words.size() < 3) return std::nullopt;
    const std::string& second = statement.words[2].text;
    return word.verb == "rep" ? replacement(word, first, second) : backend_choice(word, first, second);
  }
  if (word.verb == "del") {
    if (auto words = removal(word, first)) return words;
  }
  return on_lines(word, std::string(word.verb) + "-lines", first);
}

}  // namespace

bool is_old_rule(std::string_view keyword) noexcept {
  return keyword == "appsession" || take_apart(keyword).has_value();
}

Slot slot_of_old_rule(std::string_view keyword) noexcept {
  if (keyword == "block" || keyword == "monitor-net") return Slot::first;
  const auto word = take_apart(keyword);
  if (!word || word->response || word->verb == "setbe") return Slot::own;
  return word->verb == "add" ? Slot::additions : Slot::lines;
}

Dialect old_rule(conf::Statement& statement, conf::Diagnostics& diagnostics) {
  const std::string old = statement.words.front().text;
  const auto word = take_apart(old);
  if (!word) {
    diagnostics.error(statement.location(),
                      "'" + old +
                          "' was removed in HAProxy 1.6 and has no successor of the same meaning; "
                          "'cookie' with 'insert' or 'prefix' keeps a client with its server");
    return Dialect::dropped;
  }
  std::string expected = "a regular expression";
  std::optional<Words> today;
  if (statement.words.size() >= 2) today = translate(*word, statement, expected);
  if (!today) {
    diagnostics.error(statement.location(), "'" + old + "' expects " + expected);
    return Dialect::dropped;
  }
  const std::size_t taken = word->verb == "rep" || word->verb == "setbe" ? 3 : 2;
  if (word->verb == "setbe" && statement.words.size() > taken) {
    diagnostics.error(statement.at(taken), "'" + old + "' takes no condition");
    return Dialect::dropped;
  }
  replace_words(statement, taken, *today);
  tell_rewritten(statement, old, diagnostics);
  return Dialect::rewritten;
}

}  // namespace evenkeel::app
