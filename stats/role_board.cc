#include "stats/role_board.h"

#include <array>
#include <ctime>
#include <utility>

namespace evenkeel::stats {

void RoleBoard::show(std::vector<VrrpRole> roles, std::string weight) {
  const std::lock_guard lock(mutex_);
  roles_ = std::move(roles);
  weight_ = std::move(weight);
}

std::vector<VrrpRole> RoleBoard::roles() const {
  const std::lock_guard lock(mutex_);
  return roles_;
}

std::string RoleBoard::weight() const {
  const std::lock_guard lock(mutex_);
  return weight_;
}

RoleBoard& role_board() noexcept {
  static RoleBoard board;
  return board;
}

std::string role_time(std::int64_t wall_s) {
  const std::time_t time = wall_s;
  std::tm parts{};
  gmtime_r(&time, &parts);
  std::array<char, 32> text{};
  return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S", &parts)};
}

}  // namespace evenkeel::stats
