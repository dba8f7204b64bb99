// Backends of mode log (manual 4.2, "mode"): log lines, balanced over syslog servers.
#pragma once

#include <memory>
#include <unordered_map>
#include <vector>

#include "backends/backend.h"
#include "stats/log_target.h"

namespace evenkeel::frontends {

// Health, weights and `backup` are those of the live backend. Lines for a server behind a stream wait in a
// ring of its own; those for a datagram server go out at once.
class LogBackend final : public stats::LogSink {
 public:
  // The backend lives as long as this does. Adds the rings that it needs.
  LogBackend(backends::Backend& backend, std::vector<std::shared_ptr<stats::LogRing>>& rings);

  stats::LogOutcome deliver(stats::LogSender& sender, std::string_view line,
                            std::string_view message) noexcept override;

 private:
  backends::Server* choose(std::string_view message);

  backends::Backend& backend_;
  std::unordered_map<const backends::Server*, std::shared_ptr<stats::LogRing>> rings_;  // of stream servers
};

}  // namespace evenkeel::frontends
