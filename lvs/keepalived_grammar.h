// The grammar of keepalived.conf(5), as far as an importer needs it: words, blocks, `$MACRO=value`.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace evenkeel::lvs {

// A line of words, and the block of such lines behind it where it ends in '{'.
struct KeepalivedNode {
  unsigned line = 0;
  std::vector<std::string> words;
  std::vector<KeepalivedNode> children;

  [[nodiscard]] std::string_view word(std::size_t n) const {
    return n < words.size() ? std::string_view(words[n]) : std::string_view();
  }
  [[nodiscard]] const KeepalivedNode* child(std::string_view name) const {
    for (const KeepalivedNode& node : children)
      if (node.word(0) == name) return &node;
    return nullptr;
  }
  [[nodiscard]] std::string_view value(std::string_view name) const {
    const KeepalivedNode* const node = child(name);
    return node == nullptr ? std::string_view() : node->word(1);
  }
};

// Blocks that are nested deeper than any of keepalived's are read as if they ended. `$NAME=value` lines of
// one line are replaced where they are used; unknown names stay as they are written.
std::vector<KeepalivedNode> parse_keepalived(std::string_view text);

}  // namespace evenkeel::lvs
