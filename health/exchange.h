// Carries one check over a real connection: connect, say what the protocol says, bring back its verdict.
#pragma once

#include <string>

#include "core/address.h"
#include "core/socket_options.h"
#include "core/stream.h"
#include "core/task.h"
#include "core/worker.h"
#include "health/protocol.h"
#include "health/rise_fall.h"

namespace evenkeel::health {

class VipPath;

// How traffic reaches the server, as far as a check copies it.
struct ServerLink {
  enum class ProxyHeader : std::uint8_t { none, v1, v2 };
  // What `send-proxy` or `send-proxy-v2` says on the server line.
  ProxyHeader proxy_header = ProxyHeader::none;
  SourceDef source;  // without what depends on a client
};

// Where and how this check goes when its steps do not say otherwise.
struct ConnectPlan {
  Address address;  // with its port
  ServerLink::ProxyHeader proxy_header = ServerLink::ProxyHeader::none;
  SourceDef source;
  const VipPath* via = nullptr;  // to a virtual address through one server; lives as long as the definition
};

// The plan of a server's health check: `addr`, `port` and `check-send-proxy` applied to the server's own
// place.
ConnectPlan plan_for(const CheckDef& def, const Address& server, const ServerLink& link);

// Lets somebody else end an exchange early. Own thread.
class ExchangeGuard {
 public:
  explicit ExchangeGuard(Worker& worker) noexcept
      : deadline(
            worker.timers(),
            [](void* self) noexcept { static_cast<ExchangeGuard*>(self)->end(IoStatus::timeout); }, this) {}
  void abort() noexcept {
    aborted = true;
    end(IoStatus::cancelled);
  }
  void end(IoStatus why) noexcept;

  Deadline deadline;
  Stream* stream = nullptr;  // what is open now
  bool aborted = false;
};

// Runs to the end or to guard.abort(); the verdict is without a meaning after that. Never longer than the
// timeouts.
Task<Verdict> exchange(Worker& worker, Protocol& protocol, const ConnectPlan& plan, CheckTimeouts timeouts,
                       ExchangeGuard& guard);

}  // namespace evenkeel::health
