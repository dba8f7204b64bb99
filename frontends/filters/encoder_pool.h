// The encoders of one worker: kept for reuse, within the process's limits.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "core/clock.h"
#include "frontends/config.h"
#include "http/encoder.h"

namespace evenkeel::frontends {

class Engine;
struct WorkerContext;

// Single thread. Making a zlib state costs as much as compressing some kilobytes with it, so up to 8 MB of
// them lie ready per worker.
class EncoderPool {
 public:
  // Null: `maxzlibmem` is used up, or there is no memory.
  std::unique_ptr<http::Encoder> take(http::Algorithm algorithm, const GlobalDef& global);
  void give(http::Algorithm algorithm, std::unique_ptr<http::Encoder> encoder);

  // `maxcomprate` or `maxcompcpuusage` is reached: compress less, begin nothing.
  bool overloaded(Engine& engine, Millis now);

  static EncoderPool& of(WorkerContext& context);

 private:
  [[nodiscard]] int cpu_percent(Millis now);

  static constexpr std::size_t kKeptBytes = std::size_t{8} << 20;
  std::array<std::vector<std::unique_ptr<http::Encoder>>, http::kAlgorithms> idle_;
  std::size_t idle_bytes_ = 0;
  Millis sampled_at_ = 0;
  std::int64_t sampled_cpu_us_ = 0;
  int cpu_percent_ = 0;
};

// An encoder that goes back to its pool.
class EncoderLease {
 public:
  EncoderLease() = default;
  EncoderLease(EncoderPool& pool, http::Algorithm algorithm, std::unique_ptr<http::Encoder> encoder) noexcept
      : pool_(&pool), algorithm_(algorithm), encoder_(std::move(encoder)) {}
  EncoderLease(EncoderLease&&) noexcept = default;
  EncoderLease& operator=(EncoderLease&& other) noexcept {
    release();
    pool_ = other.pool_;
    algorithm_ = other.algorithm_;
    encoder_ = std::move(other.encoder_);
    return *this;
  }
  ~EncoderLease() { release(); }
  void release() noexcept {
    if (encoder_) pool_->give(algorithm_, std::move(encoder_));
  }
  [[nodiscard]] http::Encoder* operator->() const noexcept { return encoder_.get(); }
  explicit operator bool() const noexcept { return encoder_ != nullptr; }

 private:
  EncoderPool* pool_ = nullptr;
  http::Algorithm algorithm_ = http::Algorithm::identity;
  std::unique_ptr<http::Encoder> encoder_;
};

}  // namespace evenkeel::frontends
