// The token that a form of the stats page must bring back: a page of another site cannot know it, so it
// cannot make an operator's browser act (cross-site request forgery).
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace evenkeel::stats {

// HMAC-SHA256 over user and hour with a secret of this process. Any thread.
class PageTokens {
 public:
  PageTokens();  // draws the secret; aborts the process when the system has no randomness
  explicit PageTokens(const std::array<unsigned char, 32>& secret) : secret_(secret) {}  // for tests

  // 64 hexadecimal digits. now_s: seconds of any clock that does not jump back by hours.
  [[nodiscard]] std::string make(std::string_view user, std::int64_t now_s) const;
  // Good for the hour in which it was made and the next one. Compares in constant time.
  [[nodiscard]] bool valid(std::string_view token, std::string_view user, std::int64_t now_s) const;

 private:
  [[nodiscard]] std::string of_hour(std::string_view user, std::int64_t hour) const;
  std::array<unsigned char, 32> secret_{};
};

}  // namespace evenkeel::stats
