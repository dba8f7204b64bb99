// One line of `show stat`: what is known about a frontend, listener, backend or server at one moment.
//
// The table below is the only place that names the fields. Row's members, the CSV header, the typed and JSON
// forms, the page's tooltips and the schema are made from it. Order and names are HAProxy 2.6's, where
// position counts.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace evenkeel::stats {

// clang-format off
// X(name, type, tags, meaning). type: u32 u64 s32 str. tags: three letters as in `show stat typed`:
//   origin M metric, S status, K key, C config, P product;
//   nature G gauge, L limit, m min, M max, R rate, C counter, D duration, A age, T time, N name, O output, a average;
//   scope  C cluster, P process, S service, Y system.
#define EVENKEEL_STAT_FIELDS(X)                                                                                 \
  X(pxname,         str, "KNS", "Name of the proxy")                                                            \
  X(svname,         str, "KNS", "FRONTEND, BACKEND, or the name of the server or listener")                     \
  X(qcur,           u32, "MGP", "Sessions waiting in the queue now")                                            \
  X(qmax,           u32, "MMP", "Longest queue seen")                                                           \
  X(scur,           u32, "MGP", "Sessions open now")                                                            \
  X(smax,           u32, "MMP", "Most sessions open at one time")                                               \
  X(slim,           u32, "CLP", "Limit of open sessions: maxconn, or fullconn of a backend")                    \
  X(stot,           u64, "MCP", "Sessions in total")                                                            \
  X(bin,            u64, "MCP", "Bytes of requests")                                                            \
  X(bout,           u64, "MCP", "Bytes of responses")                                                           \
  X(dreq,           u64, "MCP", "Requests denied by rules")                                                     \
  X(dresp,          u64, "MCP", "Responses denied by rules")                                                    \
  X(ereq,           u64, "MCP", "Requests that were invalid or never completed")                                \
  X(econ,           u64, "MCP", "Failed connections to servers")                                                \
  X(eresp,          u64, "MCP", "Responses that were invalid or never completed")                               \
  X(wretr,          u64, "MCP", "Connection attempts repeated")                                                 \
  X(wredis,         u64, "MCP", "Requests moved to another server after a failed connection")                   \
  X(status,         str, "SGP", "OPEN, FULL or STOP for a frontend, UP or DOWN for a backend, check state for a server") \
  X(weight,         u32, "MaP", "Effective weight; for a backend, of its usable servers together")              \
  X(act,            u32, "SGP", "Usable active servers; 1 when the server is active")                           \
  X(bck,            u32, "SGP", "Usable backup servers; 1 when the server is a backup")                         \
  X(chkfail,        u64, "MCP", "Failed checks while the server was up")                                        \
  X(chkdown,        u64, "MCP", "Transitions from up to down")                                                  \
  X(lastchg,        u32, "MAP", "Seconds since the last change between up and down")                            \
  X(downtime,       u32, "MCP", "Seconds spent down in total")                                                  \
  X(qlimit,         u32, "CGS", "Limit of the server's queue: maxqueue")                                        \
  X(pid,            u32, "KGP", "Number of the worker process, always 1")                                       \
  X(iid,            u32, "KGS", "Number of the proxy: id")                                                      \
  X(sid,            u32, "KGS", "Number of the server or listener in its proxy: id")                            \
  X(throttle,       u32, "MaP", "Percent of its weight that a server gets during slowstart")                    \
  X(lbtot,          u64, "MCP", "Sessions given out by load balancing")                                         \
  X(tracked,        str, "CNS", "The server whose checks this one follows: track")                              \
  X(type,           u32, "CGS", "0 frontend, 1 backend, 2 server, 3 listener")                                  \
  X(rate,           u32, "MRP", "Sessions in the last second")                                                  \
  X(rate_lim,       u32, "CLP", "Limit of new sessions per second: rate-limit sessions")                        \
  X(rate_max,       u32, "MMP", "Most sessions in one second")                                                  \
  X(check_status,   str, "MOP", "Result of the last health check; a star in front while one is under way")      \
  X(check_code,     u32, "MOP", "Status code that the last health check got")                                   \
  X(check_duration, u64, "MDP", "Milliseconds that the last health check took")                                 \
  X(hrsp_1xx,       u64, "MCP", "Responses with status 100-199")                                                \
  X(hrsp_2xx,       u64, "MCP", "Responses with status 200-299")                                                \
  X(hrsp_3xx,       u64, "MCP", "Responses with status 300-399")                                                \
  X(hrsp_4xx,       u64, "MCP", "Responses with status 400-499")                                                \
  X(hrsp_5xx,       u64, "MCP", "Responses with status 500-599")                                                \
  X(hrsp_other,     u64, "MCP", "Responses with another status or none")                                        \
  X(hanafail,       u64, "MCP", "Failures found by observing traffic: observe")                                 \
  X(req_rate,       u32, "MRP", "HTTP requests in the last second")                                             \
  X(req_rate_max,   u32, "MMP", "Most HTTP requests in one second")                                             \
  X(req_tot,        u64, "MCP", "HTTP requests in total")                                                       \
  X(cli_abrt,       u64, "MCP", "Transfers broken off by the client")                                           \
  X(srv_abrt,       u64, "MCP", "Transfers broken off by the server")                                           \
  X(comp_in,        u64, "MCP", "Bytes given to compression")                                                   \
  X(comp_out,       u64, "MCP", "Bytes that compression made of them")                                          \
  X(comp_byp,       u64, "MCP", "Bytes that bypassed compression for lack of resources")                        \
  X(comp_rsp,       u64, "MCP", "Responses that were compressed")                                               \
  X(lastsess,       s32, "MAP", "Seconds since traffic was last seen, -1 for never")                            \
  X(last_chk,       str, "MOP", "Details of the last health check")                                             \
  X(last_agt,       str, "MOP", "Details of the last agent check")                                              \
  X(qtime,          u32, "MaP", "Average milliseconds in the queue over the last 1024 requests")                \
  X(ctime,          u32, "MaP", "Average milliseconds to connect over the last 1024 requests")                  \
  X(rtime,          u32, "MaP", "Average milliseconds to respond over the last 1024 requests")                  \
  X(ttime,          u32, "MaP", "Average milliseconds in total over the last 1024 requests")                    \
  X(agent_status,   str, "MOP", "Result of the last agent check; a star in front while one is under way")       \
  X(agent_code,     u32, "MOP", "Code of the last agent check; unused")                                         \
  X(agent_duration, u64, "MDP", "Milliseconds that the last agent check took")                                  \
  X(check_desc,     str, "MOP", "check_status in words")                                                        \
  X(agent_desc,     str, "MOP", "agent_status in words")                                                        \
  X(check_rise,     u32, "CGS", "Successful checks that bring the server up: rise")                             \
  X(check_fall,     u32, "CGS", "Failed checks that take the server down: fall")                                \
  X(check_health,   u32, "CGS", "Health between 0 and rise + fall - 1; up from rise on")                        \
  X(agent_rise,     u32, "CGS", "rise of the agent, normally 1")                                                \
  X(agent_fall,     u32, "CGS", "fall of the agent, normally 1")                                                \
  X(agent_health,   u32, "CGS", "Health by the agent between 0 and rise + fall - 1")                            \
  X(addr,           str, "CGS", "Address and port; for operators, or with show-legends")                        \
  X(cookie,         str, "CNS", "Cookie value of a server, cookie name of a backend; for operators, or with show-legends") \
  X(mode,           str, "CGS", "mode: tcp, http, udp")                                                         \
  X(algo,           str, "CGS", "Load balancing algorithm; for operators, or with show-legends")                \
  X(conn_rate,      u32, "MRP", "Connections accepted in the last second")                                      \
  X(conn_rate_max,  u32, "MMP", "Most connections accepted in one second")                                      \
  X(conn_tot,       u64, "MCP", "Connections accepted in total")                                                \
  X(intercepted,    u64, "MCP", "Requests answered by the proxy itself")                                        \
  X(dcon,           u64, "MCP", "Connections refused by tcp-request connection rules")                          \
  X(dses,           u64, "MCP", "Sessions refused by tcp-request session rules")                                \
  X(wrew,           u64, "MCP", "Header rewrites that failed")                                                  \
  X(connect,        u64, "MCP", "Connections opened to servers")                                                \
  X(reuse,          u64, "MCP", "Requests sent over an idle connection")                                        \
  X(cache_lookups,  u64, "MCP", "Requests looked up in the cache")                                              \
  X(cache_hits,     u64, "MCP", "Requests answered from the cache")                                             \
  X(srv_icur,       u32, "MGP", "Idle connections to the server now")                                           \
  X(src_ilim,       u32, "CLP", "Limit of idle connections: pool-max-conn")                                     \
  X(qtime_max,      u32, "MMP", "Most milliseconds in the queue")                                               \
  X(ctime_max,      u32, "MMP", "Most milliseconds to connect")                                                 \
  X(rtime_max,      u32, "MMP", "Most milliseconds to respond")                                                 \
  X(ttime_max,      u32, "MMP", "Most milliseconds in total")                                                   \
  X(eint,           u64, "MCP", "Faults of the proxy itself")                                                   \
  X(idle_conn_cur,  u32, "MGP", "Idle connections that are not safe to reuse for a first request")              \
  X(safe_conn_cur,  u32, "MGP", "Idle connections that are safe to reuse")                                      \
  X(used_conn_cur,  u32, "MGP", "Connections to the server in use now")                                         \
  X(need_conn_est,  u32, "MGP", "Connections that are estimated to be needed")                                  \
  X(uweight,        u32, "MaP", "Weight as set by the user; for a backend, of its usable servers together")     \
  X(agg_server_status,       u32, "MGP", "Servers that are usable")                                             \
  X(agg_server_check_status, u32, "MGP", "Servers that are up by their checks; older name of the next")         \
  X(agg_check_status,        u32, "MGP", "Servers that are up by their checks")                                 \
  EVENKEEL_STAT_MODULE_FIELDS(X)

// After these the CSV has a column "-", which parts them from HAProxy's modules.
#define EVENKEEL_STAT_MODULE_FIELDS(X)                                                                          \
  X(ssl_sess,             u64, "MCP", "TLS sessions established")                                               \
  X(ssl_reused_sess,      u64, "MCP", "TLS sessions resumed")                                                   \
  X(ssl_failed_handshake, u64, "MCP", "TLS handshakes that failed")                                             \
  X(h2_headers_rcvd,      u64, "MCP", "HTTP/2 HEADERS frames received")                                         \
  X(h2_data_rcvd,         u64, "MCP", "HTTP/2 DATA frames received")                                            \
  X(h2_settings_rcvd,     u64, "MCP", "HTTP/2 SETTINGS frames received")                                        \
  X(h2_rst_stream_rcvd,   u64, "MCP", "HTTP/2 RST_STREAM frames received")                                      \
  X(h2_goaway_rcvd,       u64, "MCP", "HTTP/2 GOAWAY frames received")                                          \
  X(h2_detected_conn_protocol_errors, u64, "MCP", "HTTP/2 connection errors detected")                          \
  X(h2_detected_strm_protocol_errors, u64, "MCP", "HTTP/2 stream errors detected")                              \
  X(h2_rst_stream_resp,   u64, "MCP", "HTTP/2 RST_STREAM frames sent for errors")                               \
  X(h2_goaway_resp,       u64, "MCP", "HTTP/2 GOAWAY frames sent for errors")                                   \
  X(h2_open_connections,  u64, "MGP", "HTTP/2 connections open now")                                            \
  X(h2_backend_open_streams,  u64, "MGP", "HTTP/2 streams open now")                                            \
  X(h2_total_connections, u64, "MCP", "HTTP/2 connections in total")                                            \
  X(h2_backend_total_streams, u64, "MCP", "HTTP/2 streams in total")                                            \
  X(h1_open_connections,  u64, "MGP", "HTTP/1 connections open now")                                            \
  X(h1_open_streams,      u64, "MGP", "HTTP/1 exchanges under way")                                             \
  X(h1_total_connections, u64, "MCP", "HTTP/1 connections in total")                                            \
  X(h1_total_streams,     u64, "MCP", "HTTP/1 exchanges in total")                                              \
  X(h1_bytes_in,          u64, "MCP", "Bytes received by HTTP/1")                                               \
  X(h1_bytes_out,         u64, "MCP", "Bytes sent by HTTP/1")                                                   \
  X(h1_spliced_bytes_in,  u64, "MCP", "Bytes received by HTTP/1 through a kernel pipe")                         \
  X(h1_spliced_bytes_out, u64, "MCP", "Bytes sent by HTTP/1 through a kernel pipe")
// clang-format on

enum class ValueType : std::uint8_t { s32, u32, u64, str };
std::string_view to_string(ValueType type) noexcept;

// One value of a row or of `show info`, as renderers see it.
struct Value {
  ValueType type = ValueType::str;
  bool present = false;
  std::uint64_t number = 0;  // two's complement for s32
  std::string_view text;     // points into the row
};

namespace field_type {
using s32 = std::int32_t;
using u32 = std::uint32_t;
using u64 = std::uint64_t;
using str = std::string;
}  // namespace field_type

// The numbers are those of the field `type` and of the filter of `show stat <iid> <type> <sid>`, as powers of
// two there.
enum class EntityType : std::uint8_t { frontend = 0, backend = 1, server = 2, listener = 3 };

struct Row {
#define X(name, type, tags, doc) std::optional<field_type::type> name;
  EVENKEEL_STAT_FIELDS(X)
#undef X

  [[nodiscard]] EntityType entity() const noexcept { return static_cast<EntityType>(type.value_or(0)); }
};

struct Field {
  std::string_view name;
  ValueType type;
  std::string_view tags;
  std::string_view doc;
  Value (*get)(const Row&);
};

#define X(name, type, tags, doc) +1  // NOLINT(bugprone-macro-parentheses)
inline constexpr std::size_t kModuleFieldCount = 0 EVENKEEL_STAT_MODULE_FIELDS(X);
inline constexpr std::size_t kFieldCount = 0 EVENKEEL_STAT_FIELDS(X);
#undef X

extern const std::array<Field, kFieldCount> kFields;

// The tags of a field in that row: HAProxy tags four fields of backends otherwise than those of servers.
std::string_view tags_of(const Field& field, EntityType entity) noexcept;

// Builds Values; shared by rows and by `show info`.
Value value_of(const std::optional<std::int32_t>& v) noexcept;
Value value_of(const std::optional<std::uint32_t>& v) noexcept;
Value value_of(const std::optional<std::uint64_t>& v) noexcept;
Value value_of(const std::optional<std::string>& v) noexcept;

// Appends the value as plain decimal or text; nothing when absent.
void append_plain(std::string& out, const Value& value);

}  // namespace evenkeel::stats
