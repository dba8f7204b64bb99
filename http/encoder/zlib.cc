#include "http/encoder/zlib.h"

#include <zlib.h>

#include <algorithm>

#include "http/encoder/memory.h"

namespace evenkeel::http {
namespace {

// deflateInit2 tells the three wrappings apart by the window size.
int window_bits(Algorithm algorithm, int bits) noexcept {
  bits = std::max(bits, 9);  // zlib refuses 8 for raw streams, and makes 9 of it elsewhere
  if (algorithm == Algorithm::gzip) return bits + 16;
  return algorithm == Algorithm::raw_deflate ? -bits : bits;
}

class ZlibEncoder final : public Encoder {
 public:
  ZlibEncoder(Algorithm algorithm, const EncoderSettings& settings) noexcept : level_(settings.level) {
    z_.zalloc = [](void* gauge, unsigned items, unsigned size) -> void* {
      return static_cast<MemoryGauge*>(gauge)->allocate(std::size_t{items} * size);
    };
    z_.zfree = [](void* gauge, void* block) { static_cast<MemoryGauge*>(gauge)->release(block); };
    z_.opaque = &gauge_;
    ready_ = deflateInit2(&z_, settings.level, Z_DEFLATED, window_bits(algorithm, settings.window_bits),
                          settings.memory_level, Z_DEFAULT_STRATEGY) == Z_OK;
  }
  ~ZlibEncoder() override {
    if (ready_) deflateEnd(&z_);
  }
  [[nodiscard]] bool ready() const noexcept { return ready_; }

  Step run(std::string_view in, std::span<char> out, Op op) noexcept override {
    z_.next_out = reinterpret_cast<Bytef*>(out.data());
    z_.avail_out = static_cast<uInt>(std::min<std::size_t>(out.size(), UINT32_MAX));
    const uInt space = z_.avail_out;
    apply_level();
    z_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(in.data()));
    z_.avail_in = static_cast<uInt>(std::min<std::size_t>(in.size(), UINT32_MAX));
    const uInt given = z_.avail_in;
    const bool whole = given == in.size();
    const int flush = !whole || op == Op::more ? Z_NO_FLUSH : (op == Op::flush ? Z_SYNC_FLUSH : Z_FINISH);
    const int status = deflate(&z_, flush);
    Step step;
    step.consumed = given - z_.avail_in;
    step.produced = space - z_.avail_out;
    // Z_BUF_ERROR: there was nothing to do, or no room; neither harms.
    step.failed = status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR;
    const bool drained = whole && z_.avail_in == 0 && z_.avail_out != 0;
    step.done = op == Op::finish ? status == Z_STREAM_END : drained;
    return step;
  }

  void set_level(int level) noexcept override { wanted_ = std::clamp(level, 0, 9); }

  bool restart(int level) noexcept override {
    if (!ready_ || deflateReset(&z_) != Z_OK) return false;
    wanted_ = level;
    return true;
  }

  [[nodiscard]] std::size_t memory() const noexcept override { return gauge_.bytes(); }

 private:
  // Ends the current block, which takes room for output; without it, the change waits for the next call.
  void apply_level() noexcept {
    if (wanted_ < 0 || wanted_ == level_) return;
    z_.next_in = nullptr;
    z_.avail_in = 0;
    if (deflateParams(&z_, wanted_, Z_DEFAULT_STRATEGY) == Z_OK) level_ = wanted_;
  }

  MemoryGauge gauge_;
  z_stream z_{};
  int level_;
  int wanted_ = -1;
  bool ready_ = false;
};

}  // namespace

std::unique_ptr<Encoder> make_zlib_encoder(Algorithm algorithm, const EncoderSettings& settings) {
  auto encoder = std::make_unique<ZlibEncoder>(algorithm, settings);
  if (!encoder->ready()) return nullptr;
  return encoder;
}

}  // namespace evenkeel::http
