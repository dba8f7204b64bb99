#include "rules/context.h"

#include <random>

#include "core/clock.h"
#include "stats/session_record.h"

namespace evenkeel::rules {
namespace {

std::optional<std::int64_t> timer(const stats::SessionRecord& record, Number what) {
  const stats::Timers timers = stats::timers_of(record.at, record.http);
  switch (what) {
    case Number::timer_handshake:
      return timers.handshake;
    case Number::timer_idle:
      return timers.idle;
    case Number::timer_request:
      return timers.request;
    case Number::timer_queue:
      return timers.queue;
    case Number::timer_connect:
      return timers.connect;
    case Number::timer_response:
      return timers.response;
    case Number::timer_data:
      return timers.data;
    case Number::timer_total:
      return timers.total;
    case Number::timer_user:
      return timers.user;
    case Number::timer_active:
      return timers.active;
    case Number::timer_full_request:
      return timers.full_request;
    default:
      return std::nullopt;
  }
}

std::optional<std::string_view> unless_empty(std::string_view text) {
  if (text.empty()) return std::nullopt;
  return text;
}

}  // namespace

std::optional<std::int64_t> EvalContext::number(Number what, std::string_view name) const {
  if (record == nullptr || !name.empty()) return std::nullopt;
  switch (what) {
    case Number::status:
      return record->status;
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
    case Number::srv_queue_at_entry:
      return record->srv_queue;
    case Number::be_queue_at_entry:
      return record->backend_queue;
    default:
      return timer(*record, what);
  }
}

std::optional<std::string_view> EvalContext::text(Text what) const {
  if (record == nullptr) return std::nullopt;
  switch (what) {
    case Text::fe_name:
      return unless_empty(record->frontend);
    case Text::be_name:
      return unless_empty(record->backend);
    case Text::srv_name:
      return unless_empty(record->server);
    case Text::so_name:
      return unless_empty(record->listener);
    case Text::request_cookie:
      return unless_empty(record->request_cookie);
    case Text::response_cookie:
      return unless_empty(record->response_cookie);
    case Text::termination_state: {
      const auto state = stats::termination_state(*record);
      return scratch->copy({state.data(), 2});
    }
    case Text::termination_state_cookie: {
      const auto state = stats::termination_state(*record);
      return scratch->copy({state.data(), 4});
    }
    default:
      return std::nullopt;
  }
}

Address EvalContext::server_end(bool ours) const {
  return record == nullptr ? Address() : (ours ? record->source : record->target);
}

std::optional<std::string_view> EvalContext::proxy_field(std::uint8_t) const { return std::nullopt; }

std::string_view EvalContext::unique_id() {
  return record == nullptr ? std::string_view() : record->unique_id;
}

std::uint64_t EvalContext::random() {
  thread_local std::mt19937_64 engine{std::random_device{}()};
  return engine();
}

}  // namespace evenkeel::rules
