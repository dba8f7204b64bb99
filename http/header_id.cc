#include "http/header_id.h"

#include <array>
#include <cstddef>
#include <cstring>

#include "http/scan.h"

namespace evenkeel::http {
namespace {

static_assert(static_cast<unsigned>(HeaderId::count_) <= 64, "HeaderSet is one 64-bit word");

constexpr std::size_t kCount = static_cast<std::size_t>(HeaderId::count_);
constexpr std::array<std::string_view, kCount> kNames = {
    "",
    "host",
    "connection",
    "content-length",
    "transfer-encoding",
    "upgrade",
    "expect",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "http2-settings",
    "accept",
    "accept-charset",
    "accept-encoding",
    "accept-language",
    "accept-ranges",
    "age",
    "allow",
    "authorization",
    "cache-control",
    "content-encoding",
    "content-language",
    "content-location",
    "content-range",
    "content-type",
    "cookie",
    "date",
    "etag",
    "expires",
    "forwarded",
    "from",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "if-unmodified-since",
    "last-modified",
    "link",
    "location",
    "max-forwards",
    "origin",
    "pragma",
    "proxy-authenticate",
    "proxy-authorization",
    "range",
    "referer",
    "retry-after",
    "sec-websocket-accept",
    "sec-websocket-key",
    "server",
    "set-cookie",
    "strict-transport-security",
    "user-agent",
    "vary",
    "via",
    "warning",
    "www-authenticate",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-original-to",
    "x-real-ip",
};
static_assert(!kNames[kCount - 1].empty(), "a HeaderId has no name");

constexpr std::size_t kLongest = 25;

// The first and the last eight bytes of a name: with the length they identify every name of up to 16 bytes
// fully.
struct Key {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
};

template <std::size_t N>
constexpr std::uint64_t load(const char* p) noexcept {
  if (__builtin_is_constant_evaluated()) {
    std::uint64_t v = 0;
    for (std::size_t i = 0; i < N; ++i) v |= std::uint64_t{static_cast<unsigned char>(p[i])} << (8 * i);
    return v;
  }
  if constexpr (N == 8) {
    std::uint64_t v;
    std::memcpy(&v, p, 8);
    return v;
  } else {
    std::uint32_t v;
    std::memcpy(&v, p, 4);
    return v;
  }
}
static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "load() at run time would differ from the table");

constexpr Key key_of(const char* p, std::size_t n) noexcept {
  if (n >= 8) return {load<8>(p), load<8>(p + n - 8)};
  if (n >= 4) return {load<4>(p), load<4>(p + n - 4)};
  const auto at = [p](std::size_t i) { return std::uint64_t{static_cast<unsigned char>(p[i])}; };
  return {at(0), at(n / 2) << 8 | at(n - 1)};
}

constexpr std::size_t kSlots = 512;

constexpr std::size_t slot_of(Key key, std::size_t n, std::uint64_t seed) noexcept {
  const std::uint64_t mixed = (key.first ^ (key.last * 0x9E3779B97F4A7C15ULL) ^ n) * seed;
  return static_cast<std::size_t>(mixed >> 55);
}

constexpr bool is_perfect(std::uint64_t seed) noexcept {
  std::array<bool, kSlots> taken{};
  for (std::size_t i = 1; i < kCount; ++i) {
    const std::size_t s = slot_of(key_of(kNames[i].data(), kNames[i].size()), kNames[i].size(), seed);
    if (taken[s]) return false;
    taken[s] = true;
  }
  return true;
}

// Found by the compiler: about one multiplier in fifty sends no two names to one slot.
constexpr std::uint64_t find_seed() noexcept {
  std::uint64_t seed = 0xD1B54A32D192ED03ULL;
  for (int tries = 0; tries < 3000; ++tries) {
    if (is_perfect(seed)) return seed;
    seed = seed * 6364136223846793005ULL + 1442695040888963406ULL;
  }
  return 0;
}

constexpr std::uint64_t kSeed = find_seed();
static_assert(kSeed != 0, "no perfect hash found: raise kSlots");

struct Slot {
  Key key;
  std::uint8_t length = 0;
  HeaderId id = HeaderId::other;
};

constexpr std::array<Slot, kSlots> make_table() noexcept {
  std::array<Slot, kSlots> table{};
  for (std::size_t i = 1; i < kCount; ++i) {
    const Key key = key_of(kNames[i].data(), kNames[i].size());
    table[slot_of(key, kNames[i].size(), kSeed)] = {key, static_cast<std::uint8_t>(kNames[i].size()),
                                                    static_cast<HeaderId>(i)};
  }
  return table;
}

constexpr std::array<Slot, kSlots> kTable = make_table();

}  // namespace

HeaderId header_id_of_lower(std::string_view name) noexcept {
  const std::size_t n = name.size();
  if (n == 0 || n > kLongest) return HeaderId::other;
  const Key key = key_of(name.data(), n);
  const Slot& slot = kTable[slot_of(key, n, kSeed)];
  if (slot.length != n || slot.key.first != key.first || slot.key.last != key.last) return HeaderId::other;
  if (n > 16 && name != kNames[static_cast<std::size_t>(slot.id)]) return HeaderId::other;
  return slot.id;
}

HeaderId header_id_of(std::string_view name) noexcept {
  if (name.empty() || name.size() > kLongest) return HeaderId::other;
  char lower[kLongest];
  for (std::size_t i = 0; i < name.size(); ++i) lower[i] = to_lower(name[i]);
  return header_id_of_lower({lower, name.size()});
}

std::string_view to_string(HeaderId id) noexcept {
  const auto i = static_cast<std::size_t>(id);
  return i < kCount ? kNames[i] : std::string_view();
}

}  // namespace evenkeel::http
