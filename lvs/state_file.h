// What the next process has to know of this one: which services are ours, and how the kernel was set before.
#pragma once

#include <sys/types.h>

#include <map>
#include <set>
#include <string>
#include <string_view>

#include "lvs/table.h"

namespace evenkeel::lvs {

struct State {
  pid_t owner = 0;
  std::set<ServiceKey> services;
  // Name -> value before we came: of net.ipv4.vs by their last word, of interfaces by their whole name, which
  // begins with "net.".
  std::map<std::string, std::string> sysctls;
  std::map<std::string, std::string> interfaces;
};
std::string format_state(const State& state);
State parse_state(std::string_view text);  // skips what it does not understand

// Stays open, so that it can be written after the right to open it has gone. One per network namespace,
// because the table is.
class StateFile {
 public:
  StateFile() = default;
  StateFile(const StateFile&) = delete;
  StateFile& operator=(const StateFile&) = delete;
  ~StateFile();

  static std::string default_path();
  // False with `why`; then reading yields nothing and writing does nothing.
  bool open(const std::string& path, std::string& why);
  [[nodiscard]] State read() const;
  void write(const State& state) const;

 private:
  int fd_ = -1;
};

}  // namespace evenkeel::lvs
