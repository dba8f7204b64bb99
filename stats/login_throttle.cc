#include "stats/login_throttle.h"

#include <algorithm>
#include <cstring>

namespace evenkeel::stats {

std::size_t LoginThrottle::KeyHash::operator()(const Key& key) const noexcept {
  return static_cast<std::size_t>((key.high ^ key.family * 0x9E3779B97F4A7C15U) * 0xD6E8FEB86659FD93U >> 16);
}

LoginThrottle::Key LoginThrottle::key_of(const Address& source) noexcept {
  Key key;
  // Clients on a unix socket have no such bytes: memcpy would be given a null pointer.
  const std::string_view bytes = source.ip_bytes();
  bytes.copy(reinterpret_cast<char*>(&key.high), sizeof key.high);
  if (source.is_v4_mapped()) std::memcpy(&key.high, bytes.data() + 12, 4);
  key.family = static_cast<std::uint64_t>(source.is_v4_mapped() ? AF_INET : source.family());
  return key;
}

void LoginThrottle::make_room(Millis now) {
  if (entries_.size() < kMaxSources) return;
  std::erase_if(entries_, [&](const auto& item) { return now - item.second.last >= kForgetAfter; });
  if (entries_.size() < kMaxSources) return;
  const auto quietest = std::min_element(entries_.begin(), entries_.end(), [](const auto& a, const auto& b) {
    return a.second.last < b.second.last;
  });
  entries_.erase(quietest);
}

Millis LoginThrottle::failed(const Address& source) {
  const Millis now = clock_.now_ms();
  const Key key = key_of(source);
  const std::lock_guard lock(mutex_);
  auto it = entries_.find(key);
  if (it == entries_.end()) {
    make_room(now);
    it = entries_.emplace(key, Entry{}).first;
  } else if (now - it->second.last >= kForgetAfter) {
    it->second.failures = 0;
  }
  it->second.last = now;
  const std::uint32_t doublings = std::min(it->second.failures++, 5U);
  return std::min(kFirstDelay << doublings, kMaxDelay);
}

void LoginThrottle::succeeded(const Address& source) {
  const std::lock_guard lock(mutex_);
  if (!entries_.empty()) entries_.erase(key_of(source));
}

std::size_t LoginThrottle::sources() const {
  const std::lock_guard lock(mutex_);
  return entries_.size();
}

}  // namespace evenkeel::stats
