#include "frontends/session_end.h"

#include "frontends/access_logs.h"
#include "frontends/debug_events.h"

namespace evenkeel::frontends {
namespace {

void count_side(stats::Counters& c, const stats::SessionRecord& r, Millis now) {
  c.bytes_in += r.bytes_in;
  c.bytes_out += r.bytes_out;
  c.touch(now);
}

void count_end(stats::Counters& c, const stats::SessionRecord& r) {
  if (r.cause == Cause::client_abort) ++c.cli_aborts;
  if (r.cause == Cause::server_abort && r.phase == Phase::data) ++c.srv_aborts;
}

}  // namespace

void begin_record(stats::SessionRecord& record, ClientConnection& client) {
  record.frontend = client.frontend.name();
  record.listener = client.listener.def.name;
  record.listener_id = client.listener.id;
  record.client = client.peer;
  record.accepted_wall_us = client.accepted_wall_us;
  record.at.accepted = client.accepted_us;
  record.at.handshaken = client.handshaken_us;
}

void number_record(stats::SessionRecord& record, ClientConnection& client) {
  const FrontendDef& def = client.frontend.def();
  if (!def.unique_id && !client.frontend.custom_lines) return;
  record.request_counter = client.context.engine.numbered_requests.fetch_add(1, std::memory_order_relaxed);
}

void note_server_addresses(stats::SessionRecord& record, const ClientConnection& client,
                           const FdStream& server) {
  if (!client.frontend.custom_lines) return;
  record.source = server.local_address();
  record.target = server.peer_address();
}

void finish_record(stats::SessionRecord& record, ClientConnection& client, backends::Backend* backend,
                   backends::Server* server, backends::Server* tried) {
  const auto index = client.context.index();
  const Millis now = client.context.worker.now();
  record.at.ended = client.context.worker.now_us();
  if (debug_events::enabled)
    debug_events::ends(client, backend != nullptr ? backend->name() : std::string_view(), server != nullptr);
  client.context.engine.logs().write(client, record, backend, server);
  auto& fe = client.frontend.counters(index);
  count_side(fe, record, now);
  count_side(client.listener.totals.at(index), record, now);
  if (record.http) fe.count_status(static_cast<unsigned>(record.status < 0 ? 0 : record.status));
  if (backend == nullptr) return;
  const stats::Timers timers = stats::timers_of(record.at, record.http);
  auto& be = backend->counters(index);
  count_side(be, record, now);
  count_end(be, record);
  if (record.http) be.count_status(static_cast<unsigned>(record.status < 0 ? 0 : record.status));
  if (server == nullptr && tried != nullptr) count_side(tried->counters(index), record, now);
  if (server == nullptr) return;
  be.note_times(timers.queue, timers.connect, timers.response, timers.active);
  auto& srv = server->counters(index);
  count_side(srv, record, now);
  count_end(srv, record);
  srv.note_times(timers.queue, timers.connect, timers.response, timers.active);
  if (record.http) srv.count_status(static_cast<unsigned>(record.status < 0 ? 0 : record.status));
}

}  // namespace evenkeel::frontends
