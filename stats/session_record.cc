#include "stats/session_record.h"

#include <algorithm>

namespace evenkeel::stats {
namespace {

std::int64_t span_ms(std::int64_t from, std::int64_t to) noexcept {
  return from == kUnset || to == kUnset ? -1 : std::max<std::int64_t>((to - from) / 1000, 0);
}

std::int64_t positive(std::int64_t ms) noexcept { return std::max<std::int64_t>(ms, 0); }

}  // namespace

Timers timers_of(const Moments& m, bool http) noexcept {
  Timers t;
  const std::int64_t ready = m.handshaken == kUnset ? m.accepted : m.handshaken;
  t.handshake = span_ms(m.accepted, ready);
  t.total = positive(span_ms(m.accepted, m.ended));
  if (http) {
    t.idle = span_ms(ready, m.first_byte);
    t.request = span_ms(m.first_byte, m.request_done);
    if (t.handshake >= 0 && t.idle >= 0 && t.request >= 0) t.full_request = t.handshake + t.idle + t.request;
    t.response = span_ms(m.connected, m.response_done);
    t.active = positive(span_ms(m.first_byte == kUnset ? ready : m.first_byte, m.ended));
  } else {
    t.active = t.total;
  }
  t.queue = span_ms(http ? m.request_done : ready, m.dequeued);
  t.connect = span_ms(m.dequeued, m.connected);
  t.data = http ? positive(t.active - positive(t.request) - positive(t.queue) - positive(t.connect) -
                           positive(t.response))
                : positive(t.total - positive(t.handshake) - positive(t.queue) - positive(t.connect));
  t.user = positive(t.total - positive(t.idle));
  return t;
}

std::array<char, 4> termination_state(const SessionRecord& record) noexcept {
  return {static_cast<char>(record.cause), static_cast<char>(record.phase), record.cookie_in,
          record.cookie_out};
}

}  // namespace evenkeel::stats
