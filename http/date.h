// Dates as HTTP writes them.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace evenkeel::http {

// "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110 section 5.6.7), always 29 bytes. Callers that need it often keep
// one per second.
class ImfDate {
 public:
  // Seconds since the epoch, UTC; years 1 to 9999.
  explicit ImfDate(std::int64_t seconds) noexcept;
  [[nodiscard]] std::string_view text() const noexcept { return {text_.data(), text_.size()}; }

 private:
  std::array<char, 29> text_;
};

// Reads an IMF-fixdate; nullopt when the text is anything else (the obsolete forms included).
std::optional<std::int64_t> parse_imf_date(std::string_view text) noexcept;

}  // namespace evenkeel::http
