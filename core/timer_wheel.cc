#include "core/timer_wheel.h"

#include <bit>
#include <utility>

namespace evenkeel {

Deadline::~Deadline() { TimerWheel::unlink(*this); }

void Deadline::set(Millis at) noexcept {
  at_ = at < kNever ? at : kNever;
  if (at_ >= filed_ || at_ == kNever) return;  // the slot that holds it comes no later; it will file it again
  TimerWheel::unlink(*this);
  wheel_.file(*this);
}

TimerWheel::TimerWheel(Millis now) noexcept : now_(now) {}

void TimerWheel::push(Deadline** head, Deadline& d) noexcept {
  d.next_ = *head;
  d.link_ = head;
  if (d.next_ != nullptr) d.next_->link_ = &d.next_;
  *head = &d;
}

void TimerWheel::unlink(Deadline& d) noexcept {
  if (d.link_ == nullptr) return;
  *d.link_ = d.next_;
  if (d.next_ != nullptr) d.next_->link_ = d.link_;
  d.link_ = nullptr;
  d.next_ = nullptr;
  d.filed_ = kNever;
}

void TimerWheel::file(Deadline& d) noexcept {
  constexpr Millis kSpan = (Millis{1} << (kBits * kLevels)) - 1;
  Millis at = d.at_ > now_ ? d.at_ : now_ + 1;
  if (at - now_ > kSpan) at = now_ + kSpan;  // met early and filed again
  int level = 0;
  while ((at - now_) >> (kBits * (level + 1)) != 0) ++level;
  const Millis unit = at >> (kBits * level);
  const int slot = static_cast<int>(unit & (kSlots - 1));
  push(&slots_[level][slot], d);
  used_[level][slot / 64] |= std::uint64_t{1} << (slot % 64);
  d.filed_ = unit << (kBits * level);
  if (d.filed_ < announced_) {
    announced_ = d.filed_;
    if (nearer_ != nullptr) nearer_(nearer_owner_);
  }
}

int TimerWheel::distance(int level, int from) const noexcept {
  const auto& words = used_[level];
  const int start = (from + 1) & (kSlots - 1);
  for (int i = 0; i <= kSlots / 64; ++i) {
    const int word = (start / 64 + i) % (kSlots / 64);
    std::uint64_t bits = words[word];
    if (i == 0) bits &= ~std::uint64_t{0} << (start % 64);
    if (i == kSlots / 64) bits &= start % 64 != 0 ? ~(~std::uint64_t{0} << (start % 64)) : 0;
    if (bits != 0) return ((word * 64 + std::countr_zero(bits) - from - 1) & (kSlots - 1)) + 1;
  }
  return 0;
}

Millis TimerWheel::first_used() const noexcept {
  Millis due = kNever;
  for (int level = 0; level < kLevels; ++level) {
    const Millis unit = now_ >> (kBits * level);
    const int steps = distance(level, static_cast<int>(unit & (kSlots - 1)));
    if (steps == 0) continue;
    const Millis at = (unit + steps) << (kBits * level);
    if (at < due) due = at;
  }
  return due;
}

void TimerWheel::meet_slot(int level, int slot) noexcept {
  used_[level][slot / 64] &= ~(std::uint64_t{1} << (slot % 64));
  Deadline* list = std::exchange(slots_[level][slot], nullptr);
  if (list != nullptr) list->link_ = &list;
  while (list != nullptr) {
    Deadline& d = *list;
    unlink(d);
    if (d.at_ <= now_) {
      d.at_ = kNever;
      d.callback_(d.owner_);  // may destroy d
    } else if (d.at_ < kNever) {
      file(d);
    }
  }
}

void TimerWheel::advance(Millis now) noexcept {
  bool met = false;  // most turns of the loop meet nothing, and then nothing has to be searched
  for (Millis due = announced_; due <= now; due = first_used()) {
    now_ = due;
    met = true;
    for (int level = kLevels - 1; level >= 0; --level) {
      const Millis unit = due >> (kBits * level);
      if (unit << (kBits * level) == due) meet_slot(level, static_cast<int>(unit & (kSlots - 1)));
    }
  }
  if (now > now_) now_ = now;
  if (met) announced_ = first_used();
}

}  // namespace evenkeel
