// The words of `server`, `default-server` and `server-template` lines, apart from those about checks.
#pragma once

#include <span>

#include "backends/proxy_draft.h"
#include "conf/keyword_table.h"

namespace evenkeel::backends {

// What one word of a server line changes, and what it may look at.
struct ServerLine {
  ServerDraft& draft;
  ProxyDraft& proxy;
  bool is_default = false;  // default-server: no identity, no address
};

// The options behind the address.
std::span<const conf::Keyword<ServerLine>> server_options() noexcept;
// The lines themselves: server, server-template, default-server.
std::span<const conf::Keyword<ProxyDraft>> server_keywords() noexcept;

}  // namespace evenkeel::backends
