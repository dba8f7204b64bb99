// `hash-type consistent`: servers stand at many points of a ring; the point nearest to the hash wins.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "balance/balance_def.h"
#include "balance/schedule.h"

namespace evenkeel::balance {

// Configuration manual 4.2, "hash-type". Each sixteenth of weight unit is one point, at avalanche(ring_seed +
// number): a server that comes or goes moves only what is its own, and points equal those observed of
// HAProxy 2.6.
class HashRing {
 public:
  // all: the members that may become candidates; previous may be nullptr.
  HashRing(std::vector<Member*> candidates, const std::vector<Member*>& all, const HashRing* previous);

  // The server nearest to the hash; walks on past those to be avoided, overloaded (balance_factor: percent of
  // the average load, 0 for off) or that `preserve` gives up on. If that leaves nobody, the nearest that is
  // not to be avoided, then the nearest. nullptr when nobody is usable.
  [[nodiscard]] Member* find(std::uint32_t hash, PreserveAffinity preserve, std::uint32_t balance_factor,
                             std::span<Member* const> avoid) const noexcept;

  Turns turns;  // for requests without a key

 private:
  struct Point {
    std::uint32_t at;
    std::uint32_t member;
  };
  // Every point that any server may have, sorted. Kept from ring to ring, so that a server that comes, goes
  // or changes its weight costs a pass over the points instead of another sort.
  struct Plan {
    struct Owner {
      const Member* member;
      std::uint32_t seed;
      std::uint32_t points;
    };
    struct PlannedPoint {
      std::uint32_t at;
      std::uint32_t owner;
      std::uint32_t number;
    };
    std::vector<Owner> owners;
    std::vector<PlannedPoint> points;
  };
  static std::shared_ptr<const Plan> plan_for(const std::vector<Member*>& all, const HashRing* previous);
  [[nodiscard]] std::size_t nearest(std::uint32_t hash) const noexcept;

  std::shared_ptr<const Plan> plan_;
  std::vector<Point> points_;
};

// Sessions that these servers may hold in all so that a further one keeps the bound of `hash-balance-factor`.
class LoadBound {
 public:
  LoadBound(std::span<Member* const> members, std::uint32_t balance_factor) noexcept;
  // True when one more session keeps the server within its share, by weight, of factor times the average.
  [[nodiscard]] bool allows(const Member& member) const noexcept;

 private:
  std::uint64_t slots_ = 0;  // 0: no bound
  std::uint64_t total_weight_ = 0;
};

}  // namespace evenkeel::balance
