// `show events` (management guide, chapter 9.3): the rings and what is in them.
#include <cinttypes>
#include <cstdio>

#include "control/commands/commands.h"
#include "core/worker.h"
#include "frontends/access_logs.h"
#include "frontends/engine.h"

namespace evenkeel::control {
namespace {

constexpr Millis kLook = 100;  // with -w: how often to look for new lines, and for the end of the wait

void append_sink(std::string& out, std::string_view name, const char* type, std::uint64_t dropped,
                 std::string_view description) {
  char head[160];
  std::snprintf(head, sizeof head, "    %-10.*s : type=%s, %" PRIu64 " dropped, ",
                static_cast<int>(name.size()), name.data(), type, dropped);
  out.append(head).append(description).append(1, '\n');
}

void list_sinks(const frontends::AccessLogs& logs, std::string& out) {
  out += "Supported events sinks are listed below. Add -w(wait), -n(new). Any key to stop\n";
  append_sink(out, "stdout", "fd", 0, "standard output (fd#1)");
  append_sink(out, "stderr", "fd", 0, "standard output (fd#2)");
  for (const auto& ring : logs.rings())
    append_sink(out, ring->def().name, "buffer", ring->dropped.load(std::memory_order_relaxed),
                ring->def().description);
}

std::shared_ptr<stats::LogRing> find_ring(const frontends::AccessLogs& logs, std::string_view name) {
  for (const auto& ring : logs.rings())
    if (ring->def().name == name) return ring;
  return nullptr;
}

// "-w", "-n", "-wn", "-nw". False: something else.
bool read_options(const Call& call, bool& wait, bool& only_new) {
  for (std::size_t i = 1; !call.arg(i).empty(); ++i) {
    std::string_view option = call.arg(i);
    if (option.size() < 2 || option.front() != '-') return false;
    for (const char c : option.substr(1)) {
      if (c != 'w' && c != 'n') return false;
      (c == 'w' ? wait : only_new) = true;
    }
  }
  return true;
}

}  // namespace

Task<void> show_events(Call& call, Output& out) {
  const frontends::AccessLogs& logs = call.engine.logs();
  const std::string_view name = call.arg(0);
  if (name.empty()) {
    list_sinks(logs, out.text);
    co_return;
  }
  if (name == "stdout" || name == "stderr") {
    out.refuse("Nothing to report for this sink");
    co_return;
  }
  const auto ring = find_ring(logs, name);
  if (!ring) {
    out.refuse("No such event sink");
    co_return;
  }
  bool wait = false;
  bool only_new = false;
  if (!read_options(call, wait, only_new)) {
    out.refuse("unknown option");
    co_return;
  }
  std::uint64_t position = only_new ? ring->next() : ring->first();
  for (;;) {
    std::uint64_t lost = 0;
    position = ring->read(position, lost, [&](std::string_view line) {
      if (out.full()) return false;
      out.text.append(line).append(1, '\n');
      return true;
    });
    if ((out.full() || (wait && !out.text.empty())) && !co_await out.flush()) co_return;
    if (position < ring->next()) continue;
    if (!wait || out.disturbed() || call.engine.stopping()) co_return;
    co_await Worker::current()->sleep(kLook);
  }
}

}  // namespace evenkeel::control
