// The filters of one stream that limit or watch its bytes: bwlim-in, bwlim-out and trace.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "backends/filter_def.h"
#include "core/throttle.h"
#include "core/worker.h"
#include "frontends/filters/token_bucket.h"
#include "http/header_block.h"

namespace evenkeel::frontends {

class StreamFilters final : public Throttle {
 public:
  explicit StreamFilters(Worker& worker) noexcept : worker_(worker) {}

  // set-bandwidth-limit. The definition must outlive the stream.
  void limit(const backends::BandwidthDef& def, std::optional<std::int64_t> limit,
             std::optional<std::int64_t> period);
  // The traces of a proxy that the stream has come to; the same definitions twice count once.
  void watch(const backends::FilterDefs* defs);

  Task<std::size_t> take(bool to_server, std::size_t wanted, const Stream& sink) override;
  void passed(bool to_server, std::string_view bytes) override;
  // A head of HTTP, for traces.
  void head(bool to_server, std::string_view start_line, const http::HeaderBlock& headers);

 private:
  struct Limit {
    const void* def;  // tells definitions apart; it may be gone already
    bool to_server;
    TokenBucket bucket;
  };
  Worker& worker_;
  std::vector<Limit> limits_;
  const backends::FilterDefs* watched_[2] = {nullptr, nullptr};  // the frontend's, the backend's
  std::size_t most_ = SIZE_MAX;                                  // max-fwd
  bool random_ = false;                                          // random-forwarding
};

}  // namespace evenkeel::frontends
