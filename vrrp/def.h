// What `vrrp ...` of the `global` section wants.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace evenkeel::vrrp {

// That many servers of the backend must be able to take traffic.
struct Quorum {
  std::string backend;
  std::uint32_t servers = 1;
};

// The malus that is no malus: keepalived takes less than -253 for FAULT (keepalived.conf(5), "track_file").
constexpr int kFault = -254;

struct Def {
  std::string track_file;          // empty: none
  int weight = 0;                  // kFault..253, not 0
  std::vector<Quorum> quorum;      // empty: some server of any backend
  std::string notify_fifo;         // empty: none
  std::vector<std::string> watch;  // interfaces
  [[nodiscard]] bool empty() const noexcept {
    return track_file.empty() && notify_fifo.empty() && watch.empty();
  }
};

}  // namespace evenkeel::vrrp
