// What stands in the way of a flow of bytes, or watches it: bandwidth limits, traces.
#pragma once

#include <cstddef>
#include <string_view>

#include "core/stream.h"
#include "core/task.h"

namespace evenkeel {

struct Throttle {
  virtual ~Throttle() = default;
  // How many of `wanted` bytes may be written to `sink` now, at least one; waits until some may. A sink that
  // is cancelled meanwhile lets everything pass, so that its write tells.
  virtual Task<std::size_t> take(bool to_server, std::size_t wanted, const Stream& sink) = 0;
  // These bytes have been written.
  virtual void passed(bool to_server, std::string_view bytes) = 0;
};

}  // namespace evenkeel
