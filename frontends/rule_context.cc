#include "frontends/rule_context.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <random>

#include "core/proxy_protocol.h"
#include "frontends/access_logs.h"
#include "frontends/connection_facts.h"
#include "frontends/cpu_usage.h"
#include "frontends/filters/stream_filters.h"
#include "http/cookie.h"
#include "http/head.h"
#include "http/parser.h"

namespace evenkeel::frontends {

using rules::Number;

RuleContext::RuleContext(ClientConnection& client) : client_(client), local_(client.local()) {
  src = client.peer;
  dst = local_;
  fc_src = &client.peer;
  fc_dst = &local_;
  record = &none_;
  log_date = &client.context.engine.logs().date(client.context.index());
  mode_http = client.frontend.def().mode == backends::Mode::http;
  process_vars = &client.context.engine.process_vars;
  if (const auto& sets = client.frontend.def().rules; sets) make_room_for_captures(*sets);
}

RuleContext::~RuleContext() = default;

StreamFilters& RuleContext::stream_filters() {
  if (!stream_filters_) stream_filters_ = std::make_unique<StreamFilters>(client_.context.worker);
  return *stream_filters_;
}

void RuleContext::limit_bandwidth(std::string_view name, std::optional<std::int64_t> limit,
                                  std::optional<std::int64_t> period) {
  const backends::FilterDefs* const front = client_.frontend.def().filters.get();
  const backends::FilterDefs* const back = backend == nullptr ? nullptr : backend->def().filters.get();
  for (const backends::FilterDefs* defs : {front, back}) {
    const backends::BandwidthDef* const def = defs == nullptr ? nullptr : defs->limit_named(name);
    if (def != nullptr) return stream_filters().limit(*def, limit, period);
  }
}

std::optional<std::string_view> RuleContext::bytes_of(const rules::Expression& expression) {
  rules::Sample sample;
  if (!expression.eval(*this, sample) || !rules::cast(sample, rules::SampleType::bin, scratch_))
    return std::nullopt;
  return sample.text;
}

namespace {

// Different in all threads; each takes a thousand at a time, so that they do not meet at every request.
std::uint32_t next_transaction() noexcept {
  constexpr std::uint32_t kBlock = 1024;
  static std::atomic<std::uint32_t> blocks{0};
  thread_local std::uint32_t next = 0;
  if (next % kBlock == 0) next = blocks.fetch_add(1, std::memory_order_relaxed) * kBlock;
  return next++;
}

}  // namespace

void RuleContext::begin(http::RequestHead* head, std::uint32_t request_number) {
  request = head;
  memo.forget();
  response = nullptr;
  in_response = false;
  request_number_ = request_number;
  transaction_id_ = next_transaction();
  last_rule_file = {};
  last_rule_line = waiting_rule_line = 0;
  scratch_.reset();
  transaction_.clear();
  request_vars_.clear();
  response_vars_.clear();
  for (auto& value : request_slots_.values) value.reset();
  for (auto& value : response_slots_.values) value.reset();
  if (reply.kind != rules::Reply::Kind::none || reply.status != 0 || !reply.headers.empty()) reply.clear();
  route.clear();
  log_level = -1;
  no_l7_retry = switch_to_http = false;
  line_marks.clear();
  stream_filters_.reset();
  timeout_client_ms = timeout_server_ms = timeout_tunnel_ms = timeout_connect_ms = std::nullopt;
  timeout_queue_ms = timeout_tarpit_ms = std::nullopt;
  mark = server_mark = std::nullopt;
  tos = server_tos = retries = priority_class = priority_offset = std::nullopt;
  early_hints.clear();
  request_cookie_.clear();
  response_cookie_.clear();
  response_bytes = {};
  response_body = {};
  backend = nullptr;
  server = nullptr;
  unique_id_.clear();
  src = client_.peer;
  dst = local_;
  captured_method = record->method;
  captured_uri = record->target_uri;
  captured_version = record->version;
}

void RuleContext::inspect(std::string_view bytes, bool complete) {
  request_bytes = {bytes, complete};
  request = nullptr;
  sniffed_.assign(bytes);
  sniffed_head_.clear();
  const http::ParseResult parsed = http::parse_request_head(sniffed_, http::Limits{}, sniffed_head_);
  if (parsed.is_complete()) request = &sniffed_head_;
  not_http = parsed.is_bad();
}

void RuleContext::inspect_response(std::string_view bytes, bool complete) {
  response_bytes = {bytes, complete};
  in_response = true;
  inspection_ended = complete;
}

void RuleContext::mark_client() const noexcept {
  if (mark || tos) apply_packet_marks(client_.stream.fd(), {mark, tos});
}

namespace {

// `capture cookie`: the first cookie whose name begins as configured, as "name=value".
bool capture_cookie(const CookieCapture& def, const http::CookieSpan& cookie, std::string& out) {
  out.assign(cookie.name).append("=").append(cookie.value);
  const bool wanted = out.starts_with(def.name);
  out.resize(wanted ? std::min(out.size(), def.length) : 0);
  return wanted;
}

void capture(const std::vector<rules::CaptureDef>& defs, const http::HeaderBlock& headers,
             rules::CaptureSlots& slots) {
  for (std::size_t slot = 0; slot < defs.size(); ++slot) {
    if (defs[slot].name.empty()) continue;  // for rules to fill
    const std::size_t last = headers.nth(defs[slot].name, -1);
    if (last != http::HeaderBlock::npos)
      slots.values[slot] = std::string(headers.value(last).substr(0, defs[slot].length));
  }
}

void show(const rules::CaptureSlots& slots, std::vector<std::string_view>& shown) {
  shown.clear();
  for (const auto& value : slots.values)
    shown.emplace_back(value ? std::string_view(*value) : std::string_view());
}

}  // namespace

void RuleContext::capture_request(const http::HeaderBlock& headers) {
  const FrontendDef& def = client_.frontend.def();
  if (def.rules) capture(def.rules->request_captures, headers, request_slots_);
  if (def.captured_cookie.name.empty()) return;
  for (std::size_t i = headers.find("cookie"); i != http::HeaderBlock::npos;
       i = headers.find("cookie", i + 1)) {
    http::CookieReader reader(headers.value(i));
    for (http::CookieSpan cookie; reader.next(cookie);) {
      if (capture_cookie(def.captured_cookie, cookie, request_cookie_)) return;
    }
  }
}

void RuleContext::capture_response(const http::HeaderBlock& headers) {
  const FrontendDef& def = client_.frontend.def();
  if (def.rules) capture(def.rules->response_captures, headers, response_slots_);
  if (def.captured_cookie.name.empty()) return;
  for (std::size_t i = headers.find("set-cookie"); i != http::HeaderBlock::npos;
       i = headers.find("set-cookie", i + 1)) {
    http::CookieSpan cookie;
    std::string_view attributes;
    if (http::parse_set_cookie(headers.value(i), cookie, attributes) &&
        capture_cookie(def.captured_cookie, cookie, response_cookie_))
      return;
  }
}

void RuleContext::show_captures(stats::SessionRecord& r) {
  show(request_slots_, shown_request_);
  show(response_slots_, shown_response_);
  r.request_captures = shown_request_;
  r.response_captures = shown_response_;
  if (!r.captured) return;
  r.request_cookie = request_cookie_;
  r.response_cookie = response_cookie_;
}

const backends::Backend* RuleContext::backend_named(std::string_view name) const {
  return name.empty() ? backend : client_.context.engine.find_backend(name);
}

const Frontend* RuleContext::frontend_named(std::string_view name) const {
  return name.empty() ? &client_.frontend : client_.context.engine.find_frontend(name);
}

const backends::Server* RuleContext::server_named(std::string_view name) const {
  if (name.empty()) return server;
  const std::size_t slash = name.find('/');
  const backends::Backend* home =
      slash == std::string_view::npos ? backend : client_.context.engine.find_backend(name.substr(0, slash));
  if (home == nullptr) return nullptr;
  return home->find_server(slash == std::string_view::npos ? name : name.substr(slash + 1));
}

std::optional<std::int64_t> RuleContext::process_number(Number what) const {
  const Engine& engine = client_.context.engine;
  switch (what) {
    case Number::active_connections:
      return engine.current_connections.load(std::memory_order_relaxed);
    case Number::process_connections_max:
      return engine.maxconn.load(std::memory_order_relaxed);
    case Number::thread:
      return client_.context.worker.index();
    case Number::thread_group:
      return 1;
    case Number::stopping:
      return engine.stopping() ? 1 : 0;
    case Number::uptime:
      return (SystemClock().now_ms() - engine.started) / 1000;
    case Number::log_counter:
      return static_cast<std::int64_t>(record->log_counter);
    case Number::request_counter:
      return static_cast<std::int64_t>(record->request_counter);
    default:
      return std::nullopt;
  }
}

namespace {

// What the proxies use where these are not set.
Millis queue_of(const backends::Timeouts& t) noexcept { return t.queue > 0 ? t.queue : t.connect; }
Millis tarpit_of(const backends::Timeouts& t) noexcept { return t.tarpit > 0 ? t.tarpit : t.connect; }

}  // namespace

std::optional<std::int64_t> RuleContext::proxy_number(Number what, std::string_view name) const {
  const Millis now = client_.context.worker.now();
  if (what == Number::fe_conn || what == Number::fe_req_rate || what == Number::fe_sess_rate ||
      what == Number::fe_id || what == Number::fe_client_timeout || what == Number::fe_tarpit_timeout) {
    const Frontend* fe = frontend_named(name);
    if (fe == nullptr) return std::nullopt;
    if (what == Number::fe_conn) return fe->current.load(std::memory_order_relaxed);
    if (what == Number::fe_req_rate)
      return static_cast<std::int64_t>(fe->totals.rate(stats::RateId::req_rate, now));
    if (what == Number::fe_sess_rate)
      return static_cast<std::int64_t>(fe->totals.rate(stats::RateId::sess_rate, now));
    if (what == Number::fe_id) return fe->def().id;
    return what == Number::fe_tarpit_timeout ? tarpit_of(fe->def().timeouts) : fe->def().timeouts.client;
  }
  const backends::Backend* be = backend_named(name);
  if (be == nullptr) return std::nullopt;
  std::int64_t usable = 0;
  std::int64_t free = 0;
  if (what == Number::nbsrv || what == Number::connslots || what == Number::be_conn_free ||
      what == Number::avg_queue) {
    for (const backends::Server* s : be->servers()) {
      if (!s->usable()) continue;
      ++usable;
      const std::uint32_t limit = s->maxconn.load(std::memory_order_relaxed);
      if (limit != 0) free += static_cast<std::int64_t>(limit) - s->served.load(std::memory_order_relaxed);
    }
  }
  switch (what) {
    case Number::be_conn:
      return be->current_sessions.load(std::memory_order_relaxed);
    case Number::be_sess_rate:
      return static_cast<std::int64_t>(be->totals.rate(stats::RateId::sess_rate, now));
    case Number::be_id:
      return be->def().id;
    case Number::be_server_timeout:
      return be->def().timeouts.server;
    case Number::be_tunnel_timeout:
      return be->def().timeouts.tunnel;
    case Number::be_connect_timeout:
      return be->def().timeouts.connect;
    case Number::be_queue_timeout:
      return queue_of(be->def().timeouts);
    case Number::be_tarpit_timeout:
      return tarpit_of(be->def().timeouts);
    case Number::be_max_retries:
      return be->def().retries;
    case Number::queue:
      return be->queued.load(std::memory_order_relaxed);
    case Number::avg_queue:
      return usable == 0 ? be->queued.load(std::memory_order_relaxed)
                         : (be->queued.load(std::memory_order_relaxed) + usable - 1) / usable;
    case Number::nbsrv:
      return usable;
    case Number::be_conn_free:
    case Number::connslots:
      return free;
    default:
      return std::nullopt;
  }
}

std::optional<std::int64_t> RuleContext::server_number(Number what, std::string_view name) const {
  const backends::Server* s = server_named(name);
  if (s == nullptr) return std::nullopt;
  const std::uint32_t limit = s->maxconn.load(std::memory_order_relaxed);
  switch (what) {
    case Number::srv_conn:
      return s->current_sessions.load(std::memory_order_relaxed);
    case Number::srv_conn_free:
      return limit == 0 ? -1 : static_cast<std::int64_t>(limit) - s->served.load(std::memory_order_relaxed);
    case Number::srv_queue:
      return s->queued.load(std::memory_order_relaxed);
    case Number::srv_sess_rate:
      return static_cast<std::int64_t>(
          s->totals.rate(stats::RateId::sess_rate, client_.context.worker.now()));
    case Number::srv_weight:
      return (s->weight.load(std::memory_order_relaxed) + balance::kWeightScale - 1) / balance::kWeightScale;
    case Number::srv_iweight:
      return s->initial_weight;
    case Number::srv_uweight:
      return s->user_weight.load(std::memory_order_relaxed);
    case Number::srv_is_up:
      return s->can_serve() ? 1 : 0;
    case Number::srv_id:
      return s->id;
    default:
      return std::nullopt;
  }
}

std::optional<std::int64_t> RuleContext::session_number(Number what) const {
  const stats::Timers t = stats::timers_of(record->at, record->http);
  switch (what) {
    case Number::so_id:
      return client_.listener.id;
    case Number::dst_conn:
      return client_.listener.current.load(std::memory_order_relaxed);
    case Number::fc_http_major:
    case Number::bc_http_major:
      return 1;
    case Number::fc_rcvd_proxy:
      return client_.listener.def.accept_proxy || expect_proxy ? 1 : 0;
    case Number::first_request:
      return request_number_ <= 1 ? 1 : 0;
    case Number::status:
    case Number::server_status:
      return record->status < 0 ? 0 : record->status;
    case Number::retries:
      return record->retries;
    case Number::redispatched:
      return record->redispatched ? 1 : 0;
    case Number::bytes_in:
      return static_cast<std::int64_t>(record->bytes_in);
    case Number::bytes_out:
      return static_cast<std::int64_t>(record->bytes_out);
    case Number::server_bytes_in:
      return static_cast<std::int64_t>(record->server_bytes_in);
    case Number::server_bytes_out:
      return static_cast<std::int64_t>(record->server_bytes_out);
    case Number::cpu_usage_thread:
      return thread_cpu_percent(client_.context.worker.now());
    case Number::cpu_usage_group:
    case Number::cpu_usage_process:
      return process_cpu_percent(client_.context.worker.now(), client_.context.engine.worker_count());
    case Number::cpu_calls:
      return client_.account ? client_.account->calls() : 0;
    case Number::cpu_ns:
      return client_.account ? client_.account->cpu_ns() : 0;
    case Number::latency_ns:
      return client_.account ? client_.account->latency_ns() : 0;
    case Number::srv_queue_at_entry:
      return record->srv_queue;
    case Number::be_queue_at_entry:
      return record->backend_queue;
    case Number::timer_handshake:
      return t.handshake;
    case Number::timer_idle:
      return t.idle;
    case Number::timer_request:
      return t.request;
    case Number::timer_queue:
      return t.queue;
    case Number::timer_connect:
      return t.connect;
    case Number::timer_response:
      return t.response;
    case Number::timer_data:
      return t.data;
    case Number::timer_total:
      return t.total;
    case Number::timer_user:
      return t.user;
    case Number::timer_active:
      return t.active;
    case Number::timer_full_request:
      return t.full_request;
    case Number::transaction_id:
      return transaction_id_;
    case Number::priority_class:
      return priority_class.value_or(0);
    case Number::priority_offset:
      return priority_offset.value_or(0);
    default:
      return what >= Number::cur_client_timeout ? timeout_number(what) : connection_number(what);
  }
}

// As rules have set them, else as configured.
std::optional<std::int64_t> RuleContext::timeout_number(Number what) const {
  const backends::Timeouts& front = client_.frontend.def().timeouts;
  if (what == Number::cur_client_timeout) return timeout_client_ms.value_or(front.client);
  if (what == Number::cur_tarpit_timeout)
    return timeout_tarpit_ms.value_or(tarpit_of(backend == nullptr ? front : backend->def().timeouts));
  if (backend == nullptr) return std::nullopt;
  const backends::Timeouts& back = backend->def().timeouts;
  switch (what) {
    case Number::cur_server_timeout:
      return timeout_server_ms.value_or(back.server);
    case Number::cur_tunnel_timeout:
      return timeout_tunnel_ms.value_or(back.tunnel);
    case Number::cur_connect_timeout:
      return timeout_connect_ms.value_or(back.connect);
    case Number::cur_queue_timeout:
      return timeout_queue_ms.value_or(queue_of(back));
    case Number::cur_max_retries:
      return retries.value_or(backend->def().retries);
    default:
      return std::nullopt;
  }
}

std::optional<std::int64_t> RuleContext::connection_number(Number what) const {
  const bool serving = lease != nullptr && lease->connection != nullptr;
  switch (what) {
    case Number::src_is_local:
      return is_local_address(src) ? 1 : 0;
    case Number::dst_is_local:
      return is_local_address(dst) ? 1 : 0;
    case Number::fc_src_is_local:
      return is_local_address(*fc_src) ? 1 : 0;
    case Number::fc_dst_is_local:
      return is_local_address(*fc_dst) ? 1 : 0;
    // Rules run on connections that stand: what went wrong with others is in the error log.
    case Number::fc_err:
      return 0;
    case Number::fc_nb_streams:
      return 1;  // HTTP/1 carries one at a time
    case Number::bc_err:
    case Number::bc_nb_streams:
    case Number::bc_reused:
      if (!serving) return std::nullopt;
      return what == Number::bc_nb_streams || (what == Number::bc_reused && lease->reused) ? 1 : 0;
    case Number::bc_rtt:
    case Number::bc_rttvar:
      return serving ? tcp_info_number(lease->connection->stream.fd(), what) : std::nullopt;
    default:
      return tcp_info_number(client_.stream.fd(), what);
  }
}

std::optional<std::int64_t> RuleContext::number(Number what, std::string_view name) const {
  if (what <= Number::uptime) return process_number(what);
  if (what == Number::so_id || what == Number::dst_conn) return session_number(what);
  if (what <= Number::nbsrv) return proxy_number(what, name);
  if (what <= Number::srv_id) return server_number(what, name);
  return session_number(what);
}

std::optional<std::string_view> RuleContext::text(rules::Text what) const {
  using rules::Text;
  switch (what) {
    case Text::fe_name:
      return client_.frontend.name();
    case Text::fe_default_backend:
      return client_.frontend.def().default_backend;
    case Text::be_name:
      return backend == nullptr ? std::optional<std::string_view>() : backend->name();
    case Text::srv_name:
      return server == nullptr ? std::optional<std::string_view>() : server->name;
    case Text::request_cookie:
      return request_cookie_.empty() ? std::optional<std::string_view>() : request_cookie_;
    case Text::response_cookie:
      return response_cookie_.empty() ? std::optional<std::string_view>() : response_cookie_;
    case Text::so_name:
      return client_.listener.def.name;
    case Text::fc_err_str:
      return "Success";
    case Text::bc_err_str:
      return lease != nullptr && lease->connection ? std::optional<std::string_view>("Success")
                                                   : std::nullopt;
    case Text::pp2_authority:
      return proxy_field(static_cast<std::uint8_t>(ProxyTlv::authority));
    case Text::pp2_unique_id:
      return proxy_field(static_cast<std::uint8_t>(ProxyTlv::unique_id));
    default:
      return EvalContext::text(what);
  }
}

Address RuleContext::server_end(bool ours) const {
  if (lease == nullptr || !lease->connection) return EvalContext::server_end(ours);
  const FdStream& stream = lease->connection->stream;
  return ours ? stream.local_address() : stream.peer_address();
}

std::optional<std::string_view> RuleContext::proxy_field(std::uint8_t type) const {
  ProxyTlvReader fields(client_.proxy_fields);
  ProxyTlvField field;
  while (fields.next(field)) {
    if (field.type == type) return field.value;
  }
  return std::nullopt;
}

void RuleContext::log_now(stats::LogStep step, std::string_view profile) {
  client_.context.engine.logs().by_rule(step, profile, client_, *record, backend, server);
}

std::string RuleContext::saved_syn() { return tcp_saved_syn(client_.stream.fd()); }

std::string RuleContext::debug_state(bool server_side, std::int64_t layers) {
  if (!server_side)
    return describe_connection(client_.stream.fd(), fc_dst, fc_src, layers, "requests", request_number_);
  if (lease == nullptr || !lease->connection) {  // in a log line: it serves others by now
    if (record->target.family() == AF_UNSPEC) return {};
    return describe_connection(-1, &record->source, &record->target, layers, {}, 0);
  }
  const Address ours = server_end(true);
  const Address theirs = server_end(false);
  return describe_connection(lease->connection->stream.fd(), &ours, &theirs, layers, "requests",
                             lease->connection->requests);
}

void RuleContext::debug_line(std::string_view destination, std::string_view line) {
  client_.context.engine.logs().debug(destination, line);
}

std::string_view RuleContext::unique_id() {
  if (unique_id_.empty() && unique_id_format) unique_id_format->append(*this, unique_id_);
  return unique_id_;
}

std::uint64_t RuleContext::random() {
  static thread_local std::mt19937_64 generator{std::random_device{}()};
  return generator();
}

}  // namespace evenkeel::frontends
