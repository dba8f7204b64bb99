// The environment that a configuration expands and changes, apart from the process's own.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace evenkeel::conf {

// setenv and its relatives in the global section act on this value while files are being read; whoever starts
// child processes passes it on. ::setenv is never called: it is not safe once there are threads.
class Environment {
 public:
  Environment() = default;
  // environ: a null-terminated array of "NAME=value", or null for none.
  static Environment from_process(char** environ);

  [[nodiscard]] std::optional<std::string_view> get(std::string_view name) const;
  void set(std::string name, std::string value);
  void unset(std::string_view name);
  // Keeps only the names for which keep(name) says so.
  template <class Keep>
  void retain(Keep keep) {
    std::erase_if(vars_, [&](const auto& entry) { return !keep(entry.first); });
  }
  [[nodiscard]] const std::map<std::string, std::string, std::less<>>& all() const noexcept { return vars_; }

 private:
  std::map<std::string, std::string, std::less<>> vars_;
};

}  // namespace evenkeel::conf
