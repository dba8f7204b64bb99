// Addresses (manual 7.3.1).
#include <algorithm>
#include <memory>
#include <optional>

#include "rules/converter/families.h"

namespace evenkeel::rules::converter {
namespace {

struct Masks {
  std::array<unsigned char, 4> v4{};
  std::optional<std::array<unsigned char, 16>> v6;
};

// "24", "255.255.255.0", or for IPv6 "64" or "ffff:ffff::".
template <std::size_t kSize>
bool read_mask(std::string_view text, std::array<unsigned char, kSize>& mask) {
  std::int64_t bits = 0;
  if (parse_int(text, bits)) {
    if (bits < 0 || bits > static_cast<std::int64_t>(kSize * 8)) return false;
    for (std::size_t i = 0; i < kSize; ++i) {
      const std::int64_t keep = std::clamp<std::int64_t>(bits - static_cast<std::int64_t>(8 * i), 0, 8);
      mask[i] = static_cast<unsigned char>(0xff00U >> static_cast<unsigned>(keep));
    }
    return true;
  }
  Sample ip;
  if (!parse_ip(text, ip) || ip.type != (kSize == 4 ? SampleType::ipv4 : SampleType::ipv6)) return false;
  std::copy_n(ip.ip.begin(), kSize, mask.begin());
  return true;
}

std::string prepare_mask(Args& args, CompileEnv&) {
  auto masks = std::make_shared<Masks>();
  if (!read_mask(args.text(0), masks->v4)) return "'" + std::string(args.text(0)) + "' is not an IPv4 mask";
  if (args.size() > 1) {
    masks->v6.emplace();
    if (!read_mask(args.text(1), *masks->v6))
      return "'" + std::string(args.text(1)) + "' is not an IPv6 mask";
  }
  args.prepared = std::move(masks);
  return {};
}

bool ipmask(const Args& args, EvalContext&, Sample& sample) {
  const auto& masks = args.as<Masks>();
  if (sample.type == SampleType::ipv6 && !masks.v6 && !to_ipv4(sample)) return false;
  if (sample.type == SampleType::ipv4) {
    for (std::size_t i = 0; i < 4; ++i) sample.ip[i] &= masks.v4[i];
  } else {
    for (std::size_t i = 0; i < 16; ++i) sample.ip[i] &= (*masks.v6)[i];
  }
  return true;
}

constexpr ConverterSpec kConverters[] = {
    {"ipmask", "s[s", SampleType::addr, SampleType::addr, ipmask, prepare_mask},
};

}  // namespace

std::span<const ConverterSpec> ip() noexcept { return kConverters; }

}  // namespace evenkeel::rules::converter
