// What every client connection begins with, whatever it then speaks.
#pragma once

#include "core/address.h"
#include "core/buffer.h"
#include "core/fd_stream.h"
#include "core/task.h"
#include "frontends/engine.h"
#include "stats/session_record.h"

namespace evenkeel::frontends {

class RuleContext;

// The client's side of a session, after the PROXY header.
struct ClientConnection {
  ClientConnection(WorkerContext& c, Listener& l, int fd);
  ~ClientConnection();
  WorkerContext& context;
  Listener& listener;
  Frontend& frontend;
  FdStream stream;
  Buffer in;                 // bytes received and not yet used
  std::string proxy_fields;  // the fields of a PROXY header of version 2
  Address peer;              // as the PROXY header says, else as the kernel says
  std::int64_t accepted_us = 0;
  std::int64_t accepted_wall_us = 0;
  std::int64_t handshaken_us = 0;
  std::unique_ptr<CallAccount> account;  // while the profiler is on

  // The client's part of what `show sess` tells.
  void describe(backends::SessionFacts& facts) const;

  // What rules see; made at its first use, since most frontends have none.
  RuleContext& rules() { return rules_ ? *rules_ : make_rules(); }
  // Null: no rule has run.
  [[nodiscard]] RuleContext* rules_if_any() noexcept { return rules_.get(); }

  // A rule has said that a PROXY header comes first.
  [[nodiscard]] bool expects_proxy() const noexcept;
  [[nodiscard]] bool expects_netscaler_cip() const noexcept;

  // Where the client connected to; asked of the kernel at its first use, which most sessions never come to.
  const Address& local();
  void set_local(const Address& address) { local_ = std::make_unique<Address>(address); }

 private:
  RuleContext& make_rules();
  std::unique_ptr<RuleContext> rules_;
  std::unique_ptr<Address> local_;  // null: not asked for yet
};

// Throws away what has come and will not be read: bytes left behind would turn our close into a reset, which
// can overtake the answer that the client is to read. Tells how many they were.
std::size_t discard_unread(const FdStream& stream) noexcept;

// Serves one accepted connection to its end; takes the descriptor. The place that admit() took is given back.
// peer: read before the first suspension only, so that the frame of an idle connection holds it once.
Task<void> serve_client(WorkerContext& context, Listener& listener, int fd, const Address& peer);

}  // namespace evenkeel::frontends
