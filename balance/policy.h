// The interface of a balancing algorithm.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "balance/member.h"
#include "core/address.h"

namespace evenkeel::balance {

// What a pick may depend on. Fill what the algorithm (BalanceDef) wants; views live for the duration of the
// call.
struct PickContext {
  // The servers that just failed this session. Soft: one of them is returned when nobody else can take it.
  std::span<Member* const> avoid{};

  const Address* source = nullptr;           // source: the client's address
  std::string_view target{};                 // uri, url_param: the request target as received
  std::optional<std::string_view> header{};  // hdr: first field named BalanceDef::name, whole
  std::optional<std::string_view> body{};    // needs_body(): what is buffered of a POST (first chunk)
  std::string_view payload{};                // rdp_cookie: the first bytes that the client sent
  std::optional<std::string_view> sample{};  // hash: the result of BalanceDef::expression, as bytes
};

// The servers of one backend, in the order of the configuration.
struct MemberSet {
  std::vector<Member*> members;
  bool all_backups = false;  // `option allbackups`

  // Who takes part in balancing now: the usable primaries; when there are none the first usable backup, or
  // all of them with all_backups. In order of index.
  [[nodiscard]] std::vector<Member*> candidates() const;
};

// Chooses a server for a session. All calls are safe from all threads; pick() takes no lock unless a change
// has just been reported, and throws nothing.
class Policy {
 public:
  virtual ~Policy() = default;

  // nullptr: no server is usable, or (for the algorithms that move on from a full server: all but the hashes)
  // all are full. MemberSet::candidates().empty() or any_usable() tells the two apart.
  [[nodiscard]] virtual Member* pick(const PickContext& context) = 0;

  // Call right after Member::served or queued grew or fell.
  virtual void on_assign(Member& /*member*/) {}
  virtual void on_release(Member& /*member*/) {}
  // Call right after Member::available, weight or ring_seed changed.
  virtual void on_change(const Member& /*member*/) {}

  // Servers were added or removed. When it returns, no pick in any thread refers to members that are gone.
  // Not to be called from within pick().
  virtual void set_members(MemberSet set) = 0;

  // True when some usable server exists, full or not.
  [[nodiscard]] virtual bool any_usable() = 0;

  // False for the static algorithms, which take a weight of 0 or the initial weight only and ignore slow
  // start.
  [[nodiscard]] virtual bool dynamic_weights() const noexcept { return true; }
};

// Helpers shared by the algorithms.
[[nodiscard]] inline bool is_avoided(const Member* member, std::span<Member* const> avoid) noexcept {
  for (const Member* other : avoid) {
    if (other == member) return true;
  }
  return false;
}
[[nodiscard]] inline bool can_take(const Member& member) noexcept {
  return member.usable() && !member.full();
}

}  // namespace evenkeel::balance
