// Content codings (RFC 9110 section 8.4.1) and which of them a client accepts (section 12.5.3).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "http/header_block.h"

namespace evenkeel::http {

// The codings of IANA's registry; `unknown` is everything else.
enum class Coding : std::uint8_t {
  identity,
  gzip,  // x-gzip, too
  deflate,
  br,
  zstd,
  compress,  // x-compress, too
  exi,
  pack200_gzip,
  aes128gcm,
  dcb,
  dcz,
  unknown,
};
inline constexpr std::size_t kKnownCodings = static_cast<std::size_t>(Coding::unknown);

Coding coding_of(std::string_view token) noexcept;  // in any case
std::string_view to_string(Coding coding) noexcept;

// What the Accept-Encoding fields of a request say. Allocates nothing.
class AcceptedCodings {
 public:
  AcceptedCodings() noexcept { explicit_.fill(kUnsaid); }
  explicit AcceptedCodings(const HeaderBlock& request) noexcept;

  // One more field value. Of a coding that is named twice, the better word counts; a weight that cannot be
  // read counts as 1, as in HAProxy.
  void add(std::string_view list) noexcept;

  // Thousandths: 0 (refused) to 1000. Without a word of its own a coding has that of "*", else identity is
  // acceptable and everything else is not.
  [[nodiscard]] int quality(Coding coding) const noexcept;
  // Whether the client named this very coding.
  [[nodiscard]] bool names(Coding coding) const noexcept {
    return coding != Coding::unknown && explicit_[static_cast<std::size_t>(coding)] != kUnsaid;
  }

 private:
  static constexpr std::int16_t kUnsaid = -1;
  std::array<std::int16_t, kKnownCodings> explicit_{};
  std::int16_t star_ = kUnsaid;
};

// A weight (RFC 9110 section 12.4.2) in thousandths: "0.5" is 500; -1 when it is none.
int parse_quality(std::string_view text) noexcept;

}  // namespace evenkeel::http
