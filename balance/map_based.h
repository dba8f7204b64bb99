// `hash-type map-based`: a table of the usable servers, one entry per unit of weight.
#pragma once

#include "balance/balance_def.h"
#include "balance/schedule.h"

namespace evenkeel::balance {

// Configuration manual 4.2, "hash-type". The table is the order of static-rr.
class HashMap {
 public:
  HashMap(std::vector<Member*> members, const HashMap* previous)
      : turns(std::move(members), map_order, previous == nullptr ? nullptr : &previous->turns) {}

  // The server that the hash names. Moves on along the table past those that `preserve` gives up on; if that
  // leaves nobody, the named one queues. nullptr when the table is empty or the named server is to be
  // avoided.
  [[nodiscard]] Member* find(std::uint32_t hash, PreserveAffinity preserve,
                             std::span<Member* const> avoid) const noexcept;

  Turns turns;  // for requests without a key
};

// True when `preserve` lets a session leave this server.
bool gives_up(const Member& member, PreserveAffinity preserve) noexcept;

}  // namespace evenkeel::balance
