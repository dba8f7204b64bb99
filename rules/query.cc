#include "rules/query.h"

#include <algorithm>

namespace evenkeel::rules {

bool QueryReader::next(std::string_view& name, std::string_view& value, bool& has_value) noexcept {
  while (!rest_.empty()) {
    const std::string_view pair = rest_.substr(0, rest_.find(separator_));
    rest_.remove_prefix(std::min(pair.size() + 1, rest_.size()));
    if (pair.empty()) continue;
    name = pair.substr(0, pair.find('='));
    has_value = name.size() < pair.size();
    value = has_value ? pair.substr(name.size() + 1) : std::string_view();
    return true;
  }
  return false;
}

}  // namespace evenkeel::rules
