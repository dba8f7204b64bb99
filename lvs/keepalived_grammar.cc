#include "lvs/keepalived_grammar.h"

#include <algorithm>
#include <cctype>
#include <map>

namespace evenkeel::lvs {
namespace {

bool is_name(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

class Grammar {
 public:
  explicit Grammar(std::string_view text) : text_(text) {}

  std::vector<KeepalivedNode> block(unsigned depth = 0) {
    constexpr unsigned kDeepest = 32;
    std::vector<KeepalivedNode> nodes;
    if (depth > kDeepest) return nodes;
    while (at_ < text_.size()) {
      KeepalivedNode node;
      bool opened = false;
      bool closed = false;
      line_of_words(node, opened, closed);
      if (!node.words.empty()) {
        if (opened) node.children = block(depth + 1);
        nodes.push_back(std::move(node));
      } else if (opened && !nodes.empty()) {
        nodes.back().children = block(depth + 1);  // the brace stands alone on its line
      }
      if (closed) break;
    }
    return nodes;
  }

 private:
  void line_of_words(KeepalivedNode& node, bool& opened, bool& closed) {
    node.line = line_;
    while (at_ < text_.size() && !opened && !closed) {
      const char c = text_[at_];
      if (c == '\n') {
        ++at_;
        ++line_;
        return;
      }
      if (c == '#' || c == '!') {
        at_ = std::min(text_.find('\n', at_), text_.size());
      } else if (c == '{' || c == '}') {
        ++at_;
        (c == '{' ? opened : closed) = true;
      } else if (c == ' ' || c == '\t' || c == '\r') {
        ++at_;
      } else {
        node.words.push_back(word());
      }
    }
  }

  std::string word() {
    if (text_[at_] == '"') {
      const std::size_t end = std::min(text_.find('"', at_ + 1), text_.size());
      std::string quoted(text_.substr(at_ + 1, end - at_ - 1));
      line_ += static_cast<unsigned>(std::count(quoted.begin(), quoted.end(), '\n'));
      at_ = std::min(end + 1, text_.size());
      return quoted;
    }
    const std::size_t end = std::min(text_.find_first_of(" \t\r\n{}", at_), text_.size());
    std::string plain(text_.substr(at_, end - at_));
    at_ = end;
    return plain;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  unsigned line_ = 1;
};

using Macros = std::map<std::string, std::string, std::less<>>;

std::string_view trim(std::string_view text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.front())) != 0) text.remove_prefix(1);
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back())) != 0) text.remove_suffix(1);
  return text;
}

// `$NAME=value`: remembered, and true.
bool define(std::string_view line, Macros& macros) {
  line = trim(line);
  if (!line.starts_with('$')) return false;
  const std::size_t end =
      static_cast<std::size_t>(std::find_if_not(line.begin() + 1, line.end(), is_name) - line.begin());
  const std::string_view rest = trim(line.substr(end));
  if (end == 1 || !rest.starts_with('=')) return false;
  macros[std::string(line.substr(1, end - 1))] = trim(rest.substr(1));
  return true;
}

std::string expand(std::string_view line, const Macros& macros) {
  std::string text;
  for (std::size_t at = 0; at < line.size();) {
    const bool braces = line.substr(at, 2) == "${";
    const std::size_t from = at + (braces ? 2 : 1);
    std::size_t end = from;
    while (line[at] == '$' && end < line.size() && is_name(line[end])) ++end;
    const bool whole = !braces || (end < line.size() && line[end] == '}');
    const auto found =
        line[at] == '$' && end > from && whole ? macros.find(line.substr(from, end - from)) : macros.end();
    if (found == macros.end()) {
      text += line[at++];
    } else {
      text += found->second;
      at = end + (braces ? 1 : 0);
    }
  }
  return text;
}

// Line by line, so that the numbers of the lines stay.
std::string without_macros(std::string_view text) {
  Macros macros;
  std::string result;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(text.size(), end + 1));
    if (!define(line, macros)) result += macros.empty() ? std::string(line) : expand(line, macros);
    result += '\n';
  }
  return result;
}

}  // namespace

std::vector<KeepalivedNode> parse_keepalived(std::string_view text) {
  const std::string plain =
      text.find('$') == std::string_view::npos ? std::string(text) : without_macros(text);
  return Grammar(plain).block();
}

}  // namespace evenkeel::lvs
