#include "http/encoder/zstd.h"

#include <zstd.h>

#include "http/encoder/memory.h"

namespace evenkeel::http {
namespace {

// 256 kB, far below the 8 MB that RFC 9659 permits: a stream's memory goes with it.
constexpr int kWindowLog = 18;

class ZstdEncoder final : public Encoder {
 public:
  explicit ZstdEncoder(int level) noexcept : context_(ZSTD_createCCtx()) {
    if (context_ != nullptr) (void)restart(level);
  }
  ~ZstdEncoder() override { ZSTD_freeCCtx(context_); }
  [[nodiscard]] bool ready() const noexcept { return context_ != nullptr; }

  Step run(std::string_view in, std::span<char> out, Op op) noexcept override {
    constexpr ZSTD_EndDirective kOps[] = {ZSTD_e_continue, ZSTD_e_flush, ZSTD_e_end};
    ZSTD_inBuffer input{in.data(), in.size(), 0};
    ZSTD_outBuffer output{out.data(), out.size(), 0};
    const std::size_t left = ZSTD_compressStream2(context_, &output, &input, kOps[static_cast<int>(op)]);
    Step step;
    step.failed = ZSTD_isError(left) != 0;
    step.consumed = input.pos;
    step.produced = output.pos;
    step.done = op == Op::more ? input.pos == input.size : !step.failed && left == 0;
    // It allocates with the first bytes; it does not ask us, so we ask it.
    if (!measured_) gauge_.set(ZSTD_sizeof_CCtx(context_));
    measured_ = true;
    return step;
  }

  void set_level(int) noexcept override {}

  bool restart(int level) noexcept override {
    ZSTD_CCtx_reset(context_, ZSTD_reset_session_only);
    return ZSTD_isError(ZSTD_CCtx_setParameter(context_, ZSTD_c_compressionLevel, level)) == 0 &&
           ZSTD_isError(ZSTD_CCtx_setParameter(context_, ZSTD_c_windowLog, kWindowLog)) == 0;
  }

  [[nodiscard]] std::size_t memory() const noexcept override { return gauge_.bytes(); }

 private:
  MemoryGauge gauge_;
  ZSTD_CCtx* context_;
  bool measured_ = false;
};

}  // namespace

std::unique_ptr<Encoder> make_zstd_encoder(const EncoderSettings& settings) {
  auto encoder = std::make_unique<ZstdEncoder>(settings.level);
  if (!encoder->ready()) return nullptr;
  return encoder;
}

}  // namespace evenkeel::http
