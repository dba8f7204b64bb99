// The definition of a server: what its line in the configuration says, defaults merged in. An immutable
// value.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "balance/balance_def.h"
#include "core/address.h"
#include "core/clock.h"
#include "core/socket_options.h"
#include "health/check_def.h"

namespace evenkeel::backends {

struct SavedState;

// How a PROXY protocol header is sent to the server (manual 5.2, send-proxy*, proxy-v2-options).
struct SendProxyDef {
  enum class Version : std::uint8_t { none, v1, v2 } version = Version::none;
  bool crc32c = false;
  bool unique_id = false;
  bool authority = false;  // v2 TLV of the SNI or Host
};

// The port that connections to a server go to.
enum class PortMode : std::uint8_t {
  fixed,   // the address's port
  offset,  // the port at which the client came in, plus port_offset
};

struct ServerDef {
  std::string name;
  std::uint32_t id = 0;    // position from 1 unless `id` says otherwise
  bool forced_id = false;  // `id` is in the configuration
  std::string guid;
  std::string host;  // as written
  Address address;   // AF_UNSPEC while the name has not been resolved
  PortMode port_mode = PortMode::fixed;
  int port_offset = 0;  // may be negative
  bool backup = false;
  bool disabled = false;       // starts in maintenance
  std::uint32_t weight = 1;    // 0..256
  std::uint32_t maxconn = 0;   // 0: none
  std::uint32_t minconn = 0;   // 0: same as maxconn
  std::uint32_t maxqueue = 0;  // 0: none
  Millis slowstart = 0;
  std::string cookie;  // the value that persistence cookies carry; empty: none
  std::string track;   // "backend/server" or "server"
  std::string redir;   // URL prefix for GET and HEAD
  SourceDef source;
  bool datagram = false;          // udp@: mode log only
  bool octet_count = false;       // log-proto octet-count
  std::uint32_t log_bufsize = 0;  // bytes of lines that wait for a stream; 0: as much as a ring
  SendProxyDef send_proxy;
  health::CheckDef check;
  bool on_marked_down_shutdown = false;
  bool on_marked_up_shutdown_backup = false;
  int pool_max_conn = -1;  // -1: unlimited, 0: no reuse
  int pool_low_conn = 0;
  Millis pool_purge_delay = 5000;
  int max_reuse = -1;  // -1: unlimited
  bool tfo = false;
  std::uint32_t tcp_user_timeout = 0;  // ms, tcp-ut
  std::string init_addr;               // as written; empty: last,libc
  balance::HashKey hash_key = balance::HashKey::id;
  std::shared_ptr<const SavedState> saved;  // from a state file; null: it starts anew
};

}  // namespace evenkeel::backends
