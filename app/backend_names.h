// Backends by the names that configurations use, and how proxies are called in messages.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "app/proxy_section.h"
#include "conf/nearest.h"

namespace evenkeel::app {

// "frontend 'www'", "proxy 'stats'"
inline std::string called(const ProxySection& section) {
  return std::string(section.proxy.kind_word()) + " '" + section.written_name + "'";
}

// Of several backends with one name, the first.
class BackendNames {
 public:
  explicit BackendNames(ProxySections& proxies) {
    for (ProxySection& section : proxies)
      if (section.proxy.has_backend()) by_name_.try_emplace(section.written_name, &section);
  }
  // Null: there is none.
  [[nodiscard]] ProxySection* find(const std::string& name) const {
    const auto found = by_name_.find(name);
    return found == by_name_.end() ? nullptr : found->second;
  }
  [[nodiscard]] std::string_view nearest(std::string_view name) const {
    std::vector<std::string_view> names;
    for (const auto& entry : by_name_) names.push_back(entry.first);
    return conf::nearest(name, names);
  }

 private:
  std::unordered_map<std::string, ProxySection*> by_name_;
};

}  // namespace evenkeel::app
