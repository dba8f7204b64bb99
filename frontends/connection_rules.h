// Rules of a connection before anything is spoken on it (tcp-request connection, session), and of what a TCP
// client says first (tcp-request content, use_backend).
#pragma once

#include "core/relay.h"
#include "frontends/client_session.h"
#include "rules/rule_sets.h"

namespace evenkeel::frontends {

// tcp-request connection: right after the accept. False: the connection ends, counted as denied.
bool admit_connection(ClientConnection& client);
// tcp-request session: once the PROXY header is known.
bool admit_session(ClientConnection& client);

// How the inspection of a TCP client's first bytes ended.
struct Inspection {
  bool refused = false;
  bool http = false;                     // switch-mode http: the session goes on as HTTP
  backends::Backend* backend = nullptr;  // whom use_backend or default_backend names
};
// tcp-request content in mode tcp: reads into client.in until the rules have decided or inspect-delay is
// over.
Task<Inspection> inspect_client(ClientConnection& client, const stats::SessionRecord& record);
// The backend's own content rules, on the same bytes.
Task<bool> inspect_for_backend(ClientConnection& client, const backends::BackendDef& def,
                               const stats::SessionRecord& record);

// tcp-response content in mode tcp, as a gate of the relay: reads what the server says first until the rules
// have decided or inspect-delay is over.
class ResponseGate final : public RelayGate {
 public:
  ResponseGate(ClientConnection& client, FdStream& server, const rules::RuleSets& sets)
      : client_(client), server_(server), sets_(sets) {}
  Task<Decision> open(Buffer& held) override;
  // What made it break; proceed: nothing.
  [[nodiscard]] rules::Verdict verdict() const noexcept { return verdict_; }

 private:
  ClientConnection& client_;
  FdStream& server_;
  const rules::RuleSets& sets_;
  rules::Verdict verdict_ = rules::Verdict::proceed;
};

}  // namespace evenkeel::frontends
