// The kernel's table through the runtime socket: only the bridge's thread has the right to look at it.
#include <algorithm>
#include <array>
#include <coroutine>
#include <fstream>
#include <functional>
#include <sstream>

#include "control/commands/commands.h"
#include "control/runtime_server.h"
#include "core/worker.h"
#include "lvs/bridge.h"
#include "lvs/listing.h"

namespace evenkeel::control {
namespace {

// co_await on_bridge(bridge, function): runs the function on the bridge's thread and goes on here.
class on_bridge {
 public:
  on_bridge(lvs::Bridge& bridge, std::function<void(lvs::Kernel&)> function)
      : bridge_(bridge), function_(std::move(function)) {}
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiter) {
    Worker* const here = Worker::current();
    bridge_.submit([this, here, waiter](lvs::Kernel& kernel) {
      function_(kernel);
      here->post([waiter] { waiter.resume(); });
    });
  }
  void await_resume() const noexcept {}

 private:
  lvs::Bridge& bridge_;
  std::function<void(lvs::Kernel&)> function_;
};

lvs::Bridge* bridge_of(const Call& call) { return call.server == nullptr ? nullptr : call.server->lvs(); }

constexpr const char* kNone = "No section is served by the kernel (LVS).\n";

std::string connections() {
  std::ifstream file("/proc/net/ip_vs_conn");
  std::ostringstream text;
  text << file.rdbuf();
  return lvs::list_connections(text.str());
}

// What one word of `show lvs` asks for; an error text begins with '!'.
std::string answer_of(lvs::Kernel& kernel, std::string_view what) {
  lvs::KernelError error;
  if (what == "conns") return connections();
  if (what == "timeouts") {
    lvs::Timeouts timeouts;
    if ((error = kernel.timeouts(timeouts))) return "!" + describe(error);
    return lvs::list_timeouts(timeouts);
  }
  if (what == "daemon") {
    std::vector<lvs::Daemon> daemons;
    if ((error = kernel.daemons(daemons))) return "!" + describe(error);
    return lvs::list_daemons(daemons);
  }
  lvs::Table table;
  lvs::Info info;
  if ((error = kernel.info(info)) || (error = kernel.read(table))) return "!" + describe(error);
  if (what == "services") {
    for (auto& [key, service] : table) service.destinations.clear();
  }
  const lvs::View view = what == "stats"  ? lvs::View::stats
                         : what == "rate" ? lvs::View::rate
                                          : lvs::View::services;
  return list_table(table, info, view);
}

}  // namespace

Task<void> show_lvs(Call& call, Output& out) {
  static constexpr std::array<std::string_view, 8> kWords = {"",      "services", "servers",  "conns",
                                                             "stats", "rate",     "timeouts", "daemon"};
  const std::string what(call.arg(0));
  if (std::find(kWords.begin(), kWords.end(), what) == kWords.end()) {
    out.refuse("'show lvs' knows services, servers, conns, stats, rate, timeouts and daemon, not '" + what +
               "'.\n");
    co_return;
  }
  lvs::Bridge* const bridge = bridge_of(call);
  if (bridge == nullptr) {
    out.refuse(kNone);
    co_return;
  }
  std::string text;
  co_await on_bridge(*bridge, [&](lvs::Kernel& kernel) { text = answer_of(kernel, what); });
  if (text.starts_with('!')) {
    out.refuse(text.substr(1) + "\n");
    co_return;
  }
  out.text = std::move(text);
}

Task<void> clear_lvs_counters(Call& call, Output& out) {
  lvs::Bridge* const bridge = bridge_of(call);
  if (bridge == nullptr) {
    out.refuse(kNone);
    co_return;
  }
  std::string failed;
  co_await on_bridge(*bridge, [&](lvs::Kernel& kernel) {
    for (const lvs::SectionDef& section : bridge->def().sections) {
      for (const lvs::ServiceKey& key : section.keys)
        if (const lvs::KernelError error = kernel.zero(key)) failed = to_string(key) + ": " + describe(error);
    }
  });
  if (!failed.empty()) out.refuse(failed + "\n");
}

}  // namespace evenkeel::control
