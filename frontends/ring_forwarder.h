// Sends the lines of a ring to one syslog server over TCP, connecting again whenever the connection goes.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "core/task.h"
#include "frontends/engine.h"
#include "stats/log_ring.h"

namespace evenkeel::frontends {

// Lives on one worker; only the ring wakes it from others. Lines that wait are those in the ring: what it
// pushes out before the server has taken it is lost and counted. A line counts as taken once the kernel has
// all of it; one that a dying connection has cut is sent again.
class RingForwarder {
 public:
  RingForwarder(std::shared_ptr<stats::LogRing> ring, std::size_t server);
  RingForwarder(const RingForwarder&) = delete;
  RingForwarder& operator=(const RingForwarder&) = delete;

  // Runs until stop(), on the thread of this worker.
  Task<void> run(WorkerContext& context);
  // Tries once more to send what is left, without waiting, and ends. On the worker's thread.
  void stop() noexcept;

 private:
  // False: the connection did not come about.
  Task<bool> connect_and_send();
  Task<void> send_lines(FdStream& stream);
  Task<bool> send_pending(FdStream& stream);
  void send_rest(int fd);
  Task<void> pause(Millis duration);
  // Fills pending_ with lines when it is empty. False: there are none.
  bool collect();

  std::shared_ptr<stats::LogRing> ring_;
  const stats::RingServerDef& server_;
  WorkerContext* context_ = nullptr;  // once it runs
  stats::LogRing::Reader* reader_;
  Event wake_;
  bool stopping_ = false;
  std::uint64_t position_ = 0;     // the first line that is not in pending_
  std::string pending_;            // framed lines
  std::vector<std::size_t> ends_;  // of the lines in it
  std::size_t sent_ = 0;           // bytes of pending_ that the kernel has
};

}  // namespace evenkeel::frontends
