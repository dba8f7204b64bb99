#include "health/rise_fall.h"

#include <algorithm>

namespace evenkeel::health {

void HealthCounter::reset(InitState init) noexcept {
  switch (init) {
    case InitState::fully_up:
      value_ = max();
      break;
    case InitState::none:
    case InitState::up:
      value_ = rise_;
      break;
    case InitState::down:
      value_ = rise_ - 1;
      break;
    case InitState::fully_down:
      value_ = 0;
      break;
  }
}

HealthChange HealthCounter::on_success() noexcept {
  if (value_ == max() && up()) return HealthChange::none;
  if (up()) {
    value_ = max();
    return HealthChange::recovered;
  }
  if (++value_ < rise_) return HealthChange::climbing;
  value_ = max();
  return HealthChange::went_up;
}

HealthChange HealthCounter::on_failure() noexcept {
  if (!up()) {
    const bool lost = value_ > 0;
    value_ = 0;
    return lost ? HealthChange::relapsed : HealthChange::none;
  }
  if (--value_ >= rise_) return HealthChange::weakened;
  value_ = 0;
  return HealthChange::went_down;
}

HealthChange HealthCounter::force(bool to_up) noexcept {
  const bool was_up = up();
  value_ = to_up ? max() : 0;
  if (was_up == to_up) return HealthChange::none;
  return to_up ? HealthChange::went_up : HealthChange::went_down;
}

void HealthCounter::resize(int rise, int fall) noexcept {
  const bool was_up = up();
  const int below_top = max() - value_;
  rise_ = std::max(rise, 1);
  fall_ = std::max(fall, 1);
  value_ = was_up ? std::max(max() - below_top, rise_) : std::min(value_, rise_ - 1);
}

void HealthCounter::restore(int value) noexcept { value_ = std::clamp(value, 0, max()); }

std::string status_text(const HealthCounter& health, bool nolb) {
  std::string text = !health.up() ? "DOWN" : nolb ? "NOLB" : "UP";
  if (health.transitional()) {
    text += ' ' + std::to_string(health.shown()) + '/' + std::to_string(health.shown_of());
  }
  return text;
}

Millis interval_for(const CheckIntervals& intervals, const HealthCounter& health, bool checked) noexcept {
  if (checked && health.fully_up()) return intervals.inter;
  if (checked && health.fully_down()) return intervals.downinter > 0 ? intervals.downinter : intervals.inter;
  return intervals.fastinter > 0 ? intervals.fastinter : intervals.inter;
}

Millis with_jitter(Millis interval, int percent, double random) noexcept {
  const double reach = static_cast<double>(interval) * percent / 100;
  const auto shift = static_cast<Millis>(reach * (2 * random - 1));
  return std::max<Millis>(interval + shift, 1);
}

Millis start_offset(std::size_t index, std::size_t count, Millis shortest_interval,
                    Millis max_spread) noexcept {
  if (count == 0) return 0;
  const Millis window = max_spread > 0 ? std::min(shortest_interval, max_spread) : shortest_interval;
  return window * static_cast<Millis>(index) / static_cast<Millis>(count);
}

CheckTimeouts check_timeouts(Millis inter, Millis timeout_connect, Millis timeout_check) noexcept {
  if (timeout_check <= 0) return {inter, 0};
  return {timeout_connect > 0 ? std::min(timeout_connect, inter) : inter, timeout_check};
}

bool ErrorObserver::note(bool ok, int limit) noexcept {
  if (ok) {
    // Mostly already 0: do not dirty a cache line that all workers read.
    if (errors_.load(std::memory_order_relaxed) != 0) errors_.store(0, std::memory_order_relaxed);
    return false;
  }
  if (errors_.fetch_add(1, std::memory_order_relaxed) + 1 < limit) return false;
  errors_.store(0, std::memory_order_relaxed);
  return true;
}

HealthChange apply_on_error(OnError mode, HealthCounter& health) noexcept {
  switch (mode) {
    case OnError::fastinter:
      return HealthChange::none;
    case OnError::sudden_death:
      health.weaken_to_last_but_one();
      break;
    case OnError::mark_down:
      health.weaken_to_last();
      break;
    case OnError::fail_check:
      break;
  }
  return health.on_failure();
}

Millis sooner_check(Millis due, Millis now, const CheckIntervals& intervals) noexcept {
  return intervals.fastinter > 0 ? std::min(due, now + intervals.fastinter) : due;
}

}  // namespace evenkeel::health
