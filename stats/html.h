// Building HTML: text is escaped unless it is a literal of ours.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace evenkeel::stats {

class Html {
 public:
  // Markup of ours, as it is.
  Html& raw(std::string_view markup) {
    out_ += markup;
    return *this;
  }
  // Text of anybody, for element content and quoted attribute values.
  Html& text(std::string_view text);
  // 12345678 as "12 345 678" with narrow no-break spaces.
  Html& number(std::uint64_t value);
  // 1536 as "1.5 KiB".
  Html& bytes(std::uint64_t value);
  // 93784 seconds as "1d2h": the two largest units.
  Html& duration(std::uint64_t seconds);

  [[nodiscard]] std::string take() { return std::move(out_); }

 private:
  std::string out_;
};

}  // namespace evenkeel::stats
