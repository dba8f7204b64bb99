#include "balance/map_based.h"

namespace evenkeel::balance {

bool gives_up(const Member& member, PreserveAffinity preserve) noexcept {
  switch (preserve) {
    case PreserveAffinity::always:
      return false;
    case PreserveAffinity::maxconn:
      return member.full();
    case PreserveAffinity::maxqueue:
      return member.queue_full();
  }
  return false;
}

Member* HashMap::find(std::uint32_t hash, PreserveAffinity preserve,
                      std::span<Member* const> avoid) const noexcept {
  const std::size_t size = turns.slots().size();
  if (size == 0) return nullptr;
  Member* named = turns.at_slot(hash % size);
  if (!named->usable() || is_avoided(named, avoid)) return nullptr;
  if (!gives_up(*named, preserve)) return named;
  for (std::size_t i = 1; i < size; ++i) {
    Member* member = turns.at_slot((hash % size + i) % size);
    if (member->usable() && !is_avoided(member, avoid) && !gives_up(*member, preserve)) return member;
  }
  return named;
}

}  // namespace evenkeel::balance
