// How much of the processor one session has had, for the profiler (`profiling.tasks on`).
#pragma once

#include <cstdint>

#include "core/clock.h"

namespace evenkeel {

class CallAccount;

// Of one worker: whose turn it is. A turn begins when the loop has found something ready for a session, and
// ends when the session waits again.
class Profiler {
 public:
  // The loop has come back from waiting: from now on everybody who is ready waits for his turn.
  void woken() noexcept { woken_ns_ = steady_ns(); }
  void begin(CallAccount& account) noexcept;
  void end() noexcept;
  [[nodiscard]] bool is_turn_of(const CallAccount& account) const noexcept { return running_ == &account; }
  void forget(const CallAccount& account) noexcept {
    if (running_ == &account) running_ = nullptr;
  }
  bool on = false;

  static std::int64_t steady_ns() noexcept;
  static std::int64_t thread_cpu_ns() noexcept;

 private:
  friend class CallAccount;
  CallAccount* running_ = nullptr;
  std::int64_t woken_ns_ = 0;
  std::int64_t began_cpu_ns_ = 0;
};

// Nanoseconds since the last reset(). The worker's thread only.
class CallAccount {
 public:
  explicit CallAccount(Profiler& profiler) noexcept : profiler_(profiler) {}
  CallAccount(const CallAccount&) = delete;
  CallAccount& operator=(const CallAccount&) = delete;
  ~CallAccount() { profiler_.forget(*this); }

  // A new request begins; the turn that has brought it counts for it.
  void reset() noexcept {
    calls_ = profiler_.is_turn_of(*this) ? 1 : 0;
    cpu_ns_ = latency_ns_ = 0;
  }
  [[nodiscard]] std::int64_t calls() const noexcept { return calls_; }
  [[nodiscard]] std::int64_t cpu_ns() const noexcept {
    const bool now = profiler_.is_turn_of(*this);
    return cpu_ns_ + (now ? Profiler::thread_cpu_ns() - profiler_.began_cpu_ns_ : 0);
  }
  [[nodiscard]] std::int64_t latency_ns() const noexcept { return latency_ns_; }
  [[nodiscard]] Profiler& profiler() const noexcept { return profiler_; }

 private:
  friend class Profiler;
  Profiler& profiler_;
  std::int64_t calls_ = 0;
  std::int64_t cpu_ns_ = 0;
  std::int64_t latency_ns_ = 0;
};

// A turn, as long as it lives; the account may die in it.
class Turn {
 public:
  explicit Turn(CallAccount& account) noexcept : profiler_(account.profiler()) { profiler_.begin(account); }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
  ~Turn() { profiler_.end(); }

 private:
  Profiler& profiler_;
};

}  // namespace evenkeel
