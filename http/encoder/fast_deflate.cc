#include "http/encoder/fast_deflate.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <utility>

#include "http/encoder/memory.h"

namespace evenkeel::http {
namespace {

static_assert(std::endian::native == std::endian::little);

struct Code {
  std::uint32_t bits = 0;  // the first bit to be sent is the lowest
  std::uint8_t length = 0;
};

constexpr std::uint32_t reversed(std::uint32_t code, int length) {
  std::uint32_t out = 0;
  for (int i = 0; i < length; ++i) out |= ((code >> i) & 1U) << (length - 1 - i);
  return out;
}

// The fixed code of a literal or length symbol (RFC 1951 section 3.2.6).
constexpr Code symbol(std::uint32_t s) {
  if (s < 144) return {reversed(0x30 + s, 8), 8};
  if (s < 256) return {reversed(0x190 + s - 144, 9), 9};
  if (s < 280) return {reversed(s - 256, 7), 7};
  return {reversed(0xC0 + s - 280, 8), 8};
}

constexpr int kShortest = 4;
constexpr int kLongest = 258;
constexpr std::uint32_t kFarthest = 32768;

constexpr auto kLiterals = [] {
  std::array<Code, 256> table{};
  for (std::uint32_t i = 0; i < table.size(); ++i) table[i] = symbol(i);
  return table;
}();

// Code and extra bits of each length (section 3.2.5).
constexpr auto kLengths = [] {
  std::array<Code, kLongest + 1> table{};
  for (std::uint32_t n = 3; n <= kLongest; ++n) {
    std::uint32_t rest = n - 3;
    std::uint32_t extra = rest < 8 ? 0 : static_cast<std::uint32_t>(std::bit_width(rest)) - 3;
    std::uint32_t code = 257 + (extra << 2) + (rest >> extra);
    if (n == kLongest) {
      code = 285;
      extra = rest = 0;
    }
    const Code head = symbol(code);
    table[n] = {head.bits | ((rest & ((1U << extra) - 1)) << head.length),
                static_cast<std::uint8_t>(head.length + extra)};
  }
  return table;
}();

constexpr auto kDistanceCodes = [] {
  std::array<std::uint32_t, 30> table{};
  for (std::uint32_t i = 0; i < table.size(); ++i) table[i] = reversed(i, 5);
  return table;
}();

Code distance_code(std::uint32_t distance) noexcept {
  const std::uint32_t rest = distance - 1;
  if (rest < 4) return {kDistanceCodes[rest], 5};
  const auto extra = static_cast<std::uint32_t>(std::bit_width(rest)) - 2;
  const std::uint32_t code = 2 * extra + (rest >> extra);
  return {kDistanceCodes[code] | ((rest & ((1U << extra) - 1)) << 5), static_cast<std::uint8_t>(5 + extra)};
}

std::uint32_t load32(const std::uint8_t* p) noexcept {
  std::uint32_t v = 0;
  std::memcpy(&v, p, sizeof v);
  return v;
}
std::uint64_t load64(const std::uint8_t* p) noexcept {
  std::uint64_t v = 0;
  std::memcpy(&v, p, sizeof v);
  return v;
}

// How many bytes are equal from both places on, up to `limit`.
int common(const std::uint8_t* a, const std::uint8_t* b, int limit) noexcept {
  int n = 0;
  while (n + 8 <= limit) {
    const std::uint64_t difference = load64(a + n) ^ load64(b + n);
    if (difference != 0) return n + (std::countr_zero(difference) >> 3);
    n += 8;
  }
  while (n < limit && a[n] == b[n]) ++n;
  return n;
}

class FastDeflate final : public Encoder {
 public:
  explicit FastDeflate(Algorithm algorithm) : algorithm_(algorithm) {
    gauge_.set(sizeof *this);
    (void)restart(1);
  }

  Step run(std::string_view in, std::span<char> out, Op op) noexcept override {
    if (out.size() < kRoom) return {};
    cursor_ = out.data();
    end_ = out.data() + out.size();
    if (!begun_) write_header();
    std::size_t used = 0;
    if (!in.empty()) {
      const std::string_view piece = in.substr(0, kPiece);
      used = compress(piece);
      checksum(piece.substr(0, used));
    }
    Step step;
    step.consumed = used;
    if (used == in.size()) step.done = op == Op::more || room() >= kRoom / 2;
    if (step.done && op == Op::flush) synchronise();
    if (step.done && op == Op::finish) end_stream();
    step.produced = static_cast<std::size_t>(cursor_ - out.data());
    return step;
  }

  void set_level(int level) noexcept override { store_only_ = level == 0; }

  bool restart(int level) noexcept override {
    set_level(level);
    begun_ = block_open_ = ended_ = false;
    bits_ = 0;
    bit_count_ = 0;
    size_ = 0;
    sum_ = algorithm_ == Algorithm::deflate ? adler32(0, nullptr, 0) : crc32(0, nullptr, 0);
    return true;
  }

  [[nodiscard]] std::size_t memory() const noexcept override { return sizeof *this; }

 private:
  static constexpr int kHashBits = 13;
  static constexpr std::size_t kRoom = 64;    // for what cannot be interrupted: header, end, one match
  static constexpr std::size_t kMargin = 16;  // kept free while tokens are written
  static constexpr std::size_t kPiece = std::size_t{1} << 24;

  [[nodiscard]] std::size_t room() const noexcept { return static_cast<std::size_t>(end_ - cursor_); }

  void put(Code code) noexcept {
    bits_ |= std::uint64_t{code.bits} << bit_count_;
    bit_count_ += code.length;
  }
  // Whole bytes go out; less than 8 bits stay. Writes up to 8 bytes beyond what counts.
  void settle() noexcept {
    std::memcpy(cursor_, &bits_, sizeof bits_);
    cursor_ += bit_count_ >> 3;
    bits_ >>= bit_count_ & ~7U;
    bit_count_ &= 7U;
  }
  void align() noexcept {
    bit_count_ = (bit_count_ + 7U) & ~7U;
    settle();
  }
  void bytes(const void* from, std::size_t n) noexcept {
    std::memcpy(cursor_, from, n);
    cursor_ += n;
  }

  void write_header() noexcept {
    begun_ = true;
    constexpr unsigned char kGzip[10] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 4, 3};  // fastest; Unix (RFC 1952)
    constexpr unsigned char kZlib[2] = {0x78, 0x01};                           // RFC 1950
    if (algorithm_ == Algorithm::gzip) bytes(kGzip, sizeof kGzip);
    if (algorithm_ == Algorithm::deflate) bytes(kZlib, sizeof kZlib);
  }

  void checksum(std::string_view text) noexcept {
    const auto* data = reinterpret_cast<const Bytef*>(text.data());
    size_ += static_cast<std::uint32_t>(text.size());
    if (algorithm_ == Algorithm::gzip) sum_ = crc32_z(sum_, data, text.size());
    if (algorithm_ == Algorithm::deflate) sum_ = adler32_z(sum_, data, text.size());
  }

  void open_block() noexcept {
    if (block_open_) return;
    put({0b010, 3});  // not the last one, fixed codes
    block_open_ = true;
  }
  void close_block() noexcept {
    if (block_open_) put(symbol_end());
    block_open_ = false;
    settle();
  }
  static constexpr Code symbol_end() noexcept { return symbol(256); }

  // Ends at a byte, so that everything before can be decoded.
  void synchronise() noexcept {
    if (!block_open_ && bit_count_ == 0) return;
    close_block();
    stored_header(0);
  }
  void stored_header(std::uint16_t length) noexcept {
    put({0b000, 3});
    align();
    const std::array<std::uint16_t, 2> lengths = {length, static_cast<std::uint16_t>(~length)};
    bytes(lengths.data(), sizeof lengths);
  }

  void end_stream() noexcept {
    if (std::exchange(ended_, true)) return;
    close_block();
    put({0b011, 3});  // the last one, fixed codes, empty
    put(symbol_end());
    align();
    const auto sum = static_cast<std::uint32_t>(sum_);
    if (algorithm_ == Algorithm::gzip) {
      bytes(&sum, sizeof sum);
      bytes(&size_, sizeof size_);
    } else if (algorithm_ == Algorithm::deflate) {
      const unsigned char big[4] = {static_cast<unsigned char>(sum >> 24),
                                    static_cast<unsigned char>(sum >> 16),
                                    static_cast<unsigned char>(sum >> 8), static_cast<unsigned char>(sum)};
      bytes(big, sizeof big);
    }
  }

  // Bytes without a match; returns how many found room.
  std::size_t literals(const std::uint8_t* from, std::size_t n) noexcept {
    if (n == 0) return 0;
    bool store = store_only_;
    if (!store && n >= 64) {  // a change of blocks costs up to 8 bytes, each high byte one bit
      std::size_t high = 0;
      for (std::size_t i = 0; i < n; ++i) high += from[i] >= 144 ? 1 : 0;
      store = high > 96;
    }
    return store ? store_bytes(from, n) : encode_bytes(from, n);
  }

  std::size_t encode_bytes(const std::uint8_t* from, std::size_t n) noexcept {
    open_block();
    settle();
    std::size_t done = 0;
    while (done + 4 <= n && room() >= kMargin) {
      put(kLiterals[from[done]]);
      put(kLiterals[from[done + 1]]);
      put(kLiterals[from[done + 2]]);
      put(kLiterals[from[done + 3]]);
      settle();
      done += 4;
    }
    while (done < n && room() >= kMargin) {
      put(kLiterals[from[done++]]);
      settle();
    }
    return done;
  }

  std::size_t store_bytes(const std::uint8_t* from, std::size_t n) noexcept {
    std::size_t done = 0;
    while (done < n && room() > 2 * kMargin - 8) {
      const std::size_t piece = std::min<std::size_t>({n - done, 65535, room() - kMargin});
      close_block();
      stored_header(static_cast<std::uint16_t>(piece));
      bytes(from + done, piece);
      done += piece;
    }
    return done;
  }

  std::size_t compress(std::string_view text) noexcept {
    if (origin_ > UINT32_MAX - 2 * kPiece) {
      table_.fill(0);
      origin_ = 1;
    }
    const auto* const begin = reinterpret_cast<const std::uint8_t*>(text.data());
    const auto* const end = begin + text.size();
    const std::uint8_t* p = begin;
    const std::uint8_t* run = begin;  // where the bytes without a match begin
    const std::uint8_t* const limit = text.size() > 16 && !store_only_ ? end - 16 : begin;
    while (p < limit) {
      const std::uint32_t four = load32(p);
      std::uint32_t& slot = table_[(four * 2654435761U) >> (32 - kHashBits)];
      const std::uint32_t here = origin_ + static_cast<std::uint32_t>(p - begin);
      const std::uint32_t seen = std::exchange(slot, here);
      const std::uint32_t distance = here - seen;
      if (seen < origin_ || distance > kFarthest || load32(p - distance) != four) {
        p += 1 + ((p - run) >> 7);  // what has had no match for long will have none soon
        continue;
      }
      const auto most = static_cast<int>(std::min<std::ptrdiff_t>(kLongest, end - p));
      const int length = kShortest + common(p + kShortest, p - distance + kShortest, most - kShortest);
      const auto pending = static_cast<std::size_t>(p - run);
      const std::size_t written = literals(run, pending);
      if (written < pending || room() < kMargin) {
        origin_ += static_cast<std::uint32_t>(text.size());
        return static_cast<std::size_t>(run - begin) + written;
      }
      open_block();
      put(kLengths[static_cast<std::size_t>(length)]);
      put(distance_code(distance));
      settle();
      p += length;
      run = p;
    }
    const std::size_t written = literals(run, static_cast<std::size_t>(end - run));
    origin_ += static_cast<std::uint32_t>(text.size());
    return static_cast<std::size_t>(run - begin) + written;
  }

  Algorithm algorithm_;
  bool begun_ = false;
  bool block_open_ = false;
  bool ended_ = false;
  bool store_only_ = false;
  std::uint64_t bits_ = 0;
  std::uint32_t bit_count_ = 0;
  std::uint32_t size_ = 0;
  uLong sum_ = 0;
  char* cursor_ = nullptr;
  char* end_ = nullptr;
  std::uint32_t origin_ = 1;  // position of the present piece's first byte; grows, so that old entries show
  std::array<std::uint32_t, std::size_t{1} << kHashBits> table_{};
  MemoryGauge gauge_;
};

}  // namespace

std::unique_ptr<Encoder> make_fast_deflate_encoder(Algorithm algorithm) {
  return std::make_unique<FastDeflate>(algorithm);
}

}  // namespace evenkeel::http
