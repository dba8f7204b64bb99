#include "http/encoder/br.h"

#include <brotli/encode.h>

#include "http/encoder/memory.h"

namespace evenkeel::http {
namespace {

// 256 kB: web pages gain little from more, and each stream would pay for it.
constexpr std::uint32_t kWindowBits = 18;

class BrotliEncoder final : public Encoder {
 public:
  explicit BrotliEncoder(int level) noexcept { (void)restart(level); }
  ~BrotliEncoder() override { BrotliEncoderDestroyInstance(state_); }
  [[nodiscard]] bool ready() const noexcept { return state_ != nullptr; }

  Step run(std::string_view in, std::span<char> out, Op op) noexcept override {
    constexpr BrotliEncoderOperation kOps[] = {BROTLI_OPERATION_PROCESS, BROTLI_OPERATION_FLUSH,
                                               BROTLI_OPERATION_FINISH};
    std::size_t in_left = in.size();
    std::size_t out_left = out.size();
    const auto* next_in = reinterpret_cast<const std::uint8_t*>(in.data());
    auto* next_out = reinterpret_cast<std::uint8_t*>(out.data());
    Step step;
    step.failed = BrotliEncoderCompressStream(state_, kOps[static_cast<int>(op)], &in_left, &next_in,
                                              &out_left, &next_out, nullptr) == BROTLI_FALSE;
    step.consumed = in.size() - in_left;
    step.produced = out.size() - out_left;
    // With no room left, the end of a flush may be waiting although there is no output yet.
    const bool drained = in_left == 0 && out_left != 0 && BrotliEncoderHasMoreOutput(state_) == BROTLI_FALSE;
    step.done = op == Op::finish ? BrotliEncoderIsFinished(state_) == BROTLI_TRUE : drained;
    return step;
  }

  void set_level(int) noexcept override {}

  // The library knows no way back to the beginning.
  bool restart(int level) noexcept override {
    if (state_ != nullptr) BrotliEncoderDestroyInstance(state_);
    state_ = BrotliEncoderCreateInstance(
        [](void* gauge, std::size_t bytes) { return static_cast<MemoryGauge*>(gauge)->allocate(bytes); },
        [](void* gauge, void* block) { static_cast<MemoryGauge*>(gauge)->release(block); }, &gauge_);
    if (state_ == nullptr) return false;
    BrotliEncoderSetParameter(state_, BROTLI_PARAM_QUALITY, static_cast<std::uint32_t>(level));
    BrotliEncoderSetParameter(state_, BROTLI_PARAM_LGWIN, kWindowBits);
    return true;
  }

  [[nodiscard]] std::size_t memory() const noexcept override { return gauge_.bytes(); }

 private:
  MemoryGauge gauge_;
  BrotliEncoderState* state_ = nullptr;
};

}  // namespace

std::unique_ptr<Encoder> make_brotli_encoder(const EncoderSettings& settings) {
  auto encoder = std::make_unique<BrotliEncoder>(settings.level);
  if (!encoder->ready()) return nullptr;
  return encoder;
}

}  // namespace evenkeel::http
