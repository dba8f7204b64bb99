#include "frontends/connection_rules.h"

#include "frontends/content_switching.h"
#include "frontends/http_transaction.h"
#include "frontends/rule_context.h"

namespace evenkeel::frontends {
namespace {

using rules::RuleSet;
using rules::Verdict;

// True: go on. Rules may have changed the addresses.
bool run_now(ClientConnection& client, const RuleSet& set) {
  RuleContext& ctx = client.rules();
  ctx.inspection_ended = true;
  const Verdict verdict = set.run(ctx);
  client.peer = ctx.src;
  client.set_local(ctx.dst);
  ctx.adopt_addresses();
  ctx.mark_client();
  if (verdict == Verdict::silent_drop) drop_silently(client.stream.fd(), ctx.drop_ttl);
  return verdict == Verdict::proceed || verdict == Verdict::allow || verdict == Verdict::wait;
}

// Runs a content set as often as it asks for more bytes. False: refused.
Task<bool> run_content(ClientConnection& client, const RuleSet& set, Millis delay) {
  if (set.empty()) co_return true;
  Worker& worker = client.context.worker;
  RuleContext& ctx = client.rules();
  Deadline deadline(
      worker.timers(), [](void* s) noexcept { static_cast<FdStream*>(s)->interrupt(IoStatus::timeout); },
      &client.stream);
  ctx.inspection_ended = delay <= 0;
  if (delay > 0) deadline.set(worker.now() + delay);
  std::size_t next = 0;
  for (;;) {
    const bool full = client.in.held() && client.in.size() >= client.in.capacity();
    if (full) ctx.inspection_ended = true;
    ctx.inspect(client.in.held() ? client.in.view() : std::string_view(), ctx.inspection_ended);
    const Verdict verdict = set.run(ctx, next);
    if (verdict == Verdict::silent_drop) drop_silently(client.stream.fd(), ctx.drop_ttl);
    if (verdict != Verdict::wait) co_return verdict == Verdict::proceed || verdict == Verdict::allow;
    if (ctx.inspection_ended) {  // no more to come, and still no decision: this rule does not hold
      ++next;
      continue;
    }
    client.in.reserve();
    if (client.in.space().empty()) client.in.compact();
    const IoResult in = co_await client.stream.read(client.in.space());
    if (in.ok()) {
      client.in.commit(in.bytes);
    } else if (in.status == IoStatus::timeout || in.status == IoStatus::eof) {
      ctx.inspection_ended = true;
    } else {
      co_return false;
    }
  }
}

}  // namespace

bool admit_connection(ClientConnection& client) {
  const auto& sets = client.frontend.def().rules;
  if (!sets || sets->tcp_connection.empty()) return true;
  const bool admitted = run_now(client, sets->tcp_connection);
  if (!admitted) ++client.frontend.counters(client.context.index()).denied_conn;
  return admitted;
}

bool admit_session(ClientConnection& client) {
  const auto& sets = client.frontend.def().rules;
  if (!sets || sets->tcp_session.empty()) return true;
  client.rules().src = client.peer;
  client.rules().dst = client.local();
  const bool admitted = run_now(client, sets->tcp_session);
  if (!admitted) ++client.frontend.counters(client.context.index()).denied_sess;
  return admitted;
}

Task<Inspection> inspect_client(ClientConnection& client, const stats::SessionRecord& record) {
  Inspection result;
  const auto& sets = client.frontend.def().rules;
  if (!sets) {
    result.backend = default_backend_of(client);
    co_return result;
  }
  RuleContext& ctx = client.rules();
  ctx.use_record(record);
  ctx.begin(nullptr, 1);
  const bool accepted = co_await run_content(client, sets->tcp_request_content, sets->request_inspect_delay);
  result.refused = !accepted;
  result.http = accepted && ctx.switch_to_http;
  ctx.mark_client();
  if (!accepted || result.http) {
    result.backend = client.frontend.default_backend;
    co_return result;
  }
  Engine& engine = client.context.engine;
  const auto usable = [&](std::string_view n) {
    const backends::Backend* const found = engine.find_backend(n);
    return found != nullptr && may_switch_to(client, *found);
  };
  const std::string_view name =
      sets->use_backend.empty() ? std::string_view() : sets->use_backend.pick(ctx, usable);
  result.backend = name.empty() ? default_backend_of(client) : engine.find_backend(name);
  co_return result;
}

Task<bool> inspect_for_backend(ClientConnection& client, const backends::BackendDef& def,
                               const stats::SessionRecord& record) {
  if (!def.rules || def.rules == client.frontend.def().rules) co_return true;
  if (client.rules().record != &record) {
    client.rules().use_record(record);
    client.rules().begin(nullptr, 1);
  }
  const bool accepted =
      co_await run_content(client, def.rules->tcp_request_content, def.rules->request_inspect_delay);
  client.rules().mark_client();
  co_return accepted;
}

Task<RelayGate::Decision> ResponseGate::open(Buffer& held) {
  RuleContext& ctx = client_.rules();
  Worker& worker = client_.context.worker;
  Deadline deadline(
      worker.timers(), [](void* s) noexcept { static_cast<FdStream*>(s)->interrupt(IoStatus::timeout); },
      &server_);
  const Millis delay = sets_.response_inspect_delay;
  bool complete = delay <= 0;
  if (!complete) deadline.set(worker.now() + delay);
  std::size_t next = 0;
  for (;;) {
    ctx.inspect_response(held.held() ? held.view() : std::string_view(), complete);
    verdict_ = sets_.tcp_response_content.run(ctx, next);
    if (verdict_ == Verdict::wait && complete) {
      ++next;  // no more to come, and still no decision: this rule does not hold
      continue;
    }
    if (verdict_ != Verdict::wait) break;
    held.reserve();
    const IoResult in = co_await server_.read(held.space());
    if (in.ok()) held.commit(in.bytes);
    complete = !in.ok() || held.space().empty();
    if (in.status == IoStatus::cancelled) co_return Decision::break_;
  }
  ctx.response_bytes = {};
  ctx.in_response = false;
  ctx.mark_client();
  if (verdict_ == Verdict::reject || verdict_ == Verdict::silent_drop) co_return Decision::break_;
  co_return verdict_ == Verdict::end_server ? Decision::end : Decision::pass;
}

}  // namespace evenkeel::frontends
