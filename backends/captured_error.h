// The last message that broke the protocol, kept for `show errors` (management manual 9.3).
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

#include "core/address.h"

namespace evenkeel::backends {

struct CapturedError {
  std::int64_t wall_us = 0;
  std::uint32_t event = 0;  // counts up over the whole process, from 0
  bool response = false;
  std::string frontend;
  std::uint32_t frontend_id = 0;
  std::string backend;  // empty: none was chosen yet
  std::uint32_t backend_id = 0;
  std::string server;  // empty: none was chosen yet
  std::uint32_t server_id = 0;
  Address peer;               // of the client
  std::string bytes;          // what was received of the message
  std::size_t position = 0;   // of the byte that broke it
  std::size_t room_left = 0;  // of the buffer
};

// Of one frontend (requests) or backend (responses). Any thread.
class ErrorCapture {
 public:
  void store(CapturedError error) {
    auto fresh = std::make_shared<const CapturedError>(std::move(error));
    const std::lock_guard lock(mutex_);
    last_.swap(fresh);
  }
  [[nodiscard]] std::shared_ptr<const CapturedError> last() const {
    const std::lock_guard lock(mutex_);
    return last_;
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const CapturedError> last_;
};

}  // namespace evenkeel::backends
