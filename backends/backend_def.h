// The definition of a backend: servers and how they are chosen, reached and kept.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "backends/persistence_cookie.h"
#include "backends/proxy_def.h"
#include "backends/server_def.h"
#include "balance/balance_def.h"
#include "health/check_def.h"

namespace evenkeel::rules {
class Expression;
}

namespace evenkeel::backends {

enum class Reuse : std::uint8_t { never, safe, aggressive, always };

// retry-on: what may be tried again.
struct RetryOn {
  bool conn_failure = true;
  bool empty_response = false;
  bool junk_response = false;
  bool response_timeout = false;
  std::vector<int> statuses;
  // Whether requests have to be kept until the response is there.
  [[nodiscard]] bool needs_replay() const noexcept {
    return empty_response || junk_response || response_timeout || !statuses.empty();
  }
  [[nodiscard]] bool has_status(int status) const noexcept {
    for (const int s : statuses) {
      if (s == status) return true;
    }
    return false;
  }
};

struct BackendDef : ProxyDef {
  balance::BalanceDef balance;
  std::vector<ServerDef> servers;
  std::shared_ptr<const rules::Expression> hash_sample;  // balance hash: its expression, compiled
  bool all_backups = false;
  int retries = 3;
  bool redispatch = false;
  int redispatch_interval = -1;  // n > 0: at every n-th retry; -n: counted from the last one
  RetryOn retry_on;
  Reuse reuse = Reuse::safe;
  CookieDef cookie;
  bool persist = false;     // option persist: a cookie's server is used even when it is down
  std::string rdp_persist;  // persist rdp-cookie(name)
  bool prefer_last_server = false;
  std::uint32_t fullconn = 0;     // 0: not set, computed from the frontends
  int max_keep_alive_queue = -1;  // -1: no limit
  SourceDef source;               // for servers without one
  health::BackendCheck check;
  bool smart_connect = false;  // option tcp-smart-connect
  bool pretend_keepalive = false;
  bool accept_unsafe_response = false;
  std::string send_name_header;  // http-send-name-header
  // Old dialects; a snapshot has a server that does what they say.
  Address dispatch;          // `dispatch addr`; AF_UNSPEC: none
  bool transparent = false;  // option transparent: to the address that the client meant
};

}  // namespace evenkeel::backends
