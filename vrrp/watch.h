// Listens to VRRP on the interfaces of `vrrp watch`, beside keepalived and in front of the packet filter.
#pragma once

#include <string>
#include <vector>

#include "vrrp/advert.h"

namespace evenkeel::vrrp {

// Packet sockets, because a firewall that drops VRRP, which makes both machines MASTER, drops it behind them.
// Of one thread, except open().
class Watch {
 public:
  Watch() = default;
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;
  ~Watch();

  // Needs CAP_NET_RAW. False: `error` says why.
  bool open(const std::vector<std::string>& interfaces, std::string& error);
  [[nodiscard]] std::vector<int> sockets() const;
  // Reads what has come and looks at the clock. True: what is shown has changed.
  bool look();
  [[nodiscard]] std::vector<stats::VrrpSighting> all() const { return sightings_.all(); }

 private:
  struct Ear {
    std::string interface;
    int fd = -1;
    int family = 0;  // AF_INET or AF_INET6
    unsigned index = 0;
  };
  static bool attach(Ear& ear);
  bool read(const Ear& ear);

  std::vector<Ear> ears_;
  Sightings sightings_;
};

}  // namespace evenkeel::vrrp
