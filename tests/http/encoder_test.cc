#include "http/encoder.h"

#include <brotli/decode.h>
#include <gtest/gtest.h>
#include <zlib.h>
#include <zstd.h>

#include <random>
#include <string>
#include <vector>

namespace evenkeel::http {
namespace {

std::string inflated(std::string_view text, int window_bits) {
  z_stream z{};
  EXPECT_EQ(inflateInit2(&z, window_bits), Z_OK);
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  z.avail_in = static_cast<uInt>(text.size());
  std::string out;
  int status = Z_OK;
  char block[4096];
  while (status == Z_OK) {
    z.next_out = reinterpret_cast<Bytef*>(block);
    z.avail_out = sizeof block;
    status = inflate(&z, Z_SYNC_FLUSH);
    out.append(block, sizeof block - z.avail_out);
    if (z.avail_in == 0 && z.avail_out != 0) break;
  }
  inflateEnd(&z);
  return out;
}

std::string unbrotlied(std::string_view text) {
  BrotliDecoderState* state = BrotliDecoderCreateInstance(nullptr, nullptr, nullptr);
  std::size_t in = text.size();
  const auto* next = reinterpret_cast<const std::uint8_t*>(text.data());
  std::string out;
  for (;;) {
    std::uint8_t block[4096];
    std::size_t room = sizeof block;
    std::uint8_t* at = block;
    const auto result = BrotliDecoderDecompressStream(state, &in, &next, &room, &at, nullptr);
    out.append(reinterpret_cast<char*>(block), sizeof block - room);
    if (result != BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT) break;
  }
  while (BrotliDecoderHasMoreOutput(state) == BROTLI_TRUE) {
    std::size_t size = 0;
    const auto* bytes = BrotliDecoderTakeOutput(state, &size);
    out.append(reinterpret_cast<const char*>(bytes), size);
  }
  BrotliDecoderDestroyInstance(state);
  return out;
}

std::string unzstded(std::string_view text) {
  ZSTD_DCtx* context = ZSTD_createDCtx();
  ZSTD_inBuffer in{text.data(), text.size(), 0};
  std::string out;
  for (;;) {
    char block[4096];
    ZSTD_outBuffer room{block, sizeof block, 0};
    const std::size_t left = ZSTD_decompressStream(context, &room, &in);
    EXPECT_EQ(ZSTD_isError(left), 0U);
    out.append(block, room.pos);
    if (room.pos < room.size && in.pos == in.size) break;
  }
  ZSTD_freeDCtx(context);
  return out;
}

// As far as the bytes go; a flushed beginning decodes, too.
std::string decoded(Algorithm algorithm, std::string_view text) {
  switch (algorithm) {
    case Algorithm::gzip:
      return inflated(text, 31);
    case Algorithm::deflate:
      return inflated(text, 15);
    case Algorithm::raw_deflate:
      return inflated(text, -15);
    case Algorithm::br:
      return unbrotlied(text);
    case Algorithm::zstd:
      return unzstded(text);
    case Algorithm::identity:
      break;
  }
  return std::string(text);
}

constexpr Algorithm kAll[] = {Algorithm::gzip, Algorithm::deflate, Algorithm::raw_deflate, Algorithm::br,
                              Algorithm::zstd};

class Pump {
 public:
  Pump(Encoder& encoder, std::mt19937& random) : encoder_(encoder), random_(random) {}
  std::string out;

  bool run(std::string_view in, Encoder::Op op) {
    for (int rounds = 0; rounds < 100'000; ++rounds) {
      std::string space(64 + random_() % 3000, '\0');
      const Encoder::Step step = encoder_.run(in, space, op);
      if (step.failed) return false;
      out.append(space, 0, step.produced);
      in.remove_prefix(step.consumed);
      if (step.done) return in.empty();
    }
    return false;
  }

 private:
  Encoder& encoder_;
  std::mt19937& random_;
};

std::string some_text(std::mt19937& random, std::size_t size) {
  std::string text;
  while (text.size() < size) {
    if (random() % 3 == 0) {
      text += static_cast<char>(random());
    } else {
      text += "the quick brown fox jumps over the lazy dog "[random() % 40];
      text.append(text, random() % text.size(), random() % 30);
    }
  }
  text.resize(size);
  return text;
}

TEST(Encoder, DecodesToWhatWentInHoweverItIsCut) {
  std::mt19937 random(7);
  for (const Algorithm algorithm : kAll) {
    for (int level : {1, 5, 9}) {
      const auto encoder = make_encoder(algorithm, {.level = level});
      ASSERT_TRUE(encoder);
      for (int round = 0; round < 6; ++round) {
        const std::string text = some_text(random, random() % 60'000);
        Pump pump(*encoder, random);
        std::string_view rest = text;
        while (!rest.empty()) {
          const std::size_t n = std::min<std::size_t>(rest.size(), 1 + random() % 9000);
          const Encoder::Op op = random() % 4 == 0 ? Encoder::Op::flush : Encoder::Op::more;
          ASSERT_TRUE(pump.run(rest.substr(0, n), op)) << to_string(algorithm);
          rest.remove_prefix(n);
          if (op == Encoder::Op::flush) {
            ASSERT_TRUE(decoded(algorithm, pump.out) == text.substr(0, text.size() - rest.size()))
                << to_string(algorithm);
          }
          if (random() % 8 == 0) encoder->set_level(static_cast<int>(random() % 10));
        }
        ASSERT_TRUE(pump.run({}, Encoder::Op::finish)) << to_string(algorithm);
        ASSERT_TRUE(decoded(algorithm, pump.out) == text) << to_string(algorithm);
        ASSERT_TRUE(encoder->restart(level));
      }
    }
  }
}

TEST(Encoder, GivesItsMemoryBack) {
  const std::size_t before = encoder_memory_in_use();
  std::mt19937 random(1);
  for (const Algorithm algorithm : kAll) {
    const auto encoder = make_encoder(algorithm, {});
    Pump pump(*encoder, random);
    ASSERT_TRUE(pump.run(std::string(40'000, 'x'), Encoder::Op::finish));
    EXPECT_GT(encoder->memory(), 10'000U);
    EXPECT_LE(encoder->memory(), encoder_memory(algorithm, {}) + 65536) << to_string(algorithm);
    EXPECT_EQ(encoder_memory_in_use(), before + encoder->memory());
  }
  EXPECT_EQ(encoder_memory_in_use(), before);
}

TEST(Encoder, KnowsItsWords) {
  for (const Algorithm algorithm : kAll) EXPECT_EQ(algorithm_of(to_string(algorithm)), algorithm);
  EXPECT_EQ(algorithm_of("lzma"), std::nullopt);
  EXPECT_EQ(make_encoder(Algorithm::identity, {}), nullptr);
}

std::optional<Algorithm> chosen(std::string_view accept, std::vector<Algorithm> ours) {
  AcceptedCodings accepted;
  accepted.add(accept);
  return choose_algorithm(accepted, ours);
}

TEST(ChooseAlgorithm, GoesByWeightThenByOurOrder) {
  using enum Algorithm;
  EXPECT_EQ(chosen("gzip, br, zstd", {br, gzip}), br);
  EXPECT_EQ(chosen("gzip;q=1.0, br;q=0.5", {br, gzip}), gzip);
  EXPECT_EQ(chosen("*", {zstd, gzip}), zstd);
  EXPECT_EQ(chosen("gzip;q=0, *", {gzip}), std::nullopt);
  EXPECT_EQ(chosen("gzip;q=0, *", {gzip, br}), br);
  EXPECT_EQ(chosen("*;q=0, gzip", {br, gzip}), gzip);
  EXPECT_EQ(chosen("deflate", {gzip, raw_deflate}), raw_deflate);
  EXPECT_EQ(chosen("X-GZIP", {gzip}), gzip);
  EXPECT_EQ(chosen("", {gzip}), std::nullopt);
  EXPECT_EQ(chosen("identity;q=0", {gzip}), std::nullopt);
  EXPECT_EQ(chosen("identity, gzip;q=0.5", {gzip}), std::nullopt);
  EXPECT_EQ(chosen("identity;q=0.5, gzip;q=0.5", {gzip}), gzip);
  EXPECT_EQ(chosen("identity;q=0.1, *;q=0.2", {gzip}), gzip);
  EXPECT_EQ(chosen("br", {gzip, identity}), identity);
  EXPECT_EQ(chosen("gzip", {identity, gzip}), gzip);
}

TEST(AcceptedCodings, ReadsWeights) {
  EXPECT_EQ(parse_quality("1"), 1000);
  EXPECT_EQ(parse_quality("0.5"), 500);
  EXPECT_EQ(parse_quality("0.005"), 5);
  EXPECT_EQ(parse_quality("1.001"), -1);
  EXPECT_EQ(parse_quality("0.0005"), -1);
  EXPECT_EQ(parse_quality("2"), -1);
  EXPECT_EQ(parse_quality(".5"), -1);
  AcceptedCodings accepted;
  accepted.add("gzip ; q = 0.3;x=1 , br;level=1;Q=0.7,,compress;q=foo");
  accepted.add("gzip;q=0.2");
  EXPECT_EQ(accepted.quality(Coding::gzip), 300);
  EXPECT_EQ(accepted.quality(Coding::br), 700);
  EXPECT_EQ(accepted.quality(Coding::compress), 1000);
  EXPECT_EQ(accepted.quality(Coding::identity), 1000);
  EXPECT_EQ(accepted.quality(Coding::zstd), 0);
  EXPECT_EQ(accepted.quality(Coding::unknown), 0);
}

}  // namespace
}  // namespace evenkeel::http
