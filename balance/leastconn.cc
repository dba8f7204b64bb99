#include "balance/leastconn.h"

#include <algorithm>

namespace evenkeel::balance {

namespace {
constexpr std::uint32_t kNoBlock = UINT32_MAX;
}

std::uint64_t LeastLoaded::key(const Member& member) noexcept {
  if (!can_take(member)) return UINT64_MAX;
  const std::uint64_t sessions = std::uint64_t{member.served.load(std::memory_order_relaxed)} +
                                 member.queued.load(std::memory_order_relaxed);
  const std::uint64_t weight = std::max<std::uint32_t>(1, member.weight.load(std::memory_order_relaxed));
  // 32 bits of load, then 32 bits of age; a load that does not fit is as bad as it gets.
  const std::uint64_t load = sessions == 0 ? 0 : (sessions + 1) * kMaxWeight / weight;
  return (std::min<std::uint64_t>(load, UINT32_MAX - 1) << 32) | member.stamp.load(std::memory_order_relaxed);
}

LeastLoaded::LeastLoaded(std::vector<Member*> members) : members_(std::move(members)) {
  if (members_.size() <= kScan) return;
  const std::size_t blocks = (members_.size() + kBlock - 1) / kBlock;
  block_key_ = std::vector<std::atomic<std::uint64_t>>(blocks);
  block_round_ = std::vector<std::atomic<std::uint32_t>>(blocks);
  for (std::size_t i = 0; i < members_.size(); ++i) {
    const std::uint32_t index = members_[i]->index;
    if (index >= block_of_.size()) block_of_.resize(index + 1, kNoBlock);
    block_of_[index] = static_cast<std::uint32_t>(i / kBlock);
  }
  for (std::size_t block = 0; block < blocks; ++block) {
    const std::size_t begin = block * kBlock;
    block_key_[block].store(best_of(begin, std::min(begin + kBlock, members_.size()), {}).key);
  }
}

LeastLoaded::Best LeastLoaded::best_of(std::size_t begin, std::size_t end,
                                       std::span<Member* const> avoid) const noexcept {
  Best best;
  for (std::size_t i = begin; i < end; ++i) {
    const std::uint64_t mine = key(*members_[i]);
    if (mine < best.key && !is_avoided(members_[i], avoid)) best = {members_[i], mine};
  }
  return best;
}

Member* LeastLoaded::best_block(std::span<Member* const> avoid) const noexcept {
  std::size_t chosen = 0;
  std::uint64_t least = UINT64_MAX;
  for (std::size_t block = 0; block < block_key_.size(); ++block) {
    const std::uint64_t mine = block_key_[block].load(std::memory_order_acquire);
    if (mine < least) {
      least = mine;
      chosen = block;
    }
  }
  if (least == UINT64_MAX) return nullptr;
  const std::size_t begin = chosen * kBlock;
  return best_of(begin, std::min(begin + kBlock, members_.size()), avoid).member;
}

Member* LeastLoaded::best(std::span<Member* const> avoid) const noexcept {
  // With servers to avoid (rare: redispatch), or when a block has just lost its last candidate, scan them
  // all.
  if (!block_key_.empty() && avoid.empty()) {
    if (Member* member = best_block(avoid)) return member;
  }
  if (Member* member = best_of(0, members_.size(), avoid).member) return member;
  return avoid.empty() ? nullptr : best_of(0, members_.size(), {}).member;
}

void LeastLoaded::update(const Member& member) noexcept {
  if (block_key_.empty() || member.index >= block_of_.size()) return;
  const std::uint32_t block = block_of_[member.index];
  if (block == kNoBlock) return;
  const std::size_t begin = block * kBlock;
  const std::size_t end = std::min(begin + kBlock, members_.size());
  // Whoever announces itself last also stores last: an earlier one sees the announcement and looks again.
  std::uint32_t round = block_round_[block].fetch_add(1, std::memory_order_seq_cst) + 1;
  for (;;) {
    block_key_[block].store(best_of(begin, end, {}).key, std::memory_order_seq_cst);
    const std::uint32_t now = block_round_[block].load(std::memory_order_seq_cst);
    if (now == round) return;
    round = now;
  }
}

LeastConn::LeastConn(MemberSet set)
    : live_(std::move(set), [](const std::vector<Member*>& candidates, const MemberSet&, const LeastLoaded*) {
        return std::make_unique<LeastLoaded>(candidates);
      }) {}

void LeastConn::changed(Member& member) {
  member.stamp.store(clock_.fetch_add(1, std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  live_.with([&](LeastLoaded& servers) { servers.update(member); });
}

}  // namespace evenkeel::balance
