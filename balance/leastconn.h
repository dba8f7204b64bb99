// `balance leastconn`: the server with the fewest sessions for its weight.
#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "balance/live.h"

namespace evenkeel::balance {

// The least loaded of some servers. Compares (sessions + 1) / weight, where sessions are those assigned and
// those that wait in the server's own queue; idle servers are equal whatever their weight. Among equals the
// one that has not changed for longest comes first, which makes them take turns. (All as observed of
// HAProxy 2.6.)
//
// Up to kScan servers, a pick looks at each: exact at every moment. Above, servers stand in blocks whose best
// key is kept up to date by whoever changes a load; a pick looks at all blocks' keys, which are packed, and
// then at one block: about sqrt(n) steps without a lock, where a sorted tree would need one. A block's key
// may lag for the nanoseconds in which another thread recomputes it, never longer; a limit that grows without
// a report counts from the block's next change.
class LeastLoaded {
 public:
  static constexpr std::size_t kScan = 64;
  static constexpr std::size_t kBlock = 32;

  explicit LeastLoaded(std::vector<Member*> members);

  [[nodiscard]] Member* best(std::span<Member* const> avoid) const noexcept;
  // The load of a member (maybe not one of ours) has changed.
  void update(const Member& member) noexcept;

  // Smaller is better; UINT64_MAX for one that cannot take a session.
  static std::uint64_t key(const Member& member) noexcept;

 private:
  struct Best {
    Member* member = nullptr;
    std::uint64_t key = UINT64_MAX;
  };
  [[nodiscard]] Best best_of(std::size_t begin, std::size_t end,
                             std::span<Member* const> avoid) const noexcept;
  [[nodiscard]] Member* best_block(std::span<Member* const> avoid) const noexcept;

  std::vector<Member*> members_;
  std::vector<std::uint32_t> block_of_;                  // by Member::index
  std::vector<std::atomic<std::uint64_t>> block_key_;    // empty up to kScan servers
  std::vector<std::atomic<std::uint32_t>> block_round_;  // counts updates, so that a late one is noticed
};

class LeastConn final : public Policy {
 public:
  explicit LeastConn(MemberSet set);

  Member* pick(const PickContext& context) override {
    return live_.pick([&](LeastLoaded& servers) { return servers.best(context.avoid); });
  }
  void on_assign(Member& member) override { changed(member); }
  void on_release(Member& member) override { changed(member); }
  void on_change(const Member& /*member*/) override { live_.mark(); }
  void set_members(MemberSet set) override { live_.set_members(std::move(set)); }
  bool any_usable() override { return live_.any_usable(); }

 private:
  void changed(Member& member);

  Live<LeastLoaded> live_;
  alignas(64) std::atomic<std::uint32_t> clock_{0};
};

}  // namespace evenkeel::balance
