// The arithmetic of a bandwidth limit.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "core/clock.h"

namespace evenkeel::frontends {

// So many bytes per period, given out as time passes: never more than one period's worth at once, and not in
// pieces so small that the work per piece would count. limit and period are greater than 0.
class TokenBucket {
 public:
  TokenBucket(std::uint64_t limit, Millis period, std::uint32_t min_size, Millis now) noexcept
      : limit_(limit), period_(period), min_size_(min_size), credit_(limit), at_(now) {}

  // The definition changes; what has been used stays used.
  void change(std::uint64_t limit, Millis period) noexcept {
    limit_ = limit;
    period_ = period;
    credit_ = std::min(credit_, limit);
  }
  // How many of `wanted` bytes may pass now; 0: none, see wait().
  std::size_t admit(std::size_t wanted, Millis now) noexcept {
    refill(now);
    if (credit_ < step(wanted)) return 0;
    return static_cast<std::size_t>(std::min<std::uint64_t>(wanted, credit_));
  }
  void spend(std::size_t bytes) noexcept { credit_ -= std::min<std::uint64_t>(credit_, bytes); }
  // Milliseconds until admit() says yes; at least 1.
  [[nodiscard]] Millis wait(std::size_t wanted) const noexcept {
    const std::uint64_t missing = step(wanted) - std::min(step(wanted), credit_);
    const auto ms = static_cast<Millis>((static_cast<double>(missing) * static_cast<double>(period_)) /
                                        static_cast<double>(limit_));
    return std::max<Millis>(1, ms + 1);
  }

 private:
  static constexpr std::uint64_t kPiecesPerPeriod = 20;

  [[nodiscard]] std::uint64_t step(std::size_t wanted) const noexcept {
    const std::uint64_t least = std::max<std::uint64_t>({min_size_, limit_ / kPiecesPerPeriod, 1});
    return std::min({static_cast<std::uint64_t>(wanted), least, limit_});
  }
  void refill(Millis now) noexcept {
    if (now <= at_) return;
    const double earned =
        static_cast<double>(limit_) * static_cast<double>(now - at_) / static_cast<double>(period_);
    if (earned < 1) return;  // at_ stays, so that nothing is lost to rounding
    credit_ = earned >= static_cast<double>(limit_ - credit_) ? limit_
                                                              : credit_ + static_cast<std::uint64_t>(earned);
    at_ = now;
  }

  std::uint64_t limit_;
  Millis period_;
  std::uint32_t min_size_;
  std::uint64_t credit_;
  Millis at_;
};

}  // namespace evenkeel::frontends
