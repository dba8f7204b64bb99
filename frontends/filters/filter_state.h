// What filters keep of one request: compression both ways, and the cache. Most requests have none of it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "core/buffer.h"
#include "frontends/cache/transaction.h"
#include "frontends/filters/encoder_pool.h"
#include "http/encoder.h"

namespace evenkeel::frontends {

struct FilterState {
  explicit FilterState(BufferPool& pool) : request_packed(pool), packed(pool) {}

  std::unique_ptr<CacheTransaction> cache;  // after `cache-use`
  CachedPtr hit;

  // The request's body.
  std::optional<http::Algorithm> request_algorithm;
  EncoderLease request_encoder;
  Buffer request_packed;  // not shared with the response: both are under way when a server answers early

  // The response's body.
  std::optional<http::Algorithm> wanted;     // the best that the client accepts
  std::optional<http::Algorithm> algorithm;  // it is being compressed
  EncoderLease encoder;                      // empty with identity
  bool bypassed = false;                     // compression was due, but the process is at its limits
  bool chunked = false;                      // what goes to the client is
  bool held_back = false;                    // the encoder has taken bytes that it has not given out
  bool filled = false;                       // the last read from the server left no room for more
  int level = 1;
  std::string_view pending;  // the head, until there is something to send with it
  Buffer packed;             // encoded bytes that wait for company
};

}  // namespace evenkeel::frontends
