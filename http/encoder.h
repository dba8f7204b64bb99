// Compressors of message bodies: bytes in, bytes out, a little at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "http/content_coding.h"

namespace evenkeel::http {

// By the words of `compression algo`. deflate and raw-deflate share a content coding: browsers never agreed
// on which of the two it means.
enum class Algorithm : std::uint8_t { identity, gzip, deflate, raw_deflate, br, zstd };
inline constexpr std::size_t kAlgorithms = 6;

std::optional<Algorithm> algorithm_of(std::string_view word) noexcept;
std::string_view to_string(Algorithm algorithm) noexcept;
Coding coding_of(Algorithm algorithm) noexcept;

// The best of `ours` for this client; equals go by the order of `ours`. A client that names identity with a
// higher weight than anything of ours gets the body as it is. `identity` in the list stands in when nothing
// else will do, whatever the client says (manual 4.2, compression algo). nullopt: leave the body alone.
std::optional<Algorithm> choose_algorithm(const AcceptedCodings& accepted,
                                          std::span<const Algorithm> ours) noexcept;

struct EncoderSettings {
  // tune.comp.maxlevel, 1 to 9: the level of zlib, and with br and zstd the quality of the same number.
  int level = 1;
  int window_bits = 15;  // tune.zlib.windowsize, 8 to 15
  int memory_level = 8;  // tune.zlib.memlevel, 1 to 9
};

class Encoder {
 public:
  enum class Op : std::uint8_t {
    more,    // take the input; output may wait inside for better company
    flush,   // and give out everything that has been taken
    finish,  // and end the stream
  };
  struct Step {
    std::size_t consumed = 0;
    std::size_t produced = 0;
    bool done = false;  // the operation is complete; else call again with the rest and new space
    bool failed = false;
  };

  Encoder() = default;
  Encoder(const Encoder&) = delete;
  Encoder& operator=(const Encoder&) = delete;
  virtual ~Encoder() = default;

  // `out` has at least kLeastRoom bytes; with less, nothing may happen.
  static constexpr std::size_t kLeastRoom = 64;
  virtual Step run(std::string_view in, std::span<char> out, Op op) noexcept = 0;
  // Effort from here on: 0 (hardly any) to 9. Those that cannot change it within a stream ignore it.
  virtual void set_level(int level) noexcept = 0;
  // Makes it ready for another body. False: it can no longer be used.
  virtual bool restart(int level) noexcept = 0;
  // Bytes of memory that it holds now.
  [[nodiscard]] virtual std::size_t memory() const noexcept = 0;
};

// Null for identity, which encodes nothing, and when there is no memory.
std::unique_ptr<Encoder> make_encoder(Algorithm algorithm, const EncoderSettings& settings);
// What an encoder of that kind will need, about: for limits that are asked before there is one.
std::size_t encoder_memory(Algorithm algorithm, const EncoderSettings& settings) noexcept;

// Bytes that all encoders of the process hold. Any thread.
std::size_t encoder_memory_in_use() noexcept;

}  // namespace evenkeel::http
