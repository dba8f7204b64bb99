// The state of one HTTP/1 client connection and of the request that it is at.
//
// The life of a request, in the order of the functions:
//   read_request -> answer_locally? -> route -> prepare_request -> exchange (connect, send, response head,
//   retries)
//   -> send_response -> finish. Each is awaited once in HttpConnection::run().
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "backends/connector.h"
#include "backends/live_session.h"
#include "core/nap.h"
#include "frontends/client_session.h"
#include "frontends/filters/filter_state.h"
#include "http/chunked.h"
#include "http/framing.h"
#include "http/head.h"
#include "http/parser.h"
#include "http/serializer.h"
#include "rules/rule_sets.h"
#include "stats/page_service.h"
#include "stats/session_record.h"

namespace evenkeel::frontends {

class RuleContext;
class StreamFilters;

// What is left to do with the client's connection after a step.
enum class Next : std::uint8_t {
  proceed,  // go on with this request
  done,     // the request has been answered; the connection may carry another one
  close,    // answered or not, the connection ends
  park,     // no request in sight: wait for one with less in hand
};

// What a connection keeps of its past while it lies idle.
struct HttpCarry {
  std::uint32_t requests = 0;      // taken so far
  std::int64_t idle_since_us = 0;  // end of the last response
  Millis idle_until = kNever;      // when the client's time is up
  bool time_is_up = false;         // it was, while the connection was parked
  // Server connections that nobody else may use: http-reuse never, PROXY headers, sources of the client's.
  // Null for the many sessions that have none.
  struct OwnConnections {
    std::atomic<std::uint32_t> count{0};
    backends::IdlePool pool{count};
  };
  std::unique_ptr<OwnConnections> own;
  backends::Server* last_server = nullptr;  // of the last request, if its connection was kept
  bool stay_with_server = false;            // it asked for authentication
};

// Closes without a word: the peer is left to its own timeout (needs CAP_NET_ADMIN; without it, a reset).
void drop_silently(int fd, int ttl) noexcept;

class HttpConnection final : public backends::LiveSession {
 public:
  HttpConnection(ClientConnection& client, HttpCarry& carry);
  ~HttpConnection() override = default;

  // Serves requests until the connection ends (false) or lies idle (true).
  Task<bool> run();

  void kill(Cause why) noexcept override;
  void describe(backends::SessionFacts& facts) const override;

 private:
  // http_request.cc: the client's request
  Task<Next> read_request();
  Task<IoStatus> fill_request();
  void begin_idle();
  void start_request_clock();
  Task<Next> refuse_request(int status, Cause cause, Phase phase);
  void begin_request();
  void start_body();
  void note_request();

  // http_reply.cc: answers of our own
  Task<Next> answer_locally();
  // http_errors: name of the section whose message answers, if it has one for this status.
  // more: header fields that a rule adds to it.
  using MoreHeaders = std::vector<std::pair<std::string, std::string>>;
  Task<Next> send_error(int status, std::string_view http_errors = {}, const MoreHeaders* more = nullptr);
  [[nodiscard]] const rules::action::ReplySpec* made_error(int status, std::string_view http_errors) const;
  [[nodiscard]] const backends::ErrorReply* custom_error(int status, std::string_view http_errors) const;
  Task<Next> answer_monitor();
  void enter_backend(backends::Backend& chosen);
  Task<Next> buffer_body();
  Task<Next> gather_body(std::uint64_t least);
  Task<Next> send_bytes_and_end(std::string_view bytes, bool may_keep);
  // A complete message as `errorfile` and its like define it; without_body: the answer to HEAD.
  Task<Next> send_message(std::string_view message, bool may_keep, const MoreHeaders* more = nullptr);
  [[nodiscard]] bool client_may_stay() noexcept;
  [[nodiscard]] http::ConnectionToken response_token(bool stay) const noexcept;

  // stats_page.cc: the statistics page of this frontend, or of the backend
  Task<Next> serve_stats(const backends::ProxyDef& proxy);
  Task<bool> read_form(std::string& body, bool& too_large);
  Task<Next> send_page(const stats::PageReply& reply);
  // http-request use-service prometheus-exporter
  Task<Next> serve_metrics();

  // http_rules.cc: rules and what they decide
  RuleContext& begin_rules();
  void log_step(stats::LogStep step);
  void note_unused_cookie();
  Task<IoStatus> read_more_body();
  bool run_at_once(const rules::RuleSet& set, std::size_t& next, rules::Verdict& verdict);
  Task<Next> finish_set(const rules::RuleSet& set, std::size_t next, rules::Verdict verdict);
  // Where the rules of a proxy stopped: the number of the set, and what it said.
  struct RuleStop {
    unsigned set = 0;
    std::size_t next = 0;
    rules::Verdict verdict = rules::Verdict::proceed;
  };
  bool run_sets(const rules::RuleSets& sets, RuleStop& at);
  bool run_proxy_rules(const rules::RuleSets& sets, RuleStop& at);
  Task<Next> finish_rules(const rules::RuleSets& sets, RuleStop at);
  Task<Next> apply_verdict(rules::Verdict verdict);
  void obey_rules() noexcept;
  Task<void> nap(Millis duration);
  Task<Next> linger(rules::Verdict verdict, RuleContext& ctx);
  Task<Next> wait_for_body(const rules::EvalContext& ctx);
  Task<bool> send_hints(std::string& lines);
  Task<rules::Verdict> run_response_set(const rules::RuleSet& set);
  Task<bool> gather_response(Millis duration, std::uint64_t least);
  [[nodiscard]] bool response_is_here(std::uint64_t least);
  [[nodiscard]] bool inspects_response(bool connected) const noexcept;
  Task<Next> inspect_response(bool connected);
  Task<Next> refuse_response(rules::Verdict verdict);
  Task<void> stop_body_pump();
  Task<Next> send_reply(const rules::Reply& reply);
  [[nodiscard]] backends::Backend* choose_backend();
  [[nodiscard]] backends::Server* choose_server();
  [[nodiscard]] bool any_holds(const std::vector<rules::Condition>& conditions);
  Task<Next> run_response_rules();
  [[nodiscard]] bool has_response_rules() const noexcept;
  [[nodiscard]] bool has_after_response_rules() const noexcept;
  void run_after_response_rules();
  void keep_request_line();

  // http_cookies.cc: persistence
  void read_cookies();
  void write_cookies();
  [[nodiscard]] std::string server_cookie(const backends::Server& of) const;

  // http_prepare.cc: what goes to the server
  bool serialize_head();
  void prepare_request();
  void add_forwarded_headers();

  enum class BodyHere : std::uint8_t { partly, all, bad };
  [[nodiscard]] BodyHere inspect_body(std::size_t& size);
  void append_body(std::size_t size);
  void skip_body(std::size_t size);

  // http_exchange.cc: the server
  Task<Next> exchange();
  [[nodiscard]] backends::Demand make_demand();
  void describe_balancing(balance::PickContext& pick);
  [[nodiscard]] backends::Server* preferred_server() const noexcept;
  Task<Next> attempt(bool& again);
  void note_response(IoStatus status);
  Task<Next> connect_server();
  Task<Next> redirect_to_server();
  Task<bool> send_request_head();
  Task<IoStatus> read_response_head();
  Task<bool> forward_interim();
  [[nodiscard]] bool chunks_begin_badly(std::size_t head_length);
  void client_moved() noexcept;
  [[nodiscard]] bool may_replay(IoStatus why, int status) const noexcept;
  Task<Next> response_failed(IoStatus why);
  Task<Next> connect_failed(const backends::ConnectOutcome& outcome);
  void watch_client();
  void unwatch_client();

  // http_body.cc: bodies both ways
  Task<void> pump_request_body();
  Task<bool> forward_request_body();
  Task<bool> forward_request_chunks();
  Task<bool> write_server(std::string_view bytes);
  Task<bool> write_server(std::span<iovec> parts);
  Task<Next> send_response();
  Task<bool> forward_response_body(std::string_view head);
  Task<bool> forward_length(std::string_view& pending, std::uint64_t left);
  Task<bool> forward_chunked(std::string_view& pending);
  Task<bool> forward_until_close(std::string_view& pending);
  Task<IoStatus> fill_response();
  // last: nothing follows on this connection, which is shut down for writing.
  Task<bool> write_client(std::span<iovec> parts, bool last = false);
  [[nodiscard]] bool closes_after() const noexcept;
  Task<bool> write_client(std::string_view bytes);
  // Filters that limit or watch the bytes of bodies; null: none, as in most requests.
  [[nodiscard]] StreamFilters* stream_filters() noexcept;
  void begin_stream_filters();
  Task<IoResult> write_filtered(StreamFilters& filters, bool to_server, std::span<iovec> parts);
  Task<Next> run_tunnel(std::string_view head);
  // http_filters.cc: compression
  struct BodyPiece {
    std::string_view data;
    std::size_t consumed = 0;
    bool end = false;
    bool bad = false;
  };
  FilterState& filters();
  [[nodiscard]] const backends::CompressionDef* backend_compression() const noexcept;
  void choose_response_algorithm();
  void filter_request();
  Task<bool> encode_request(std::string_view bytes, http::Encoder::Op op);
  Task<bool> forward_encoded_request();
  void filter_response();
  [[nodiscard]] bool must_add_chunked() const noexcept;
  void count_compression(std::size_t in, std::size_t out, bool encoded);
  Task<bool> send_piece(std::string_view bytes);
  Task<bool> encode_response(std::string_view bytes, http::Encoder::Op op);
  Task<bool> filter_piece(std::string_view bytes);
  Task<bool> flush_filters();
  Task<bool> finish_filters(const http::HeaderBlock& trailers);
  BodyPiece next_piece(std::uint64_t& left);
  [[nodiscard]] bool server_has_more() noexcept;
  Task<bool> forward_filtered(std::string_view head);

  // http_cache.cc: the cache
  bool look_up_cache(std::string_view name);
  void begin_store(std::string_view name);
  bool make_cached_head(const CachedObject& object);
  Task<Next> serve_cached();

  Task<Next> settle_response(bool complete);
  void keep_server_connection();

  // Where hundreds of connections take turns, this object has left the caches since the last one: asked for
  // all at once, its lines come at the price of few.
  void fetch_ahead() const noexcept {
    if (!client_.context.worker.is_busy()) return;
    const char* const begin = reinterpret_cast<const char*>(this);
    for (std::size_t at = 0; at < sizeof *this; at += 64) __builtin_prefetch(begin + at, 1);
  }
  void finish_request();
  void fail(Cause cause, Phase phase) noexcept;
  [[nodiscard]] Worker& worker() noexcept { return client_.context.worker; }
  [[nodiscard]] FdStream& server_stream() noexcept { return lease_.connection->stream; }
  static void expire_client(void* self) noexcept;
  static void expire_server(void* self) noexcept;

  ClientConnection& client_;
  std::shared_ptr<const FrontendDef> def_;
  stats::SessionRecord record_;
  http::RequestHead request_;
  http::ResponseHead response_;
  http::Framing request_framing_;
  http::Framing response_framing_;
  http::ChunkDecoder request_chunks_;
  http::HeaderBlock request_trailers_;
  http::ChunkDecoder response_chunks_;
  http::Limits request_limits_;
  http::Limits response_limits_ = http::kResponseLimits;

  Buffer out_;                    // heads that we write; kept until the response came, for replays
  Buffer reply_;                  // what the server sent and is not yet with the client
  std::size_t request_size_ = 0;  // bytes of the serialised request (head and replayable body) in out_
  std::uint64_t request_body_left_ = 0;
  std::size_t request_head_length_ = 0;  // of the parsed head at the front of client_.in
  std::size_t body_sent_along_ = 0;  // bytes of the body that are in out_ too, and count as part of the head
  bool request_body_done_ = true;
  bool request_body_failed_ = false;
  bool body_pump_running_ = false;
  bool body_streamed_ = false;  // and so gone: what has been pumped cannot be sent again
  Event body_pump_done_;
  bool keep_client_ = true;
  bool keep_server_ = true;
  bool response_started_ = false;
  bool continue_sent_ = false;

  std::unique_ptr<FilterState> filters_;  // null: no filter has to do with this request

  backends::Backend* target_ = nullptr;
  std::shared_ptr<const backends::BackendDef> target_def_;
  // Of the backend entered last: looking through its servers for each request would cost the more the more
  // they are. Held, so that no other definition can come to lie in its place.
  std::shared_ptr<const backends::BackendDef> asked_def_;
  bool needs_local_ = false;  // servers of asked_def_ are reached through the client's destination
  std::unique_ptr<backends::Connector> connector_;
  backends::Lease lease_;
  int replays_left_ = 0;

  std::string request_line_;  // method and target as they came, once the buffer or rules may change them
  bool rules_begun_ = false;
  backends::CookieState cookies_;
  bool persist_insisted_ = false;
  bool persist_ignored_ = false;
  Millis request_due_ = 0;  // when the request, and what of its body we wait for, has to be here; 0: never
  Millis client_timeout_ = 0;
  Millis server_timeout_ = 0;
  Millis tunnel_timeout_ = 0;

  Deadline client_deadline_;
  Deadline server_deadline_;
  Nap* napping_ = nullptr;
  Cause killed_ = Cause::none;
  bool client_left_ = false;
  HttpCarry& carry_;
};

}  // namespace evenkeel::frontends
