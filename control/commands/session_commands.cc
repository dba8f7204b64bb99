// Running sessions, shown and ended.
#include <charconv>

#include "control/commands/commands.h"
#include "control/on_worker.h"
#include "frontends/engine.h"

namespace evenkeel::control {
namespace {

using backends::LiveSession;
using frontends::WorkerContext;

// A session is known by its address, as in HAProxy: the first field of `show sess`.
void append_id(std::string& out, const LiveSession& session) {
  char digits[20];
  const auto end =
      std::to_chars(digits, digits + sizeof digits, reinterpret_cast<std::uintptr_t>(&session), 16);
  out.append("0x").append(digits, end.ptr);
}

// The two largest units, as HAProxy writes ages: "5s", "2m10s", "3d4h".
std::string age(Millis seconds) {
  const auto two = [](Millis big, const char* unit, Millis small, const char* sub) {
    return std::to_string(big) + unit + (small > 0 ? std::to_string(small) + sub : "");
  };
  if (seconds >= 86400) return two(seconds / 86400, "d", seconds % 86400 / 3600, "h");
  if (seconds >= 3600) return two(seconds / 3600, "h", seconds % 3600 / 60, "m");
  if (seconds >= 60) return two(seconds / 60, "m", seconds % 60, "s");
  return std::to_string(seconds) + "s";
}

std::uintptr_t parse_id(std::string_view text) noexcept {
  if (text.starts_with("0x")) text.remove_prefix(2);
  std::uintptr_t id = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id, 16);
  return error == std::errc() && end == text.data() + text.size() ? id : 0;
}

}  // namespace

// Each worker describes its own sessions; what is held at one time is one worker's list.
Task<void> show_sess(Call& call, Output& out) {
  const std::string_view word = call.arg(0);
  const std::uintptr_t wanted = word.starts_with("0x") ? parse_id(word) : 0;
  const bool one = word.starts_with("0x");
  bool found = false;
  for (unsigned w = 0; w < call.engine.worker_count(); ++w) {
    WorkerContext& context = call.engine.context(w);
    std::string lines;
    co_await on_worker(context.worker, [&] {
      for (const LiveSession* s = context.sessions.first(); s != nullptr; s = s->next()) {
        if (one && reinterpret_cast<std::uintptr_t>(s) != wanted) continue;
        found = true;
        append_id(lines, *s);
        lines += ": ";
        s->describe(lines);
        lines += " age=" + age((context.worker.now() - s->since) / 1000) + "\n";
      }
    });
    out.text += lines;
    if (out.full() && !co_await out.flush()) co_return;
  }
  if (one && !found) out.refuse("Session not found.\n");
}

Task<void> shutdown_session(Call& call, Output& out) {
  const std::uintptr_t wanted = parse_id(call.arg(0));
  if (!call.arg(0).starts_with("0x") || wanted == 0) {
    out.refuse("Session pointer expected (use 'show sess').\n");
    co_return;
  }
  bool found = false;
  for (unsigned w = 0; w < call.engine.worker_count() && !found; ++w) {
    WorkerContext& context = call.engine.context(w);
    co_await on_worker(context.worker, [&] {
      context.sessions.kill_if(
          [&](const LiveSession& s) {
            const bool hit = reinterpret_cast<std::uintptr_t>(&s) == wanted;
            found = found || hit;
            return hit;
          },
          Cause::killed_admin);
    });
  }
  if (!found) out.refuse("No such session (use 'show sess').\n");
}

}  // namespace evenkeel::control
