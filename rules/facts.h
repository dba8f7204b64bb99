// What rules and logs may ask a session about besides the messages themselves: numbers and names that the
// data plane knows. Fetches, log aliases and tests meet here, so that the data plane implements one list
// once.
#pragma once

#include <cstdint>

namespace evenkeel::rules {

// Asked through EvalContext::number(). Those marked [name] take the name of a proxy, or "backend/server", as
// second argument; an empty name means the session's own. Durations are in milliseconds unless said
// otherwise.
enum class Number : std::uint8_t {
  // The process (manual 7.3.2).
  active_connections,
  process_connections_max,
  log_counter,      // %lc: lines logged by the frontend
  request_counter,  // %rt: requests or TCP sessions of the process
  thread,           // 0-based
  thread_group,
  stopping,  // 0 or 1
  uptime,    // seconds
  // Frontends [name].
  fe_conn,
  fe_req_rate,
  fe_sess_rate,
  fe_id,
  fe_client_timeout,
  fe_tarpit_timeout,
  so_id,
  dst_conn,  // connections of the listener
  // Backends [name].
  be_conn,
  be_conn_free,
  be_sess_rate,
  be_id,
  be_server_timeout,
  be_tunnel_timeout,
  be_connect_timeout,
  be_queue_timeout,
  be_tarpit_timeout,
  be_max_retries,
  connslots,
  queue,
  avg_queue,
  nbsrv,
  // Servers [backend/server].
  srv_conn,
  srv_conn_free,
  srv_queue,
  srv_sess_rate,
  srv_weight,
  srv_iweight,
  srv_uweight,
  srv_is_up,
  srv_id,
  // Lengths of the queue when this request entered it.
  srv_queue_at_entry,
  be_queue_at_entry,
  // The connections.
  fc_http_major,
  bc_http_major,
  fc_rcvd_proxy,
  fc_rtt,     // microseconds, from TCP_INFO as the following ones
  fc_rttvar,  // microseconds
  fc_unacked,
  fc_sacked,
  fc_retrans,
  fc_fackets,
  fc_lost,
  fc_reordering,
  fc_err,
  bc_err,
  bc_rtt,
  bc_rttvar,
  bc_reused,
  fc_src_is_local,
  fc_dst_is_local,
  dst_is_local,
  src_is_local,
  fc_nb_streams,
  bc_nb_streams,
  // The transaction (manual 8.4 for the timers; -1 where the phase was not reached).
  first_request,  // 1 on the first request of its connection
  status,         // of the response given to the client; 0 before
  server_status,  // of the server's own response
  retries,
  redispatched,
  bytes_in,         // from the client
  bytes_out,        // to the client
  timer_handshake,  // Th
  timer_idle,       // Ti
  timer_request,    // TR
  timer_queue,      // Tw
  timer_connect,    // Tc
  timer_response,   // Tr
  timer_data,       // Td
  timer_total,      // Tt
  timer_user,       // Tu
  timer_active,     // Ta
  cur_client_timeout,
  cur_server_timeout,
  cur_tunnel_timeout,
  cur_connect_timeout,
  cur_queue_timeout,
  cur_tarpit_timeout,
  cur_max_retries,
  transaction_id,      // 32 bits
  timer_full_request,  // Tq
  priority_class,
  priority_offset,
  server_bytes_in,    // from the server
  server_bytes_out,   // to the server
  cpu_usage_thread,   // percent, of the worker that asks
  cpu_usage_group,    // of all workers, who are one group
  cpu_usage_process,  // likewise
  cpu_calls,          // how often this request or session has had the processor, while the profiler is on
  cpu_ns,             // for how long together
  latency_ns,         // and how long it waited for its turn
};

// Asked through EvalContext::text().
enum class Text : std::uint8_t {
  fe_name,
  fe_default_backend,
  be_name,
  srv_name,
  so_name,
  termination_state,         // two characters
  termination_state_cookie,  // four characters
  request_cookie,            // captured by "capture cookie", "name=value"
  response_cookie,
  fc_err_str,
  bc_err_str,
  pp2_authority,
  pp2_unique_id,
};

}  // namespace evenkeel::rules
