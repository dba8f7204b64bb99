#include "stats/log_ring.h"

#include <algorithm>
#include <cstring>

#include "stats/ring_store.h"

namespace evenkeel::stats {
namespace {

using Length = std::uint32_t;  // stands in front of each line

}  // namespace

LogRing::LogRing(RingDef def)
    : def_(std::move(def)),
      store_(RingStore::open(def_.backing_file, def_.size)),
      bytes_(store_->bytes()),
      capacity_(store_->capacity()) {}

const std::string& LogRing::store_error() const noexcept { return store_->error(); }

void LogRing::append(std::string_view line) {
  line = line.substr(0, std::min<std::size_t>(def_.max_length, capacity_ - sizeof(Length)));
  const auto length = static_cast<Length>(line.size());
  std::uint64_t first_seen = 0;
  {
    const std::lock_guard lock(mutex_);
    while (capacity_ - used_ < line.size() + sizeof length) drop_oldest();
    copy_in(reinterpret_cast<const char*>(&length), sizeof length);
    copy_in(line.data(), line.size());
    ++next_;
    store_->place(head_, used_, first_);
    first_seen = first_;
  }
  for (Reader& reader : readers_) {
    if (reader.position.load(std::memory_order_relaxed) < first_seen && !reader.warned.exchange(true))
      reader.losing();
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
      copy_out((at + sizeof length) % capacity_, line_.data(), length);
      if (!take(line_)) return number;
    }
    at = (at + sizeof length + length) % capacity_;
  }
  return next_;
}

LogRing::Reader& LogRing::add_reader(std::function<void()> wake, std::function<void()> losing) {
  Reader& reader = readers_.emplace_back();
  reader.losing = std::move(losing);
  reader.wake = std::move(wake);
  return reader;
}

void LogRing::drop_oldest() noexcept {
  Length length = 0;
  copy_out(head_, reinterpret_cast<char*>(&length), sizeof length);
  head_ = (head_ + sizeof length + length) % capacity_;
  used_ -= sizeof length + length;
  for (const Reader& reader : readers_) {
    if (reader.position.load(std::memory_order_relaxed) <= first_)
      dropped.fetch_add(1, std::memory_order_relaxed);
  }
  ++first_;
}

void LogRing::copy_out(std::size_t at, char* to, std::size_t length) const noexcept {
  const std::size_t here = std::min(length, capacity_ - at);
  std::memcpy(to, bytes_ + at, here);
  std::memcpy(to + here, bytes_, length - here);
}

void LogRing::copy_in(const char* from, std::size_t length) noexcept {
  const std::size_t at = (head_ + used_) % capacity_;
  const std::size_t here = std::min(length, capacity_ - at);
  std::memcpy(bytes_ + at, from, here);
  std::memcpy(bytes_, from + here, length - here);
  used_ += length;
}

}  // namespace evenkeel::stats
