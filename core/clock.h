// Time as the proxy sees it: monotonic milliseconds for deadlines and wall-clock time for people.
#pragma once

#include <chrono>
#include <cstdint>

namespace evenkeel {

// Milliseconds of the monotonic clock. Only differences have a meaning.
using Millis = std::int64_t;

// A deadline or duration that never comes; larger than any sum of configured timeouts.
inline constexpr Millis kNever = INT64_MAX / 4;

// A source of time. Code that counts time takes a Clock&, so that tests can turn the hands themselves.
class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual Millis now_ms() const noexcept = 0;         // monotonic
  [[nodiscard]] virtual std::int64_t now_us() const noexcept = 0;   // monotonic
  [[nodiscard]] virtual std::int64_t wall_us() const noexcept = 0;  // since the epoch, UTC
};

// The clocks of the operating system, read at each call.
class SystemClock final : public Clock {
 public:
  [[nodiscard]] Millis now_ms() const noexcept override { return now_us() / 1000; }
  [[nodiscard]] std::int64_t now_us() const noexcept override {
    return std::chrono::duration_cast<std::chrono::microseconds>(
               std::chrono::steady_clock::now().time_since_epoch())
        .count();
  }
  [[nodiscard]] std::int64_t wall_us() const noexcept override {
    return std::chrono::duration_cast<std::chrono::microseconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
  }
};

// A clock for tests: stands still until told to move.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(Millis start_ms = 1'000'000) : us_(start_ms * 1000) {}
  [[nodiscard]] Millis now_ms() const noexcept override { return us_ / 1000; }
  [[nodiscard]] std::int64_t now_us() const noexcept override { return us_; }
  [[nodiscard]] std::int64_t wall_us() const noexcept override { return us_ + 1'700'000'000'000'000; }
  void advance(Millis ms) noexcept { us_ += ms * 1000; }

 private:
  std::int64_t us_;
};

}  // namespace evenkeel
