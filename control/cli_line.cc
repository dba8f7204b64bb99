#include "control/cli_line.h"

namespace evenkeel::control {
namespace {

bool is_blank(char c) noexcept { return c == ' ' || c == '\t'; }

}  // namespace

std::vector<std::string_view> split_commands(std::string_view line) {
  std::vector<std::string_view> commands;
  std::size_t begin = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '\\') {
      ++i;
    } else if (line[i] == ';') {
      commands.push_back(line.substr(begin, i - begin));
      begin = i + 1;
    }
  }
  commands.push_back(line.substr(begin));
  return commands;
}

Words split_words(std::string_view command) {
  Words words;
  bool inside = false;
  for (std::size_t i = 0; i < command.size(); ++i) {
    char c = command[i];
    if (is_blank(c)) {
      inside = false;
      continue;
    }
    if (!inside) {
      if (words.size() == kMaxWords) break;
      words.emplace_back();
      inside = true;
    }
    if (c == '\\' && i + 1 < command.size()) c = command[++i];
    words.back() += c;
  }
  return words;
}

bool take_payload_mark(std::string_view& line) noexcept {
  std::string_view rest = line;
  while (!rest.empty() && is_blank(rest.back())) rest.remove_suffix(1);
  if (!rest.ends_with("<<") || (rest.size() > 2 && !is_blank(rest[rest.size() - 3]))) return false;
  rest.remove_suffix(2);
  line = rest;
  return true;
}

}  // namespace evenkeel::control
