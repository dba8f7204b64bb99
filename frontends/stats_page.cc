#include "frontends/stats_page.h"

#include <charconv>

#include "core/relay.h"
#include "frontends/http_transaction.h"
#include "frontends/server_admin.h"
#include "frontends/stat_rows.h"
#include "http/status.h"
#include "stats/page_service.h"
#include "stats/prometheus.h"

namespace evenkeel::frontends {
namespace {

using backends::Server;

// "#<id>", or a name.
backends::Backend* backend_of(Engine& engine, std::string_view text) {
  if (!text.starts_with('#')) return engine.find_backend(text);
  std::uint32_t id = 0;
  std::from_chars(text.data() + 1, text.data() + text.size(), id);
  for (const auto& backend : engine.backends()) {
    if (backend->def().id == id) return backend.get();
  }
  return nullptr;
}

// Its rows without what `stats scope` and the reader's filter hide.
std::vector<stats::PageProxy> shown_proxies(Engine& engine, const stats::StatsPageDef& def,
                                            std::string_view own, const stats::PageRequest& request) {
  std::vector<stats::PageProxy> proxies = collect_rows(engine, def.show_legends);
  std::erase_if(proxies, [&](const stats::PageProxy& proxy) {
    return !stats::in_scope(def, own, request.scope, proxy.name);
  });
  return proxies;
}

void append_line(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ").append(value).append("\r\n");
}

}  // namespace

stats::PageResult perform(Engine& engine, const stats::PageAction& action) {
  backends::Backend* const backend = backend_of(engine, action.backend);
  if (backend == nullptr) return stats::PageResult::bad_params;
  std::size_t found = 0;
  std::size_t changed = 0;
  for (const std::string& name : action.servers) {
    Server* const server = backend->find_server(name);
    if (server == nullptr) continue;
    ++found;
    if (apply_action(engine, *server, *action.action).changed) ++changed;
  }
  return stats::result_of(action.servers.size(), found, changed);
}

// The form behind the head, as far as one buffer holds it. False: the client went away.
Task<bool> HttpConnection::read_form(std::string& body, bool& too_large) {
  if (request_body_done_) co_return true;
  Buffer& in = client_.in;
  request_.detach();
  in.compact();
  const std::uint64_t whole = request_head_length_ + request_body_left_;
  if (request_framing_.kind != http::BodyKind::length || whole > in.capacity()) {
    too_large = true;
    keep_client_ = false;
    co_return true;
  }
  while (in.size() < whole) {
    const IoStatus status = co_await fill_request();
    if (status != IoStatus::ok) co_return false;
  }
  client_deadline_.clear();
  body = in.view().substr(request_head_length_, static_cast<std::size_t>(request_body_left_));
  request_head_length_ = static_cast<std::size_t>(whole);
  record_.bytes_in += request_body_left_;
  request_body_left_ = 0;
  request_body_done_ = true;
  co_return true;
}

Task<Next> HttpConnection::send_page(const stats::PageReply& reply) {
  if (reply.delay > 0) co_await worker().sleep(reply.delay);
  record_.status = reply.status;
  record_.at.response_done = worker().now_us();
  record_.server = "<STATS>";
  const bool stay = client_may_stay();
  std::string text = "HTTP/1.1 " + std::to_string(reply.status) + " ";
  text.append(http::reason_phrase(reply.status)).append("\r\n");
  for (const auto& [name, value] : reply.headers) append_line(text, name, value);
  append_line(text, "content-length", std::to_string(reply.body.size()));
  if (!stay) append_line(text, "connection", "close");
  if (stay && request_.version_minor == 0) append_line(text, "connection", "keep-alive");
  text += "\r\n";
  if (request_.method != http::Method::head) text += reply.body;
  co_return co_await send_bytes_and_end(text, stay);
}

// http-request use-service prometheus-exporter. Listeners have rows of their own with `option socket-stats`.
Task<Next> HttpConnection::serve_metrics() {
  Engine& engine = client_.context.engine;
  const std::string_view target = request_.target();
  const std::size_t question = target.find('?');
  stats::PrometheusQuery query;
  const std::string_view words =
      question == std::string_view::npos ? std::string_view() : target.substr(question + 1);
  if (!stats::parse_prometheus_query(words.substr(0, words.find('#')), query))
    co_return co_await send_error(400);
  stats::PageReply reply;
  reply.status = 200;
  reply.headers.emplace_back("cache-control", "no-cache");
  reply.headers.emplace_back("content-type", "text/plain; version=0.0.4");
  stats::append_prometheus(reply.body, query, process_info(engine), collect_rows(engine, true));
  co_return co_await send_page(reply);
}

Task<Next> HttpConnection::serve_stats(const backends::ProxyDef& proxy) {
  const stats::StatsPageDef& def = proxy.stats_page;
  std::size_t next = 0;
  rules::Verdict verdict = rules::Verdict::proceed;
  if (proxy.rules && !run_at_once(proxy.rules->stats_request, next, verdict)) {
    const Next after = co_await finish_set(proxy.rules->stats_request, next, verdict);
    if (after != Next::proceed) co_return after;
  }
  Engine& engine = client_.context.engine;
  fail(Cause::local, Phase::request);
  record_.at.dequeued = record_.at.connected = worker().now_us();
  ++client_.frontend.counters(client_.context.index()).intercepted;
  std::string body;
  bool too_large = false;
  if (!co_await read_form(body, too_large)) {
    record_.cause = Cause::client_abort;
    co_return Next::close;
  }
  const stats::PageQuery query{.method = request_.method_text(),
                               .target = request_.target(),
                               .authorization = request_.headers.get("authorization"),
                               .body = body,
                               .body_too_large = too_large,
                               .source = client_.peer,
                               .admin = proxy.rules && any_holds(proxy.rules->stats_admin)};
  const stats::PageStep step = engine.pages().begin(def, query);
  switch (step.kind) {
    case stats::PageStep::Kind::perform:
      co_return co_await send_page(stats::PageService::redirect(def, step, perform(engine, step.action)));
    case stats::PageStep::Kind::show:
      co_return co_await send_page(engine.pages().show(def, step, page_process(engine),
                                                       shown_proxies(engine, def, proxy.name, step.request),
                                                       query.admin));
    case stats::PageStep::Kind::reply:
      break;
  }
  co_return co_await send_page(step.reply);
}

}  // namespace evenkeel::frontends
