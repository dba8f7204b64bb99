#include "rules/sample.h"

#include <arpa/inet.h>

#include <charconv>
#include <cstring>
#include <limits>

namespace evenkeel::rules {
namespace {

constexpr unsigned char kMappedPrefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

bool to_text(Sample& sample, Scratch& scratch) noexcept {
  const std::string_view text = as_text(sample, scratch);
  sample.text = text;
  sample.type = SampleType::str;
  return text.data() != nullptr;
}

bool to_int(Sample& sample) noexcept {
  if (sample.type == SampleType::ipv4) {
    sample.integer =
        (std::int64_t{sample.ip[0]} << 24) | (sample.ip[1] << 16) | (sample.ip[2] << 8) | sample.ip[3];
  } else if (sample.is_text()) {
    if (sample.text.empty()) return false;
    sample.integer = leading_int(sample.text);
  } else if (sample.type == SampleType::ipv6) {
    return false;
  }
  sample.type = SampleType::sint;
  return true;
}

bool to_bool(Sample& sample) noexcept {
  if (!to_int(sample)) return false;
  sample.integer = sample.integer != 0 ? 1 : 0;
  sample.type = SampleType::boolean;
  return true;
}

bool to_bin(Sample& sample, Scratch& scratch) noexcept {
  if (sample.type == SampleType::sint || sample.type == SampleType::boolean) {
    char* to = scratch.take(8);
    auto value = static_cast<std::uint64_t>(sample.integer);
    for (int i = 7; i >= 0; --i, value >>= 8U) to[i] = static_cast<char>(value & 0xffU);
    sample.text = {to, 8};
  } else if (sample.is_ip()) {
    sample.text = scratch.copy(sample.ip_bytes());
  }
  sample.type = SampleType::bin;
  return true;
}

void int_to_ipv4(Sample& sample) noexcept {
  const auto value = static_cast<std::uint32_t>(sample.integer);
  for (unsigned i = 0; i < 4; ++i) sample.ip[i] = static_cast<unsigned char>(value >> (24U - 8U * i));
  sample.type = SampleType::ipv4;
}

bool to_ip(Sample& sample, SampleType to) noexcept {
  if (sample.is_text()) {
    if (!parse_ip(sample.text, sample)) return false;
  } else if (!sample.is_ip()) {
    int_to_ipv4(sample);
  }
  if (to == SampleType::ipv4) return to_ipv4(sample);
  if (to == SampleType::ipv6) to_ipv6(sample);
  return true;
}

}  // namespace

std::string_view to_string(SampleType type) noexcept {
  static constexpr std::string_view kNames[] = {"none", "any",  "bool", "sint", "addr",
                                                "ipv4", "ipv6", "str",  "bin",  "meth"};
  return kNames[static_cast<std::size_t>(type)];
}

Sample Sample::of_ip(std::string_view bytes) noexcept {
  Sample sample;
  if (bytes.size() != 4 && bytes.size() != 16) return sample;
  sample.type = bytes.size() == 4 ? SampleType::ipv4 : SampleType::ipv6;
  std::memcpy(sample.ip.data(), bytes.data(), bytes.size());
  return sample;
}

bool castable(SampleType from, SampleType to) noexcept {
  if (from == SampleType::none || to == SampleType::none) return false;
  if (from == to || from == SampleType::any || to == SampleType::any) return true;
  switch (to) {
    case SampleType::boolean:
    case SampleType::sint:
      return from != SampleType::ipv6;
    case SampleType::addr:
    case SampleType::ipv4:
    case SampleType::ipv6:
      return from != SampleType::boolean && from != SampleType::meth && from != SampleType::bin;
    case SampleType::meth:
      return from == SampleType::str || from == SampleType::bin;
    default:
      return true;
  }
}

bool cast(Sample& sample, SampleType to, Scratch& scratch) noexcept {
  if (sample.type == to || to == SampleType::any) return true;
  switch (to) {
    case SampleType::boolean:
      return to_bool(sample);
    case SampleType::sint:
      return to_int(sample);
    case SampleType::addr:
    case SampleType::ipv4:
    case SampleType::ipv6:
      return to_ip(sample, to);
    case SampleType::str:
      return to_text(sample, scratch);
    case SampleType::bin:
      return to_bin(sample, scratch);
    case SampleType::meth:
      if (!sample.is_text()) return false;
      sample.type = to;
      return true;
    default:
      return false;
  }
}

std::string_view as_text(const Sample& sample, Scratch& scratch) noexcept {
  switch (sample.type) {
    case SampleType::str:
    case SampleType::bin:
    case SampleType::meth:
      return sample.text.data() != nullptr ? sample.text : std::string_view("");
    case SampleType::boolean:
    case SampleType::sint: {
      char* to = scratch.take(20);
      const auto end = std::to_chars(to, to + 20, sample.integer);
      return {to, static_cast<std::size_t>(end.ptr - to)};
    }
    case SampleType::ipv4:
    case SampleType::ipv6: {
      char* to = scratch.take(INET6_ADDRSTRLEN);
      ::inet_ntop(sample.type == SampleType::ipv4 ? AF_INET : AF_INET6, sample.ip.data(), to,
                  INET6_ADDRSTRLEN);
      return to;
    }
    default:
      return {};
  }
}

std::int64_t leading_int(std::string_view text) noexcept {
  if (!text.empty() && text.front() == '+') text.remove_prefix(1);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc::result_out_of_range) return value;
  return text.front() == '-' ? std::numeric_limits<std::int64_t>::min()
                             : std::numeric_limits<std::int64_t>::max();
}

bool parse_int(std::string_view text, std::int64_t& value) noexcept {
  int base = 10;
  if (text.size() > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
    base = 16;
    text.remove_prefix(2);
  }
  if (!text.empty() && text.front() == '+') text.remove_prefix(1);
  std::int64_t parsed = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), parsed, base);
  if (error != std::errc{} || end != text.data() + text.size() || text.empty()) return false;
  value = parsed;
  return true;
}

bool parse_ip(std::string_view text, Sample& sample) noexcept {
  char buffer[INET6_ADDRSTRLEN];
  if (text.empty() || text.size() >= sizeof buffer) return false;
  std::memcpy(buffer, text.data(), text.size());
  buffer[text.size()] = 0;
  unsigned char ip[16];
  if (::inet_pton(AF_INET, buffer, ip) == 1) {
    std::memcpy(sample.ip.data(), ip, 4);
    sample.type = SampleType::ipv4;
    return true;
  }
  if (::inet_pton(AF_INET6, buffer, ip) != 1) return false;
  std::memcpy(sample.ip.data(), ip, 16);
  sample.type = SampleType::ipv6;
  return true;
}

bool to_ipv4(Sample& sample) noexcept {
  if (sample.type == SampleType::ipv4) return true;
  if (sample.type != SampleType::ipv6) return false;
  std::size_t at = 0;
  if (std::memcmp(sample.ip.data(), kMappedPrefix, sizeof kMappedPrefix) == 0) {
    at = 12;
  } else if (sample.ip[0] == 0x20 && sample.ip[1] == 0x02) {
    at = 2;
  } else {
    return false;
  }
  std::memmove(sample.ip.data(), sample.ip.data() + at, 4);
  sample.type = SampleType::ipv4;
  return true;
}

void to_ipv6(Sample& sample) noexcept {
  if (sample.type != SampleType::ipv4) return;
  std::memcpy(sample.ip.data() + 12, sample.ip.data(), 4);
  std::memcpy(sample.ip.data(), kMappedPrefix, sizeof kMappedPrefix);
  sample.type = SampleType::ipv6;
}

}  // namespace evenkeel::rules
