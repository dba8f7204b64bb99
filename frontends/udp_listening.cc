// The engine's datagram sockets at work; opening and handing them over is in listening.cc.
#include <unistd.h>

#include <optional>

#include "core/fd_stream.h"
#include "frontends/engine.h"
#include "frontends/udp_session.h"

namespace evenkeel::frontends {
namespace {

constexpr unsigned kTurns = 4;  // batches before others have their turn

}  // namespace

Task<void> Engine::datagram_loop(WorkerContext& context, Listener& listener, int fd) {
  Frontend& frontend = listener.frontend;
  std::optional<FdStream> stream(std::in_place, context.worker, fd);
  const Resident resident(context, &*stream);
  context.acceptors.push_back({&frontend, &*stream});
  UdpPort port(context, listener, fd);
  unsigned turns = 0;
  while (!stopping() && frontend.state.load(std::memory_order_relaxed) != FrontendState::stopped) {
    if (port.turn() == DatagramReader::kBatch) {
      if (++turns % kTurns == 0) co_await context.worker.yield();
      continue;
    }
    stream->exhausted_read();
    (void)co_await stream->readable();
  }
  std::erase_if(context.acceptors, [&](const Acceptor& a) { return a.stream == &*stream; });
  while (!stopped_.load() && port.turn() == DatagramReader::kBatch) {
  }
  port.close();
  // Closing would not end the watch: others have this socket too.
  ::close(stream->release());
  accepting_.fetch_sub(1);
  Event& emptied = port.emptied();  // GCC 12 would wait on a copy of what a call returns
  co_await emptied;
}

}  // namespace evenkeel::frontends
