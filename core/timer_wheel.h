// Deadlines that are cheap to move: a hierarchical timer wheel per worker.
//
// A session pushes its deadline forward at every read and write. That must not cost a timer operation, so
// set() to a later time only stores the number: the wheel meets the entry at its old slot, sees that it is
// not due, and files it again. Only a deadline that comes nearer is moved at once.
#pragma once

#include <array>
#include <cstdint>

#include "core/clock.h"

namespace evenkeel {

class TimerWheel;

// Lives inside its owner; unlinks itself when destroyed. The callback may set(), clear() or destroy any
// deadline, its own included.
class Deadline {
 public:
  using Callback = void (*)(void* owner) noexcept;
  Deadline(TimerWheel& wheel, Callback callback, void* owner) noexcept
      : wheel_(wheel), callback_(callback), owner_(owner) {}
  Deadline(const Deadline&) = delete;
  Deadline& operator=(const Deadline&) = delete;
  ~Deadline();

  void set(Millis at) noexcept;  // kNever or later: same as clear()
  void clear() noexcept { at_ = kNever; }
  [[nodiscard]] Millis at() const noexcept { return at_; }

 private:
  friend class TimerWheel;
  TimerWheel& wheel_;
  Callback callback_;
  void* owner_;
  Millis at_ = kNever;
  Millis filed_ = kNever;  // the time of the slot that holds it; kNever: in none
  Deadline** link_ =
      nullptr;  // whatever points to this entry: a slot, the firing list, or a neighbour's next_
  Deadline* next_ = nullptr;
};

// Resolution 1 ms; deadlines may be any time ahead. Single thread.
class TimerWheel {
 public:
  explicit TimerWheel(Millis now) noexcept;
  TimerWheel(const TimerWheel&) = delete;
  TimerWheel& operator=(const TimerWheel&) = delete;

  // Runs the callbacks of all deadlines <= now, in no particular order within one millisecond.
  void advance(Millis now) noexcept;
  // No deadline fires before this time (it may be early: slots are met, entries re-filed); kNever: wheel is
  // empty.
  [[nodiscard]] Millis next_due() const noexcept { return announced_; }
  // Called whenever next_due() came nearer, so that the owner can wake in time.
  void on_nearer(void (*callback)(void*) noexcept, void* owner) noexcept {
    nearer_ = callback;
    nearer_owner_ = owner;
  }

 private:
  friend class Deadline;
  static constexpr int kLevels = 4;
  static constexpr int kBits = 8;  // 256 slots a level: 256 ms, 65 s, 4.6 h, 49 days
  static constexpr int kSlots = 1 << kBits;

  void file(Deadline& d) noexcept;
  static void push(Deadline** head, Deadline& d) noexcept;
  static void unlink(Deadline& d) noexcept;
  void meet_slot(int level, int slot) noexcept;
  [[nodiscard]] Millis first_used() const noexcept;
  // Steps from slot `from` (exclusive, wrapping round) to the first used slot: 1 to 256; 0 when there is
  // none.
  [[nodiscard]] int distance(int level, int from) const noexcept;

  Millis now_;
  std::array<std::array<Deadline*, kSlots>, kLevels> slots_{};
  std::array<std::array<std::uint64_t, kSlots / 64>, kLevels> used_{};
  void (*nearer_)(void*) noexcept = nullptr;
  void* nearer_owner_ = nullptr;
  Millis announced_ = kNever;  // the time of the first used slot
};

}  // namespace evenkeel
