// What rules and log formats see of an HTTP or TCP session: the live objects, by the names that rules use.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "backends/connector.h"
#include "frontends/client_session.h"
#include "http/head.h"
#include "rules/session_context.h"
#include "stats/session_record.h"

namespace evenkeel::frontends {

class StreamFilters;

// Made when the first rule of a session has to run; reused for all of its requests.
class RuleContext final : public rules::SessionContext {
 public:
  explicit RuleContext(ClientConnection& client);
  ~RuleContext() override;

  // The record that timers, status and counts are read from; must outlive its use here.
  void use_record(const stats::SessionRecord& r) noexcept { record = &r; }

  // Rules on the connection have changed its addresses: they are what it has from now on.
  void adopt_addresses() { local_ = client_.local(); }

  // A connection of mode tcp goes on as HTTP.
  void become_http(bool content_rules_done) noexcept {
    mode_http = true;
    content_rules_done_ = content_rules_done;
    request = nullptr;
    request_bytes = {};
  }

  // A new request begins: everything but the session's own variables is forgotten.
  void begin(http::RequestHead* head, std::uint32_t request_number);

  // Mode tcp: what the client has sent so far. Rules may look at it as bytes or, when it is a complete
  // request head, as HTTP. complete: no more will come before the rules have to decide.
  void inspect(std::string_view bytes, bool complete);

  // The response is here: variables of the request's own scope are gone.
  void begin_response() noexcept { request_vars_.clear(); }

  // The same of the server's first bytes, which are never taken for HTTP.
  void inspect_response(std::string_view bytes, bool complete);

  // Packets to the client, as rules want them.
  void mark_client() const noexcept;
  [[nodiscard]] PacketMarks server_marks() const noexcept { return {server_mark, server_tos}; }

  // `capture request|response header`: the last value of each named header goes to its slot.
  void capture_request(const http::HeaderBlock& headers);
  void capture_response(const http::HeaderBlock& headers);
  // Lets the record show what the slots hold; valid until the next request begins.
  void show_captures(stats::SessionRecord& r);

  std::optional<std::int64_t> number(rules::Number what, std::string_view name) const override;
  std::optional<std::string_view> text(rules::Text what) const override;
  // What the expression yields, as bytes; not set: nothing. Valid until the next begin().
  [[nodiscard]] std::optional<std::string_view> bytes_of(const rules::Expression& expression);
  Address server_end(bool ours) const override;
  std::optional<std::string_view> proxy_field(std::uint8_t type) const override;
  void limit_bandwidth(std::string_view name, std::optional<std::int64_t> limit,
                       std::optional<std::int64_t> period) override;
  // The filters that limit or watch the bytes of this stream; made when the first one begins.
  StreamFilters& stream_filters();
  [[nodiscard]] StreamFilters* stream_filters_if_any() noexcept { return stream_filters_.get(); }
  // Once: whether the frontend's content rules have run on what has become the first request.
  [[nodiscard]] bool content_rules_done() noexcept { return std::exchange(content_rules_done_, false); }
  void log_now(stats::LogStep step, std::string_view profile) override;
  std::string saved_syn() override;
  std::string debug_state(bool server_side, std::int64_t layers) override;
  void debug_line(std::string_view destination, std::string_view line) override;
  std::string_view unique_id() override;
  std::uint64_t random() override;

  backends::Backend* backend = nullptr;  // once routed
  backends::Server* server = nullptr;
  const backends::Lease* lease =
      nullptr;  // the session's, while there is one: its connection, if it holds any
  std::shared_ptr<const rules::LogFormat> unique_id_format;

 private:
  [[nodiscard]] const backends::Backend* backend_named(std::string_view name) const;
  [[nodiscard]] const backends::Server* server_named(std::string_view name) const;
  [[nodiscard]] const Frontend* frontend_named(std::string_view name) const;
  [[nodiscard]] std::optional<std::int64_t> process_number(rules::Number what) const;
  [[nodiscard]] std::optional<std::int64_t> proxy_number(rules::Number what, std::string_view name) const;
  [[nodiscard]] std::optional<std::int64_t> server_number(rules::Number what, std::string_view name) const;
  [[nodiscard]] std::optional<std::int64_t> session_number(rules::Number what) const;
  [[nodiscard]] std::optional<std::int64_t> timeout_number(rules::Number what) const;
  [[nodiscard]] std::optional<std::int64_t> connection_number(rules::Number what) const;

  ClientConnection& client_;
  stats::SessionRecord none_;
  std::string request_cookie_;
  std::string response_cookie_;
  std::vector<std::string_view> shown_request_;
  std::vector<std::string_view> shown_response_;
  std::string unique_id_;
  std::string sniffed_;  // a copy: parsing lower-cases names in place
  http::RequestHead sniffed_head_;
  std::unique_ptr<StreamFilters> stream_filters_;
  bool content_rules_done_ = false;
  std::uint32_t request_number_ = 0;
  std::uint32_t transaction_id_ = 0;
  Address local_;
};

}  // namespace evenkeel::frontends
