// A sample: one typed value fetched from a session or computed by a converter (manual 7.3).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "rules/scratch.h"

namespace evenkeel {
class Address;
}

namespace evenkeel::rules {

// The names are those of the keyword list. `any` and `addr` appear in declarations only, never in a value:
// `addr` stands for "ipv4 or ipv6", `any` for "decided when it runs".
enum class SampleType : std::uint8_t { none, any, boolean, sint, addr, ipv4, ipv6, str, bin, meth };

std::string_view to_string(SampleType type) noexcept;

// A view, cheap to copy. Text points into the message it was read from or into a Scratch: it lives until the
// message changes or the scratch is reset, whichever comes first.
struct Sample {
  SampleType type = SampleType::none;
  std::int64_t integer = 0;          // boolean (0 or 1) and sint
  std::string_view text;             // str, bin and meth
  std::array<unsigned char, 16> ip;  // network order; ipv4 uses the first four

  static Sample of_bool(bool value) noexcept { return {SampleType::boolean, value ? 1 : 0, {}, {}}; }
  static Sample of_int(std::int64_t value) noexcept { return {SampleType::sint, value, {}, {}}; }
  static Sample of_text(std::string_view value) noexcept { return {SampleType::str, 0, value, {}}; }
  static Sample of_bin(std::string_view value) noexcept { return {SampleType::bin, 0, value, {}}; }
  static Sample of_method(std::string_view value) noexcept { return {SampleType::meth, 0, value, {}}; }
  // bytes: 4 or 16 of them, network order; anything else gives `none`.
  static Sample of_ip(std::string_view bytes) noexcept;

  [[nodiscard]] bool is_ip() const noexcept { return type == SampleType::ipv4 || type == SampleType::ipv6; }
  [[nodiscard]] bool is_text() const noexcept { return type >= SampleType::str; }
  [[nodiscard]] std::string_view ip_bytes() const noexcept {
    return {reinterpret_cast<const char*>(ip.data()), type == SampleType::ipv4 ? 4U : 16U};
  }
};

// Whether a cast from one type to the other exists at all (it may still fail on a value). Used at load.
bool castable(SampleType from, SampleType to) noexcept;

// Turns the sample into the given type as manual 7.1's table allows. False: there is no such cast or the
// value does not have one (the text "abc" as an address). Text made here is held by the scratch.
bool cast(Sample& sample, SampleType to, Scratch& scratch) noexcept;

// The sample as text, as a log or a header shows it: numbers in decimal, addresses printed, bytes as they
// are.
std::string_view as_text(const Sample& sample, Scratch& scratch) noexcept;

// A leading decimal number, with an optional sign; what follows is ignored, no digits give 0, and what does
// not fit gives the nearest limit. So do all conversions from text to integer.
std::int64_t leading_int(std::string_view text) noexcept;

// A whole text that is a decimal or 0x-prefixed number; false when it is not or does not fit.
bool parse_int(std::string_view text, std::int64_t& value) noexcept;

// "192.0.2.1" or "2001:db8::1"; false leaves the sample as it was.
bool parse_ip(std::string_view text, Sample& sample) noexcept;

// ::ffff:192.0.2.1 and 2002:c000:201::/48 hold an IPv4 address: turn the sample into it, false where there is
// none.
bool to_ipv4(Sample& sample) noexcept;
void to_ipv6(Sample& sample) noexcept;  // pre: sample.is_ip()

}  // namespace evenkeel::rules
