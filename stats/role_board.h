// Who is the VRRP master, as keepalived has told this process: for the statistics page and `show vrrp`.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

namespace evenkeel::stats {

struct VrrpRole {
  std::string name;          // of the instance or sync group
  bool group = false;        // a sync group, not an instance
  std::string state;         // MASTER, BACKUP, FAULT, STOP
  int priority = 0;          // effective, as last told
  std::int64_t since_s = 0;  // wall clock of the last change of state
  std::int64_t rival_s = 0;  // wall clock of the last advert of another, lesser master; 0: none
};

// A machine other than this one that has said on the network that it is the master.
struct VrrpSighting {
  std::string interface;
  int router = 0;  // virtual router, 1..255
  std::string source;
  int priority = 0;
  std::int64_t last_s = 0;          // wall clock of its last advertisement
  std::string shared;               // address that this machine has at the same time; empty: none
  std::int64_t shared_since_s = 0;  // wall clock
  bool nobody = false;              // it is silent, and no other has its addresses
};

// Of the process, because the page, the socket and the thread that listens to keepalived share nothing else.
class RoleBoard {
 public:
  void show(std::vector<VrrpRole> roles, std::string weight);
  void show_sightings(std::vector<VrrpSighting> sightings);
  // Any thread.
  [[nodiscard]] std::vector<VrrpRole> roles() const;
  [[nodiscard]] std::vector<VrrpSighting> sightings() const;
  // What the track file says, in words; empty: there is none.
  [[nodiscard]] std::string weight() const;

 private:
  mutable std::mutex mutex_;
  std::vector<VrrpRole> roles_;
  std::string weight_;
  std::vector<VrrpSighting> sightings_;
};

RoleBoard& role_board() noexcept;

// "from 192.168.4.5 on eth0, virtual router 51, priority 100", and what is wrong with it.
std::string sighting_words(const VrrpSighting& sighting);

// "2026-11-21 04:40:00", UTC.
std::string role_time(std::int64_t wall_s);

}  // namespace evenkeel::stats
