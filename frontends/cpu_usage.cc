#include "frontends/cpu_usage.h"

#include <algorithm>
#include <ctime>
#include <mutex>

namespace evenkeel::frontends {
namespace {

std::int64_t cpu_us(clockid_t clock) noexcept {
  timespec t{};
  ::clock_gettime(clock, &t);
  return std::int64_t{t.tv_sec} * 1'000'000 + t.tv_nsec / 1000;
}

}  // namespace

void CpuMeter::sample(Millis now, std::int64_t cpu_us, unsigned lanes) noexcept {
  if (at_ != 0 && now > at_) {
    const std::int64_t share = (cpu_us - cpu_us_) / (10 * (now - at_) * std::max(1U, lanes));
    percent_ = static_cast<int>(std::clamp<std::int64_t>(share, 0, 100));
  }
  at_ = now;
  cpu_us_ = cpu_us;
}

int thread_cpu_percent(Millis now) noexcept {
  thread_local CpuMeter meter;
  if (meter.due(now)) meter.sample(now, cpu_us(CLOCK_THREAD_CPUTIME_ID), 1);
  return meter.percent();
}

int process_cpu_percent(Millis now, unsigned workers) noexcept {
  static std::mutex mutex;
  static CpuMeter meter;
  const std::lock_guard lock(mutex);
  if (meter.due(now)) meter.sample(now, cpu_us(CLOCK_PROCESS_CPUTIME_ID), workers);
  return meter.percent();
}

}  // namespace evenkeel::frontends
