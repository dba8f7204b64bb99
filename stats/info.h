// `show info`: what is known about the process, declared once. Names and positions are HAProxy 2.6's, its
// misspelling included; tools look them up by these.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "stats/row.h"

namespace evenkeel::stats {

// clang-format off
// X(member, name, type, tags, meaning); see EVENKEEL_STAT_FIELDS for types and tags. Absent values are not shown.
#define EVENKEEL_INFO_FIELDS(X) \
  X(name,                           "Name",                           str, "POS", "Name of the product")                         \
  X(version,                        "Version",                        str, "POS", "Version of the product")                      \
  X(release_date,                   "Release_date",                   str, "POS", "Date of the release")                         \
  X(nbthread,                       "Nbthread",                       u32, "CGS", "Worker threads: nbthread")                    \
  X(nbproc,                         "Nbproc",                         u32, "CGS", "Worker processes, always 1")                  \
  X(process_num,                    "Process_num",                    u32, "KGP", "Number of this worker process, always 1")     \
  X(pid,                            "Pid",                            u32, "SGP", "Process id")                                  \
  X(uptime,                         "Uptime",                         str, "MDP", "Time since the start, in words")              \
  X(uptime_sec,                     "Uptime_sec",                     u32, "MDP", "Seconds since the start")                     \
  X(memmax_mb,                      "Memmax_MB",                      u32, "CLP", "Limit of memory in MB: -m")                   \
  X(pool_alloc_mb,                  "PoolAlloc_MB",                   u32, "MGP", "Memory held in pools, MB")                    \
  X(pool_used_mb,                   "PoolUsed_MB",                    u32, "MGP", "Pool memory in use, MB")                      \
  X(pool_failed,                    "PoolFailed",                     u32, "MCP", "Allocations from pools that failed")          \
  X(ulimit_n,                       "Ulimit-n",                       u32, "CLP", "Limit of descriptors")                        \
  X(maxsock,                        "Maxsock",                        u32, "CLP", "Limit of sockets")                            \
  X(maxconn,                        "Maxconn",                        u32, "CLP", "Limit of connections: maxconn")               \
  X(hard_maxconn,                   "Hard_maxconn",                   u32, "CLP", "Limit of connections that memory and descriptors allow") \
  X(curr_conns,                     "CurrConns",                      u32, "MGP", "Connections open now")                        \
  X(cum_conns,                      "CumConns",                       u32, "MCP", "Connections in total")                        \
  X(cum_req,                        "CumReq",                         u32, "MCP", "Requests in total")                           \
  X(max_ssl_conns,                  "MaxSslConns",                    u32, "MMP", "Limit of TLS connections, 0 for none")        \
  X(curr_ssl_conns,                 "CurrSslConns",                   u32, "MGP", "TLS connections open now")                    \
  X(cum_ssl_conns,                  "CumSslConns",                    u32, "MCP", "TLS connections in total")                    \
  X(maxpipes,                       "Maxpipes",                       u32, "CLP", "Limit of pipes for splicing")                 \
  X(pipes_used,                     "PipesUsed",                      u32, "MGP", "Pipes in use")                                \
  X(pipes_free,                     "PipesFree",                      u32, "MGP", "Pipes kept ready")                            \
  X(conn_rate,                      "ConnRate",                       u32, "MRP", "Connections in the last second")              \
  X(conn_rate_limit,                "ConnRateLimit",                  u32, "CLP", "Limit of connections per second: maxconnrate") \
  X(max_conn_rate,                  "MaxConnRate",                    u32, "MMP", "Most connections in one second")              \
  X(sess_rate,                      "SessRate",                       u32, "MRP", "Sessions in the last second")                 \
  X(sess_rate_limit,                "SessRateLimit",                  u32, "CLP", "Limit of sessions per second: maxsessrate")   \
  X(max_sess_rate,                  "MaxSessRate",                    u32, "MRP", "Most sessions in one second")                 \
  X(ssl_rate,                       "SslRate",                        u32, "MRP", "TLS connections in the last second")          \
  X(ssl_rate_limit,                 "SslRateLimit",                   u32, "CLP", "Limit of TLS connections per second: maxsslrate") \
  X(max_ssl_rate,                   "MaxSslRate",                     u32, "MMP", "Most TLS connections in one second")          \
  X(ssl_frontend_key_rate,          "SslFrontendKeyRate",             u32, "MGP", "Keys computed for clients in the last second") \
  X(ssl_frontend_max_key_rate,      "SslFrontendMaxKeyRate",          u32, "MMP", "Most keys computed for clients in one second") \
  X(ssl_frontend_session_reuse_pct, "SslFrontendSessionReuse_pct",    u32, "MGP", "Percent of client TLS connections that resumed a session") \
  X(ssl_backend_key_rate,           "SslBackendKeyRate",              u32, "MRP", "Keys computed for servers in the last second") \
  X(ssl_backend_max_key_rate,       "SslBackendMaxKeyRate",           u32, "MMP", "Most keys computed for servers in one second") \
  X(ssl_cache_lookups,              "SslCacheLookups",                u32, "MCP", "Lookups in the TLS session cache")            \
  X(ssl_cache_misses,               "SslCacheMisses",                 u32, "MCP", "Lookups in it that found nothing")            \
  X(compress_bps_in,                "CompressBpsIn",                  u32, "MRP", "Bytes per second given to compression")       \
  X(compress_bps_out,               "CompressBpsOut",                 u32, "MRP", "Bytes per second that compression made")      \
  X(compress_bps_rate_lim,          "CompressBpsRateLim",             u32, "CLP", "Limit of CompressBpsIn: maxcomprate")         \
  X(zlib_mem_usage,                 "ZlibMemUsage",                   u32, "MGP", "Memory used by zlib")                         \
  X(max_zlib_mem_usage,             "MaxZlibMemUsage",                u32, "CLP", "Limit of memory for zlib: maxzlibmem")        \
  X(tasks,                          "Tasks",                          u32, "MGP", "Tasks alive")                                 \
  X(run_queue,                      "Run_queue",                      u32, "MGP", "Tasks ready to run")                          \
  X(idle_pct,                       "Idle_pct",                       u32, "MaP", "Percent of the last second spent waiting for events") \
  X(node,                           "node",                           str, "COS", "Name of this node: node")                     \
  X(description,                    "description",                    str, "COS", "Description of this instance: description")   \
  X(stopping,                       "Stopping",                       u32, "MGP", "1 once the process is stopping")              \
  X(jobs,                           "Jobs",                           u32, "MGP", "Listeners and connections that keep the process alive") \
  X(unstoppable_jobs,               "Unstoppable Jobs",               u32, "MGP", "Jobs that a soft stop does not end")          \
  X(listeners,                      "Listeners",                      u32, "MGP", "Active listeners")                            \
  X(active_peers,                   "ActivePeers",                    u32, "MGP", "Peers in use")                                \
  X(connected_peers,                "ConnectedPeers",                 u32, "MGP", "Peers connected")                             \
  X(dropped_logs,                   "DroppedLogs",                    u32, "MGP", "Log lines dropped")                           \
  X(busy_polling,                   "BusyPolling",                    u32, "MGP", "1 while busy polling is on")                  \
  X(failed_resolutions,             "FailedResolutions",              u32, "MGP", "DNS resolutions that failed")                 \
  X(total_bytes_out,                "TotalBytesOut",                  u64, "MGP", "Bytes sent in total")                         \
  X(total_splicded_bytes_out,       "TotalSplicdedBytesOut",          u64, "MGP", "Bytes sent through a kernel pipe in total")   \
  X(bytes_out_rate,                 "BytesOutRate",                   u64, "MRP", "Bytes sent in the last second")               \
  X(debug_commands_issued,          "DebugCommandsIssued",            u32, "MGP", "Debug commands run")                          \
  X(cum_recv_logs,                  "CumRecvLogs",                    u32, "MCP", "Log messages received by log-forward sections") \
  X(build_info,                     "Build info",                     str, "POS", "Details of the build")                        \
  X(memmax_bytes,                   "Memmax_bytes",                   u32, "CLP", "Limit of memory in bytes: -m")                \
  X(pool_alloc_bytes,               "PoolAlloc_bytes",                u64, "MGP", "Memory held in pools, bytes")                 \
  X(pool_used_bytes,                "PoolUsed_bytes",                 u64, "MGP", "Pool memory in use, bytes")                   \
  X(start_time_sec,                 "Start_time_sec",                 u32, "MDP", "Second of the start, since 1970")             \
  X(tainted,                        "Tainted",                        str, "SGP", "Flags of experimental or risky features in use")
// clang-format on

struct Info {
#define X(member, name, type, tags, doc) std::optional<field_type::type> member;
  EVENKEEL_INFO_FIELDS(X)
#undef X
};

struct InfoField {
  std::string_view name;
  ValueType type;
  std::string_view tags;
  std::string_view doc;
  Value (*get)(const Info&);
};

#define X(member, name, type, tags, doc) +1  // NOLINT(bugprone-macro-parentheses)
inline constexpr std::size_t kInfoFieldCount = 0 EVENKEEL_INFO_FIELDS(X);
#undef X
extern const std::array<InfoField, kInfoFieldCount> kInfoFields;

enum class InfoForm : std::uint8_t { plain, typed, json };

// `show info [typed|json] [desc]`. The plain and typed forms end each line with a line feed, the JSON form
// has none.
void append_info(std::string& out, const Info& info, InfoForm form, bool with_desc = false);

// Seconds as "0d 1h02m03s": the form of the field Uptime.
std::string uptime_words(std::uint64_t seconds);

}  // namespace evenkeel::stats
