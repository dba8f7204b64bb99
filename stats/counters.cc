#include "stats/counters.h"

#include <algorithm>
#include <mutex>

namespace evenkeel::stats {
namespace {

// Resets and readings are rare and come from people: one lock serves all entities.
std::mutex& reset_mutex() {
  static std::mutex mutex;
  return mutex;
}

std::uint32_t second_of(Millis now_ms) noexcept { return static_cast<std::uint32_t>(now_ms / 1000); }

void raise(std::atomic<std::uint64_t>& max, std::uint64_t value) noexcept {
  std::uint64_t seen = max.load(std::memory_order_relaxed);
  while (value > seen && !max.compare_exchange_weak(seen, value, std::memory_order_relaxed)) {
  }
}

}  // namespace

// What a reading is relative to.
struct EntityCounters::Reset {
  Totals base;                                          // counters at the last reset_all
  std::array<RateShard::Second, kRateCount> rate_seen;  // the second of the last reset and its count by then
};

void Average::add(std::uint64_t value) noexcept {
  const std::uint64_t word = word_.load(std::memory_order_relaxed);
  std::uint64_t samples = word & ((1U << kBits) - 1);
  std::uint64_t sum = word >> kBits;
  if (samples < kSamples) {
    ++samples;
  } else {
    sum -= sum / kSamples;
  }
  word_.store((sum + value) << kBits | samples, std::memory_order_relaxed);
}

bool RateShard::add(std::uint32_t second, std::uint32_t n, Second& ended) noexcept {
  const std::uint64_t word = current_.load(std::memory_order_relaxed);
  if (static_cast<std::uint32_t>(word >> 32) == second) {
    current_.store(word + n, std::memory_order_relaxed);
    return false;
  }
  ended = unpack(word);
  previous_.store(word, std::memory_order_relaxed);
  current_.store(std::uint64_t{second} << 32 | n, std::memory_order_relaxed);
  return true;
}

std::uint32_t RateShard::count_in(std::uint32_t second) const noexcept {
  const Second now = current();
  if (now.at == second) return now.count;
  const Second before = previous();
  return before.at == second ? before.count : 0;
}

void Counters::rate(RateId id, Millis now_ms, std::uint32_t n) noexcept {
  RateShard::Second ended;
  if (rates_[static_cast<std::size_t>(id)].add(second_of(now_ms), n, ended) && ended.count != 0) {
    owner_.settle(id, ended.at);
  }
}

void Counters::count_status(unsigned status) noexcept {
  switch (status / 100) {
    case 1:
      ++hrsp_1xx;
      break;
    case 2:
      ++hrsp_2xx;
      break;
    case 3:
      ++hrsp_3xx;
      break;
    case 4:
      ++hrsp_4xx;
      break;
    case 5:
      ++hrsp_5xx;
      break;
    default:
      ++hrsp_other;
      break;
  }
}

void Counters::note_times(std::int64_t queue, std::int64_t connect, std::int64_t response,
                          std::int64_t total) noexcept {
  const auto note = [](Average& average, Maximum& maximum, std::int64_t ms) {
    const auto value = static_cast<std::uint64_t>(std::max<std::int64_t>(ms, 0));
    average.add(value);
    maximum.note(value);
  };
  note(qtime, qtime_max, queue);
  note(ctime, ctime_max, connect);
  note(rtime, rtime_max, response);
  note(ttime, ttime_max, total);
}

EntityCounters::EntityCounters(unsigned workers)
    : shards_(std::make_unique<std::atomic<Counters*>[]>(workers)), workers_(workers) {}

EntityCounters::~EntityCounters() {
  for (unsigned i = 0; i < workers_; ++i) delete shards_[i].load(std::memory_order_acquire);
}

Counters& EntityCounters::allocate(unsigned worker) noexcept {
  auto* fresh = new Counters(*this);
  shards_[worker].store(fresh, std::memory_order_release);
  return *fresh;
}

std::uint64_t EntityCounters::rate(RateId id, Millis now_ms) const noexcept {
  const std::uint32_t second = second_of(now_ms);
  const auto left = static_cast<std::uint64_t>(1000 - now_ms % 1000);
  const std::uint64_t last = sum_in(id, second - 1);
  const std::uint64_t now = sum_in(id, second);
  if (now == 0 && last <= 1) return last;  // one event in a second should not flicker between 0 and 1
  return now + last * left / 1000;
}

std::uint64_t EntityCounters::sum_in(RateId id, std::uint32_t second) const noexcept {
  std::uint64_t sum = 0;
  for (unsigned i = 0; i < workers_; ++i) {
    if (const Counters* c = shard(i)) sum += c->rates_[static_cast<std::size_t>(id)].count_in(second);
  }
  return sum;
}

// A worker remembers two seconds. Whoever is about to forget one adds up all workers' counts of it first;
// those who forgot it earlier did the same, and then saw ours.
void EntityCounters::settle(RateId id, std::uint32_t second) noexcept {
  if (second <= reset_second_.load(std::memory_order_relaxed)) return;
  raise(rate_max_[static_cast<std::size_t>(id)], sum_in(id, second));
}

std::uint64_t EntityCounters::peak(RateId id) const noexcept {
  const auto index = static_cast<std::size_t>(id);
  std::uint64_t best = rate_max_[index].load(std::memory_order_relaxed);
  const RateShard::Second seen = reset_ ? reset_->rate_seen[index] : RateShard::Second{};
  const auto consider = [&](RateShard::Second candidate) {
    if (candidate.at < seen.at) return;
    const std::uint64_t sum = sum_in(id, candidate.at);
    if (candidate.at > seen.at || sum > seen.count) best = std::max(best, sum);
  };
  for (unsigned i = 0; i < workers_; ++i) {
    if (const Counters* c = shard(i)) {
      consider(c->rates_[index].current());
      consider(c->rates_[index].previous());
    }
  }
  return best;
}

void EntityCounters::add_up(Totals& totals, Millis now_ms) const {
#define X(name, doc) std::uint64_t samples_##name = 0;
  EVENKEEL_AVERAGES(X)
#undef X
  Millis last_used = -1;
  for (unsigned i = 0; i < workers_; ++i) {
    const Counters* c = shard(i);
    if (c == nullptr) continue;
#define X(name, doc) totals.name += c->name.get();
    EVENKEEL_COUNTERS(X)
#undef X
#define X(name, doc) totals.name = std::max(totals.name, c->name.get());
    EVENKEEL_MAXIMA(X)
#undef X
#define X(name, doc)            \
  totals.name += c->name.sum(); \
  samples_##name += c->name.samples();
    EVENKEEL_AVERAGES(X)
#undef X
    last_used = std::max(last_used, c->last_used_ms_.load(std::memory_order_relaxed));
  }
#define X(name, doc) \
  if (samples_##name != 0) totals.name = (totals.name + samples_##name - 1) / samples_##name;
  EVENKEEL_AVERAGES(X)
#undef X
  if (last_used >= 0) totals.last_used_s = std::max<Millis>(now_ms - last_used, 0) / 1000;
}

Totals EntityCounters::totals(Millis now_ms) const {
  Totals totals;
  add_up(totals, now_ms);
  const std::lock_guard lock(reset_mutex());
#define X(name, doc)                        \
  totals.name = rate(RateId::name, now_ms); \
  totals.name##_max = peak(RateId::name);
  EVENKEEL_RATES(X)
#undef X
  if (reset_) {
#define X(name, doc) totals.name -= reset_->base.name;
    EVENKEEL_COUNTERS(X)
#undef X
  }
  return totals;
}

void EntityCounters::reset_maxima(Millis now_ms) {
  const std::lock_guard lock(reset_mutex());
  if (!reset_) reset_ = std::make_unique<Reset>();
  const std::uint32_t second = second_of(now_ms);
  reset_second_.store(second, std::memory_order_relaxed);
  for (std::size_t id = 0; id < kRateCount; ++id) {
    reset_->rate_seen[id] = {second, static_cast<std::uint32_t>(sum_in(static_cast<RateId>(id), second))};
    rate_max_[id].store(0, std::memory_order_relaxed);
  }
  for (unsigned i = 0; i < workers_; ++i) {
    Counters* c = shards_[i].load(std::memory_order_acquire);
    if (c == nullptr) continue;
#define X(name, doc) c->name.reset();
    EVENKEEL_MAXIMA(X)
#undef X
  }
}

void EntityCounters::reset_all(Millis now_ms) {
  reset_maxima(now_ms);
  Totals now;
  add_up(now, now_ms);
  const std::lock_guard lock(reset_mutex());
  reset_->base = now;
  for (unsigned i = 0; i < workers_; ++i) {
    Counters* c = shards_[i].load(std::memory_order_acquire);
    if (c == nullptr) continue;
#define X(name, doc) c->name.reset();
    EVENKEEL_AVERAGES(X)
#undef X
  }
}

}  // namespace evenkeel::stats
