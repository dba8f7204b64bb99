// `show errors`.
#include <charconv>
#include <cstdio>

#include "control/commands/commands.h"
#include "control/lookup.h"
#include "control/proxies.h"
#include "core/clock.h"
#include "frontends/engine.h"
#include "stats/log_date.h"

namespace evenkeel::control {
namespace {

using backends::CapturedError;

constexpr std::size_t kTextWidth = 70;  // of a line's bytes, so that all fits into 79 columns

// "[21/Nov/2026:01:02:21.942]"
std::string date(std::int64_t wall_us) {
  char millis[8];
  std::snprintf(millis, sizeof millis, ".%03d]", static_cast<int>(wall_us / 1000 % 1000));
  return "[" + std::string(stats::LogDate().local(wall_us / 1'000'000)) + millis;
}

void append_byte(std::string& out, unsigned char c) {
  static constexpr std::string_view kNamed = "\t\n\r\033\\";
  static constexpr std::string_view kLetters = "tnre\\";
  const std::size_t at = kNamed.find(static_cast<char>(c));
  if (at != std::string_view::npos) {
    out += '\\';
    out += kLetters[at];
  } else if (c < 32 || c > 126) {
    char hex[8];
    std::snprintf(hex, sizeof hex, "\\x%02X", c);
    out += hex;
  } else {
    out += static_cast<char>(c);
  }
}

// One line of the message per line, long ones broken and marked with a plus.
void append_bytes(std::string& out, std::string_view bytes) {
  bool goes_on = false;
  for (std::size_t at = 0; at < bytes.size();) {
    std::string line;
    const std::size_t begin = at;
    bool ended = false;
    while (at < bytes.size() && line.size() < kTextWidth - 3 && !ended) {
      ended = bytes[at] == '\n';
      append_byte(line, static_cast<unsigned char>(bytes[at++]));
    }
    char head[32];
    std::snprintf(head, sizeof head, "  %05zu%c ", begin, goes_on ? '+' : ' ');
    out.append(head).append(line).append("\n");
    goes_on = !ended;
  }
}

std::string named(const std::string& name, std::uint32_t id) {
  return name.empty() ? "<NONE> (#-1)" : name + " (#" + std::to_string(id) + ")";
}

void append_error(std::string& out, const CapturedError& e) {
  out += " \n" + date(e.wall_us) + (e.response ? " backend " : " frontend ");
  if (e.response) {
    out +=
        named(e.backend, e.backend_id) + ": invalid response\n  frontend " + named(e.frontend, e.frontend_id);
  } else {
    out +=
        named(e.frontend, e.frontend_id) + ": invalid request\n  backend " + named(e.backend, e.backend_id);
  }
  out += ", server " + named(e.server, e.server_id) + ", event #" + std::to_string(e.event) + ", src " +
         e.peer.to_string() + "\n  buffer starts at 0 (including 0 out), " + std::to_string(e.room_left) +
         " free,\n  len " + std::to_string(e.bytes.size()) + ", error at position " +
         std::to_string(e.position) + "\n  \n";
  append_bytes(out, e.bytes);
}

}  // namespace

Task<void> show_errors(Call& call, Output& out) {
  const std::string_view word = call.arg(0);
  std::uint32_t only = 0;  // the id of a proxy
  if (!word.empty() && word != "-1") {
    const auto* frontend = find_frontend(call.engine, word);
    const auto* backend = find_backend(call.engine, word);
    const long id = leading_number(word);
    if (frontend == nullptr && backend == nullptr && id <= 0) {
      out.refuse("No such proxy.\n");
      co_return;
    }
    only = frontend != nullptr  ? frontend->def().id
           : backend != nullptr ? backend->def().id
                                : static_cast<std::uint32_t>(id);
  }
  const bool requests = call.arg(1) != "response";
  const bool responses = call.arg(1) != "request";
  out.text += "Total events captured on " + date(SystemClock().wall_us()) + " : " +
              std::to_string(call.engine.captured_errors.load()) + "\n";
  for (const Proxy& proxy : proxies_in_order(call.engine)) {
    if (only != 0 && proxy.id != only) continue;
    if (proxy.frontend != nullptr && requests) {
      if (const auto error = proxy.frontend->last_request_error.last()) append_error(out.text, *error);
    }
    if (proxy.backend != nullptr && responses) {
      if (const auto error = proxy.backend->last_response_error.last()) append_error(out.text, *error);
    }
    if (out.full() && !co_await out.flush()) co_return;
  }
}

}  // namespace evenkeel::control
