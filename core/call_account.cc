#include "core/call_account.h"

#include <algorithm>
#include <ctime>

namespace evenkeel {
namespace {

std::int64_t nanoseconds(clockid_t clock) noexcept {
  timespec t{};
  ::clock_gettime(clock, &t);
  return std::int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec;
}

}  // namespace

std::int64_t Profiler::steady_ns() noexcept { return nanoseconds(CLOCK_MONOTONIC); }
std::int64_t Profiler::thread_cpu_ns() noexcept { return nanoseconds(CLOCK_THREAD_CPUTIME_ID); }

void Profiler::begin(CallAccount& account) noexcept {
  end();
  running_ = &account;
  ++account.calls_;
  if (woken_ns_ != 0) account.latency_ns_ += std::max<std::int64_t>(0, steady_ns() - woken_ns_);
  began_cpu_ns_ = thread_cpu_ns();
}

void Profiler::end() noexcept {
  if (running_ == nullptr) return;
  running_->cpu_ns_ += thread_cpu_ns() - began_cpu_ns_;
  running_ = nullptr;
}

}  // namespace evenkeel
