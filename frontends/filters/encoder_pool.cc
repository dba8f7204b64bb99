#include "frontends/filters/encoder_pool.h"

#include <ctime>

#include "frontends/engine.h"

namespace evenkeel::frontends {
namespace {

std::int64_t thread_cpu_us() noexcept {
  timespec t{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return std::int64_t{t.tv_sec} * 1'000'000 + t.tv_nsec / 1000;
}

constexpr Millis kCpuSample = 500;

}  // namespace

EncoderPool& EncoderPool::of(WorkerContext& context) {
  if (!context.encoders) context.encoders = std::make_shared<EncoderPool>();
  return *context.encoders;
}

std::unique_ptr<http::Encoder> EncoderPool::take(http::Algorithm algorithm, const GlobalDef& global) {
  auto& idle = idle_[static_cast<std::size_t>(algorithm)];
  while (!idle.empty()) {
    std::unique_ptr<http::Encoder> encoder = std::move(idle.back());
    idle.pop_back();
    idle_bytes_ -= encoder->memory();
    if (encoder->restart(global.encoder.level)) return encoder;
  }
  const std::size_t limit = global.max_encoder_mem;
  if (limit != 0) {
    const std::size_t need = http::encoder_memory(algorithm, global.encoder);
    // What lies idle here for other algorithms makes room first.
    for (auto& others : idle_) {
      if (http::encoder_memory_in_use() + need <= limit) break;
      for (const auto& other : others) idle_bytes_ -= other->memory();
      others.clear();
    }
    if (http::encoder_memory_in_use() + need > limit) return nullptr;
  }
  return http::make_encoder(algorithm, global.encoder);
}

void EncoderPool::give(http::Algorithm algorithm, std::unique_ptr<http::Encoder> encoder) {
  // Brotli cannot begin anew, so there is nothing worth keeping.
  if (algorithm == http::Algorithm::br || idle_bytes_ + encoder->memory() > kKeptBytes) return;
  idle_bytes_ += encoder->memory();
  idle_[static_cast<std::size_t>(algorithm)].push_back(std::move(encoder));
}

// Of this worker's thread, over about half a second.
int EncoderPool::cpu_percent(Millis now) {
  if (now - sampled_at_ < kCpuSample) return cpu_percent_;
  const std::int64_t cpu = thread_cpu_us();
  if (sampled_at_ != 0) cpu_percent_ = static_cast<int>((cpu - sampled_cpu_us_) / (10 * (now - sampled_at_)));
  sampled_at_ = now;
  sampled_cpu_us_ = cpu;
  return cpu_percent_;
}

bool EncoderPool::overloaded(Engine& engine, Millis now) {
  const std::uint64_t rate = engine.compression_rate_limit.load(std::memory_order_relaxed);
  if (rate != 0 && engine.totals.rate(stats::RateId::comp_in_rate, now) > rate * 1024) return true;
  const int cpu = engine.config().global.max_comp_cpu;
  return cpu < 100 && cpu_percent(now) > cpu;
}

}  // namespace evenkeel::frontends
