// How busy the processor is with this process, for the fetches cpu_usage_*.
#pragma once

#include "core/clock.h"

namespace evenkeel::frontends {

// Percent, 0 to 100: of the calling thread, and of all workers together (what the process has used, divided
// by the number of workers). Measured from the last question that was at least half a second ago; 0 at the
// first.
int thread_cpu_percent(Millis now) noexcept;
int process_cpu_percent(Millis now, unsigned workers) noexcept;

// The arithmetic of it. cpu_us: microseconds of processor time so far, of something with `lanes` processors
// to use at once.
class CpuMeter {
 public:
  static constexpr Millis kSpan = 500;
  [[nodiscard]] bool due(Millis now) const noexcept { return at_ == 0 || now - at_ >= kSpan; }
  void sample(Millis now, std::int64_t cpu_us, unsigned lanes) noexcept;
  [[nodiscard]] int percent() const noexcept { return percent_; }

 private:
  Millis at_ = 0;
  std::int64_t cpu_us_ = 0;
  int percent_ = 0;
};

}  // namespace evenkeel::frontends
