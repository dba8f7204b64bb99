// ip: addresses and networks (manual 7.1.5); the longest mask decides.
#include <array>
#include <atomic>
#include <bit>

#include "rules/byte_keys.h"
#include "rules/pattern_index.h"

namespace evenkeel::rules {
namespace {

// "8", or "255.0.0.0"; false: neither.
bool parse_mask(std::string_view text, bool v4, unsigned& bits) noexcept {
  std::int64_t number = 0;
  if (parse_int(text, number)) {
    if (number < 0 || number > (v4 ? 32 : 128)) return false;
    bits = static_cast<unsigned>(number);
    return true;
  }
  Sample mask;
  if (!v4 || !parse_ip(text, mask) || mask.type != SampleType::ipv4) return false;
  const std::uint32_t value =
      (std::uint32_t{mask.ip[0]} << 24U) | (mask.ip[1] << 16U) | (mask.ip[2] << 8U) | mask.ip[3];
  bits = static_cast<unsigned>(std::popcount(value));
  return value == (bits == 0 ? 0 : ~std::uint32_t{0} << (32U - bits));  // no holes
}

// The masked address and the length of its mask, as one row of bytes.
struct Key {
  std::array<char, 17> bytes;
  std::size_t size;
  Key(const Sample& ip, unsigned bits) noexcept : bytes{} {
    const std::string_view from = ip.ip_bytes();
    std::copy(from.begin(), from.end(), bytes.begin());
    bytes[from.size()] = static_cast<char>(bits);
    size = from.size() + 1;
  }
  [[nodiscard]] std::string_view view() const noexcept { return {bytes.data(), size}; }
};

// One hash table holds the networks of all masks; a search asks it once for each length of mask that occurs,
// at most 33 or 129 times. A trie over the bits would take as many steps, each of them into other memory.
class NetworkIndex final : public PatternIndex {
 public:
  explicit NetworkIndex(Reclaimer& reclaimer) : keys_(reclaimer) {}

  [[nodiscard]] std::string refuses(std::string_view key) const override {
    Network network;
    if (parse_network(key, network)) return {};
    return "'" + std::string(key) + "' is not a valid IPv4 or IPv6 address";
  }
  void reserve(std::size_t count) override { keys_.reserve(count); }
  void add(const PatternEntry& entry) override {
    Network network;
    if (!parse_network(entry.key(), network)) return;
    auto& masks = network.ip.type == SampleType::ipv4 ? v4_ : v6_;
    masks[network.bits / 64].fetch_or(std::uint64_t{1} << (network.bits % 64), std::memory_order_release);
    keys_.add(Key(network.ip, network.bits).view(), entry);
  }
  void remove(const PatternEntry& entry, const Entries& each) override {
    keys_.remove(key_of(entry), entry, each, key_of);
  }
  const PatternEntry* match(const Sample& sample, Scratch& scratch,
                            std::vector<std::string_view>*) const noexcept override {
    Sample ip = sample;
    if (ip.type == SampleType::bin) {
      ip = Sample::of_ip(sample.text);
      if (!ip.is_ip()) return nullptr;
    }
    if (!cast(ip, SampleType::addr, scratch)) return nullptr;
    if (const PatternEntry* const found = find(ip); found != nullptr) return found;
    if (ip.type == SampleType::ipv4) {
      to_ipv6(ip);
    } else if (!to_ipv4(ip)) {
      return nullptr;
    }
    return find(ip);
  }

 private:
  using Masks = std::array<std::atomic<std::uint64_t>, 3>;
  static std::string key_of(const PatternEntry& entry) {
    Network network;
    if (!parse_network(entry.key(), network)) return {};
    return std::string(Key(network.ip, network.bits).view());
  }
  [[nodiscard]] const PatternEntry* find(const Sample& address) const noexcept {
    const Masks& masks = address.type == SampleType::ipv4 ? v4_ : v6_;
    Sample ip = address;
    for (std::size_t w = masks.size(); w-- > 0;) {
      std::uint64_t word = masks[w].load(std::memory_order_acquire);
      while (word != 0) {
        const auto top = static_cast<unsigned>(63 - std::countl_zero(word));
        word &= ~(std::uint64_t{1} << top);
        const unsigned bits = static_cast<unsigned>(w) * 64 + top;
        mask_out(ip, bits);
        if (const PatternEntry* const found = keys_.find(Key(ip, bits).view()); found != nullptr)
          return found;
      }
    }
    return nullptr;
  }

  ByteKeys keys_;
  Masks v4_{};
  Masks v6_{};
};

}  // namespace

void mask_out(Sample& ip, unsigned bits) noexcept {
  const unsigned size = ip.type == SampleType::ipv4 ? 4 : 16;
  for (unsigned i = bits / 8; i < size; ++i) {
    const unsigned keep = bits > 8 * i ? bits - 8 * i : 0;
    ip.ip[i] &= static_cast<unsigned char>(keep >= 8 ? 0xffU : 0xff00U >> keep);
  }
}

bool parse_network(std::string_view text, Network& out) noexcept {
  const std::size_t slash = text.find('/');
  out.ip = {};
  if (!parse_ip(text.substr(0, slash), out.ip)) return false;
  const bool v4 = out.ip.type == SampleType::ipv4;
  out.bits = v4 ? 32 : 128;
  if (slash != std::string_view::npos && !parse_mask(text.substr(slash + 1), v4, out.bits)) return false;
  mask_out(out.ip, out.bits);
  return true;
}

std::unique_ptr<PatternIndex> make_network_index(Reclaimer& reclaimer) {
  return std::make_unique<NetworkIndex>(reclaimer);
}

}  // namespace evenkeel::rules
