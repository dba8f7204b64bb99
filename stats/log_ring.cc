#include "stats/log_ring.h"

#include <algorithm>
#include <cstring>

namespace evenkeel::stats {
namespace {

using Length = std::uint32_t;  // stands in front of each line

}  // namespace

LogRing::LogRing(RingDef def) : def_(std::move(def)), bytes_(def_.size) {}

void LogRing::append(std::string_view line) {
  line = line.substr(0, std::min<std::size_t>(def_.max_length, def_.size - sizeof(Length)));
  const auto length = static_cast<Length>(line.size());
  {
    const std::lock_guard lock(mutex_);
    while (bytes_.size() - used_ < line.size() + sizeof length) drop_oldest();
    copy_in(reinterpret_cast<const char*>(&length), sizeof length);
    copy_in(line.data(), line.size());
    ++next_;
  }
  for (Reader& reader : readers_) {
    if (reader.waits.load(std::memory_order_seq_cst) && reader.waits.exchange(false)) reader.wake();
  }
}

std::uint64_t LogRing::first() const {
  const std::lock_guard lock(mutex_);
  return first_;
}

std::uint64_t LogRing::next() const {
  const std::lock_guard lock(mutex_);
  return next_;
}

std::uint64_t LogRing::read(std::uint64_t from, std::uint64_t& lost,
                            const std::function<bool(std::string_view)>& take) const {
  const std::lock_guard lock(mutex_);
  if (from < first_) {
    lost += first_ - from;
    from = first_;
  }
  std::size_t at = head_;
  for (std::uint64_t number = first_; number < next_; ++number) {
    Length length = 0;
    copy_out(at, reinterpret_cast<char*>(&length), sizeof length);
    if (number >= from) {
      line_.resize(length);
      copy_out((at + sizeof length) % bytes_.size(), line_.data(), length);
      if (!take(line_)) return number;
    }
    at = (at + sizeof length + length) % bytes_.size();
  }
  return next_;
}

LogRing::Reader& LogRing::add_reader(std::function<void()> wake) {
  Reader& reader = readers_.emplace_back();
  reader.wake = std::move(wake);
  return reader;
}

void LogRing::drop_oldest() noexcept {
  Length length = 0;
  copy_out(head_, reinterpret_cast<char*>(&length), sizeof length);
  head_ = (head_ + sizeof length + length) % bytes_.size();
  used_ -= sizeof length + length;
  ++first_;
}

void LogRing::copy_out(std::size_t at, char* to, std::size_t length) const noexcept {
  const std::size_t here = std::min(length, bytes_.size() - at);
  std::memcpy(to, bytes_.data() + at, here);
  std::memcpy(to + here, bytes_.data(), length - here);
}

void LogRing::copy_in(const char* from, std::size_t length) noexcept {
  const std::size_t at = (head_ + used_) % bytes_.size();
  const std::size_t here = std::min(length, bytes_.size() - at);
  std::memcpy(bytes_.data() + at, from, here);
  std::memcpy(bytes_.data(), from + here, length - here);
  used_ += length;
}

}  // namespace evenkeel::stats
