#include "http/encoder.h"

#include <algorithm>
#include <array>

#include "http/encoder/br.h"
#include "http/encoder/zlib.h"
#include "http/encoder/zstd.h"

namespace evenkeel::http {
namespace {

constexpr std::array<std::string_view, kAlgorithms> kWords = {"identity",    "gzip", "deflate",
                                                              "raw-deflate", "br",   "zstd"};

}  // namespace

std::optional<Algorithm> algorithm_of(std::string_view word) noexcept {
  const auto found = std::find(kWords.begin(), kWords.end(), word);
  if (found == kWords.end()) return std::nullopt;
  return static_cast<Algorithm>(found - kWords.begin());
}

std::string_view to_string(Algorithm algorithm) noexcept {
  return kWords[static_cast<std::size_t>(algorithm)];
}

Coding coding_of(Algorithm algorithm) noexcept {
  constexpr std::array<Coding, kAlgorithms> kCodings = {Coding::identity, Coding::gzip, Coding::deflate,
                                                        Coding::deflate,  Coding::br,   Coding::zstd};
  return kCodings[static_cast<std::size_t>(algorithm)];
}

std::optional<Algorithm> choose_algorithm(const AcceptedCodings& accepted,
                                          std::span<const Algorithm> ours) noexcept {
  std::optional<Algorithm> best;
  int best_quality = 0;
  bool stand_in = false;
  for (const Algorithm algorithm : ours) {
    if (algorithm == Algorithm::identity) {
      stand_in = true;
      continue;
    }
    const int quality = accepted.quality(coding_of(algorithm));
    if (quality <= best_quality) continue;
    best = algorithm;
    best_quality = quality;
  }
  if (best && accepted.names(Coding::identity) && accepted.quality(Coding::identity) > best_quality)
    best.reset();
  if (!best && stand_in) best = Algorithm::identity;
  return best;
}

std::unique_ptr<Encoder> make_encoder(Algorithm algorithm, const EncoderSettings& settings) {
  switch (algorithm) {
    case Algorithm::identity:
      return nullptr;
    case Algorithm::gzip:
    case Algorithm::deflate:
    case Algorithm::raw_deflate:
      return make_zlib_encoder(algorithm, settings);
    case Algorithm::br:
      return make_brotli_encoder(settings);
    case Algorithm::zstd:
      return make_zstd_encoder(settings);
  }
  return nullptr;
}

std::size_t encoder_memory(Algorithm algorithm, const EncoderSettings& settings) noexcept {
  switch (algorithm) {
    case Algorithm::identity:
      return 0;
    case Algorithm::gzip:
    case Algorithm::deflate:
    case Algorithm::raw_deflate:  // as zconf.h tells, and the state itself
      return (std::size_t{1} << (settings.window_bits + 2)) +
             (std::size_t{1} << (settings.memory_level + 9)) + 6144;
    case Algorithm::br:  // measured with a window of 256 kB; grows with the quality
      return settings.level <= 1 ? std::size_t{640} << 10 : std::size_t{3} << 20;
    case Algorithm::zstd:
      return settings.level <= 3 ? std::size_t{1} << 20 : std::size_t{4} << 20;
  }
  return 0;
}

}  // namespace evenkeel::http
