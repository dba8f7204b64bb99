// What frontends and backends have in common: a name, a mode, timeouts, error answers, header additions.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "backends/compression_def.h"
#include "backends/filter_def.h"
#include "core/clock.h"
#include "core/socket_options.h"
#include "stats/log_target.h"
#include "stats/page_def.h"

namespace evenkeel::rules {
struct RuleSets;
class LogFormat;
namespace action {
class ReplySpec;
}
}  // namespace evenkeel::rules

namespace evenkeel::backends {

enum class Mode : std::uint8_t { tcp, http };

// Milliseconds; 0: not set, which means no limit.
struct Timeouts {
  Millis client = 0;
  Millis client_fin = 0;
  Millis server = 0;
  Millis server_fin = 0;
  Millis connect = 0;
  Millis queue = 0;  // not set: connect
  Millis tunnel = 0;
  Millis check = 0;
  Millis http_request = 0;
  Millis http_keep_alive = 0;  // not set: http_request
  Millis tarpit = 0;           // not set: connect
};

// How connections behave between requests (manual 4.1). Of frontend and backend the stronger wins, in this
// order.
enum class HttpMode : std::uint8_t { keep_alive, server_close, close };

// A complete HTTP message that answers in the place of a status: `errorfile`, `errorloc*`, `http-error`. An
// empty text answers nothing and closes. Null: the built-in message.
using ErrorReply = std::shared_ptr<const std::string>;

// A network that `except` or `accept-proxy` names.
struct Network {
  Address address;
  int prefix = 0;
};

// option forwardfor / originalto.
struct ForwardForDef {
  bool on = false;
  std::string header;  // X-Forwarded-For, X-Original-To
  std::optional<Network> except;
  bool if_none = false;
};

// option forwarded (RFC 7239).
struct ForwardedDef {
  bool on = false;
  bool proto = false;
  bool host = false;
  bool by = false;
  bool by_port = false;
  bool for_ = false;
  bool for_port = false;
};

struct ProxyDef {
  std::string name;
  std::string file;
  std::uint32_t line = 0;
  std::uint32_t id = 0;
  bool forced_id = false;  // `id` is in the configuration
  std::string guid;
  std::string description;
  Mode mode = Mode::tcp;
  bool datagram = false;    // mode udp; `mode` is tcp then: what is inside is not looked at
  bool takes_logs = false;  // mode log: what `log backend@` sends; no sessions come here. `mode` is tcp then
  bool disabled = false;
  bool unpublished = false;  // be-unpublished
  Timeouts timeouts;
  HttpMode http_mode = HttpMode::keep_alive;
  std::map<int, ErrorReply> errors;  // by status
  // `http-error` whose message is computed; a status is in one of both maps only.
  std::map<int, std::shared_ptr<const rules::action::ReplySpec>> made_errors;
  ForwardForDef forward_for;
  ForwardForDef original_to;
  ForwardedDef forwarded;
  bool splice_auto = false;
  bool splice_request = false;
  bool splice_response = false;
  KeepAliveDef client_keep_alive;  // option clitcpka, tcpka
  KeepAliveDef server_keep_alive;  // option srvtcpka, tcpka
  bool nolinger = false;
  bool independent_streams = false;
  bool abort_on_close = false;
  bool buffer_request = false;  // option http-buffer-request
  bool http_no_delay = false;
  bool http_use_proxy_header = false;
  stats::ProxyLogDef log;
  stats::StatsPageDef stats_page;
  // Null: there is none. A listen section has one set for both of its halves: where frontend and backend
  // point to the same one, it has already been run. Include rules/rule_sets.h to look inside.
  std::shared_ptr<const rules::RuleSets> rules;
  std::shared_ptr<const FilterDefs> filters;          // null: none
  std::shared_ptr<const CompressionDef> compression;  // null: none
  std::string unique_id_format;                       // as written; empty: none
  std::shared_ptr<const rules::LogFormat> unique_id;  // the same, compiled; null: none
  std::string unique_id_header;
  std::shared_ptr<const rules::LogFormat> log_format;     // null: one of the built-in formats
  std::shared_ptr<const rules::LogFormat> log_format_sd;  // structured data of RFC 5424; null: none
  std::shared_ptr<const rules::LogFormat>
      error_log_format;  // of connections without a session; null: built in
};

}  // namespace evenkeel::backends
