// VRRP's advertisements as they are on the wire, and what they say about who has an address
// (RFC 3768 section 5, RFC 5798 section 5).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "stats/role_board.h"

namespace evenkeel::vrrp {

struct Advert {
  int router = 0;    // virtual router, 1..255
  int priority = 0;  // 0: the sender gives the addresses up
  std::int64_t interval_ms = 0;
  std::string source;                  // address of the sender
  std::vector<std::string> addresses;  // that the sender has
};

// packet: from the IP header on, IPv4 or IPv6. nullopt: not an advertisement, or one that comes through a
// router (TTL other than 255). Neither the password nor the checksum is looked at: what keepalived
// refuses is what has to be seen here.
std::optional<Advert> parse_advert(std::span<const std::uint8_t> packet);

// Who says on which interface that it is the master.
class Sightings {
 public:
  using Have = std::function<bool(const std::string& address)>;  // does this machine have it?
  struct News {
    bool warning = false;
    std::string text;
  };

  // Each returns what is worth a line in the log. now_ms: monotonic; wall_s: wall clock.
  std::vector<News> apply(const std::string& interface, const Advert& advert, const Have& have,
                          std::int64_t now_ms, std::int64_t wall_s);
  // Time has passed.
  std::vector<News> tick(const Have& have, std::int64_t now_ms);
  [[nodiscard]] std::vector<stats::VrrpSighting> all() const;

 private:
  struct Master {
    stats::VrrpSighting shown;
    Advert last;
    std::int64_t last_ms = 0;
    std::int64_t held_ms = 0;  // when this machine last had its address
    int together = 0;          // advertisements in a row of an address that this machine had
    bool nobody = false;       // has been said
  };
  std::vector<Master> masters_;
};

}  // namespace evenkeel::vrrp
