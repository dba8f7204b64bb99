// The arithmetic of health: when a server changes sides, how its state is shown, and when to look again.
//
// Values and functions only; the clock and the random number come from the caller. Source: configuration
// manual 5.2 (rise, fall, inter, observe, on-error, init-state), management manual 9.1 (check_health).
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>

#include "core/clock.h"

namespace evenkeel::health {

// `init-state`: where a checked server begins, at start and when it leaves maintenance.
enum class InitState : std::uint8_t {
  none,        // not configured: as up
  fully_up,    // `fall` failures away from DOWN
  up,          // UP, but the first failure takes it down
  down,        // DOWN, the first success brings it up
  fully_down,  // `rise` successes away from UP
};

// What an outcome did to a health counter.
enum class HealthChange : std::uint8_t {
  none,       // firmly where it was
  weakened,   // UP, one failure nearer to DOWN
  recovered,  // UP, back at full health
  climbing,   // DOWN, one success nearer to UP
  relapsed,   // DOWN, the successes so far were in vain
  went_down,
  went_up,
};
inline bool crossed(HealthChange change) noexcept {
  return change == HealthChange::went_down || change == HealthChange::went_up;
}

// One health counter (health check or agent): 0 .. rise+fall-1, UP from `rise` upwards.
// Not thread safe: one owner, usually the worker that checks the server.
class HealthCounter {
 public:
  // rise and fall are at least 1 (smaller values are taken as 1).
  HealthCounter(int rise, int fall, InitState init = InitState::none) noexcept
      : rise_(rise < 1 ? 1 : rise), fall_(fall < 1 ? 1 : fall) {
    reset(init);
  }

  void reset(InitState init) noexcept;
  HealthChange on_success() noexcept;
  HealthChange on_failure() noexcept;
  // A conditional pass (disable-on-404, L7OKC): as a success while UP, without effect while DOWN, so that a
  // stopped server stays stopped.
  HealthChange on_conditional() noexcept { return up() ? on_success() : HealthChange::none; }
  // The operator decides (`set server ... health up|stopping|down`): up and stopping are full health, down is
  // 0.
  HealthChange force(bool up) noexcept;
  // A reload may change the thresholds: stays on its side, as near to the border as before where that still
  // exists.
  void resize(int rise, int fall) noexcept;
  // Puts back a counter that was saved (server state file, reload); values out of range are clamped.
  void restore(int value) noexcept;
  // The failure after the next one takes the server down: `on-error sudden-death` before its simulated
  // failure.
  void weaken_to_last_but_one() noexcept {
    if (value_ > rise_ + 1) value_ = rise_ + 1;
  }
  // The next failure takes the server down: `on-error mark-down` before its simulated failure.
  void weaken_to_last() noexcept {
    if (value_ > rise_) value_ = rise_;
  }

  [[nodiscard]] int value() const noexcept { return value_; }
  [[nodiscard]] int rise() const noexcept { return rise_; }
  [[nodiscard]] int fall() const noexcept { return fall_; }
  [[nodiscard]] int max() const noexcept { return rise_ + fall_ - 1; }
  [[nodiscard]] bool up() const noexcept { return value_ >= rise_; }
  [[nodiscard]] bool fully_up() const noexcept { return value_ == max(); }
  [[nodiscard]] bool fully_down() const noexcept { return value_ == 0; }
  [[nodiscard]] bool transitional() const noexcept { return !fully_up() && !fully_down(); }
  // "2/3": how many failures are left of `fall` while UP, how many successes of `rise` were seen while DOWN.
  [[nodiscard]] int shown() const noexcept { return up() ? value_ - rise_ + 1 : value_; }
  [[nodiscard]] int shown_of() const noexcept { return up() ? fall_ : rise_; }

 private:
  int rise_;
  int fall_;
  int value_ = 0;
};

// The status column of the statistics: "UP", "UP 1/3", "DOWN", "DOWN 1/2", "NOLB", "NOLB 2/3".
// nolb: the last check passed only conditionally (disable-on-404, L7OKC); shown only while UP.
[[nodiscard]] std::string status_text(const HealthCounter& health, bool nolb);

// ---- when to check
// --------------------------------------------------------------------------------------------------

struct CheckIntervals {
  Millis inter = 2000;
  Millis fastinter = 0;  // 0: not set, inter counts
  Millis downinter = 0;  // 0: not set, inter counts
};

// The configured interval that applies now. checked: at least one check has finished.
[[nodiscard]] Millis interval_for(const CheckIntervals& intervals, const HealthCounter& health,
                                  bool checked) noexcept;

// interval +/- percent (global spread-checks, 0..50); random is uniform in [0, 1). At least 1 ms.
[[nodiscard]] Millis with_jitter(Millis interval, int percent, double random) noexcept;

// When the first check of target `index` of `count` starts, after the start of the process: the targets
// spread evenly over the shortest interval among them, or over max_spread (global max-spread-checks; 0: no
// bound) if that is shorter.
[[nodiscard]] Millis start_offset(std::size_t index, std::size_t count, Millis shortest_interval,
                                  Millis max_spread) noexcept;

// How long a check may take. Configuration manual, "timeout check": with it, connecting has min(timeout
// connect, inter) and reading has `timeout check` on top; without it, inter bounds the whole check.
struct CheckTimeouts {
  Millis connect = 0;  // until the connection stands, from the start of the connect
  Millis data =
      0;  // from the moment the connection stands; 0: there is no second phase, connect bounds the whole
};
// timeout_connect and timeout_check: 0 where the proxy has none.
[[nodiscard]] CheckTimeouts check_timeouts(Millis inter, Millis timeout_connect,
                                           Millis timeout_check) noexcept;

// ---- observe layer4|layer7
// ------------------------------------------------------------------------------------------

enum class OnError : std::uint8_t { fastinter, fail_check, sudden_death, mark_down };

// Counts consecutive errors that traffic meets. Called by every worker, hence atomic.
class ErrorObserver {
 public:
  // Returns true when this error is the limit-th in a row: apply on-error now; the count starts anew.
  bool note(bool ok, int limit) noexcept;
  [[nodiscard]] int consecutive() const noexcept { return errors_.load(std::memory_order_relaxed); }

 private:
  std::atomic<int> errors_{0};
};

// Applies on-error to the counter. All modes also bring the next check forward to fastinter, if that is set
// and sooner: see sooner_check().
HealthChange apply_on_error(OnError mode, HealthCounter& health) noexcept;

// When the next check is due after on-error forced fastinter: never later than it already was.
[[nodiscard]] Millis sooner_check(Millis due, Millis now, const CheckIntervals& intervals) noexcept;

}  // namespace evenkeel::health
