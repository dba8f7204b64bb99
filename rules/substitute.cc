#include "rules/substitute.h"

namespace evenkeel::rules {

void expand(std::string_view replacement, std::span<const std::string_view> groups, std::string& out) {
  for (std::size_t i = 0; i < replacement.size(); ++i) {
    const char c = replacement[i];
    if (c != '\\' || i + 1 == replacement.size()) {
      out += c;
      continue;
    }
    const char next = replacement[++i];
    if (next >= '0' && next <= '9') {
      const auto group = static_cast<std::size_t>(next - '0');
      if (group < groups.size()) out += groups[group];
    } else {
      out += next;
    }
  }
}

bool substitute(const Regex& regex, std::string_view text, std::string_view replacement, bool global,
                Scratch& scratch, std::string_view& out) {
  std::string_view groups[10];
  std::string result;
  std::string_view rest = text;
  bool replaced = false;
  while (true) {
    const std::size_t found = regex.match(rest, groups);
    if (found == 0) break;
    replaced = true;
    const auto at = static_cast<std::size_t>(groups[0].data() - rest.data());
    result += rest.substr(0, at);
    expand(replacement, std::span(groups).first(found), result);
    std::size_t past = at + groups[0].size();
    // After an empty match one byte must pass, or the search would stand still.
    if (groups[0].empty() && past < rest.size()) result += rest[past++];
    // An empty match at the very end is the last one; so is anything that ends there without being empty.
    const bool last = groups[0].empty() ? at == rest.size() : past == rest.size();
    rest.remove_prefix(std::min(past, rest.size()));
    if (!global || last || result.size() > Scratch::kLimit) break;
  }
  if (!replaced) {
    out = text;
    return true;
  }
  result += rest;
  out = scratch.copy(result);
  return result.empty() || !out.empty();
}

}  // namespace evenkeel::rules
