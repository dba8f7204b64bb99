// Slows failed logins down, per source address. It only suggests delays; the session waits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <unordered_map>

#include "core/address.h"
#include "core/clock.h"

namespace evenkeel::stats {

// Any thread. Memory is bounded: beyond kMaxSources the longest quiet source is forgotten, so that an
// attacker with many addresses slows nobody else down. IPv6 sources count by their /64, as one host owns that
// many addresses.
class LoginThrottle {
 public:
  static constexpr std::size_t kMaxSources = 4096;
  static constexpr Millis kFirstDelay = 250;
  static constexpr Millis kMaxDelay = 8'000;
  static constexpr Millis kForgetAfter = 15 * 60'000;

  explicit LoginThrottle(const Clock& clock) : clock_(clock) {}

  // A login failed: how long to hold back the 401, in milliseconds: 250, 500, ... up to 8000.
  Millis failed(const Address& source);
  // A login succeeded: the source starts anew.
  void succeeded(const Address& source);
  [[nodiscard]] std::size_t sources() const;

 private:
  struct Key {
    std::uint64_t high = 0;
    std::uint64_t family = 0;
    friend bool operator==(const Key&, const Key&) = default;
  };
  struct KeyHash {
    std::size_t operator()(const Key& key) const noexcept;
  };
  struct Entry {
    std::uint32_t failures = 0;
    Millis last = 0;
  };
  static Key key_of(const Address& source) noexcept;
  void make_room(Millis now);

  const Clock& clock_;
  mutable std::mutex mutex_;
  std::unordered_map<Key, Entry, KeyHash> entries_;
};

}  // namespace evenkeel::stats
