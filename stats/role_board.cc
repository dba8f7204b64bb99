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

void RoleBoard::show_sightings(std::vector<VrrpSighting> sightings) {
  const std::lock_guard lock(mutex_);
  sightings_ = std::move(sightings);
}

std::vector<VrrpSighting> RoleBoard::sightings() const {
  const std::lock_guard lock(mutex_);
  return sightings_;
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

std::string sighting_words(const VrrpSighting& sighting) {
  std::string words = "from " + sighting.source + " on " + sighting.interface + ", virtual router " +
                      std::to_string(sighting.router) + ", priority " + std::to_string(sighting.priority) +
                      ", last " + role_time(sighting.last_s);
  if (!sighting.shared.empty())
    words += ", TWO MACHINES HAVE " + sighting.shared + " since " + role_time(sighting.shared_since_s);
  if (sighting.nobody) words += ", silent, AND NOBODY HAS ITS ADDRESS";
  return words;
}

std::string role_time(std::int64_t wall_s) {
  const std::time_t time = wall_s;
  std::tm parts{};
  gmtime_r(&time, &parts);
  std::array<char, 32> text{};
  return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S", &parts)};
}

}  // namespace evenkeel::stats
