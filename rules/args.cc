#include "rules/args.h"

#include "rules/sample.h"

namespace evenkeel::rules {
namespace {

// Reads a quoted part; `at` is on the opening quote and ends after the closing one. False: it never closes.
bool take_quoted(std::string_view text, std::size_t& at, std::string& out) {
  const char quote = text[at++];
  while (at < text.size() && text[at] != quote) {
    if (quote == '"' && text[at] == '\\' && at + 1 < text.size()) ++at;
    out += text[at++];
  }
  if (at == text.size()) return false;
  ++at;
  return true;
}

}  // namespace

Result<std::vector<std::string>, std::string> split_args(std::string_view text, std::size_t& used) {
  std::vector<std::string> result;
  std::string current;
  bool any = false;
  int depth = 0;
  std::size_t at = 0;
  while (at < text.size()) {
    const char c = text[at];
    if (c == '\'' || c == '"') {
      any = true;
      if (!take_quoted(text, at, current)) return std::string("a quote in the arguments is never closed");
      continue;
    }
    if (c == ')' && depth == 0) {
      if (any || !current.empty() || !result.empty()) result.push_back(std::move(current));
      used = at + 1;
      return result;
    }
    if (c == ',' && depth == 0) {
      result.push_back(std::move(current));
      current.clear();
      ++at;
      continue;
    }
    if (c == '(') ++depth;
    if (c == ')') --depth;
    if (c == '\\' && at + 1 < text.size() &&
        std::string_view(",()\\'\" ").find(text[at + 1]) != std::string_view::npos) {
      ++at;
    }
    current += text[at++];
  }
  return std::string("missing ')' after the arguments");
}

Result<Args, std::string> type_args(std::vector<std::string> texts, std::string_view signature) {
  Args args;
  bool optional = false;
  char letter = 0;
  std::size_t next = 0;
  for (std::string& text : texts) {
    while (next < signature.size() && signature[next] == '[') {
      optional = true;
      ++next;
    }
    if (next == signature.size()) {
      return "at most " + std::to_string(args.size()) + " argument(s) are taken, '" + text + "' is too many";
    }
    if (signature[next] != '*') letter = signature[next++];
    Arg arg;
    arg.text = std::move(text);
    if (letter == 'i' && !(optional && arg.text.empty()) && !parse_int(arg.text, arg.number)) {
      return "argument " + std::to_string(args.size() + 1) + " must be an integer, not '" + arg.text + "'";
    }
    args.list.push_back(std::move(arg));
  }
  if (next < signature.size() && !optional && signature[next] != '[' && signature[next] != '*') {
    return "missing argument " + std::to_string(args.size() + 1);
  }
  return args;
}

}  // namespace evenkeel::rules
