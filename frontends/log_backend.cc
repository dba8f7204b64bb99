#include "frontends/log_backend.h"

#include <cerrno>
#include <string>
#include <utility>

#include "core/clock.h"
#include "rules/context.h"
#include "rules/expression.h"

namespace evenkeel::frontends {
namespace {

constexpr Millis kConnect = 1000;

std::shared_ptr<stats::LogRing> ring_for(const backends::Backend& backend, const backends::Server& server) {
  stats::RingDef ring;
  ring.name = backend.name() + "/" + server.name;
  ring.description = "lines that wait for server '" + server.name + "' of backend '" + backend.name() + "'";
  const backends::ServerDef& def = server.def();
  if (def.log_bufsize != 0) ring.size = def.log_bufsize;
  const backends::Timeouts& timeouts = backend.def().timeouts;
  ring.connect_timeout = timeouts.connect > 0 ? timeouts.connect : kConnect;
  ring.server_timeout = timeouts.server;
  ring.servers.push_back({server.name, server.address(), def.octet_count});
  return std::make_shared<stats::LogRing>(std::move(ring));
}

}  // namespace

LogBackend::LogBackend(backends::Backend& backend, std::vector<std::shared_ptr<stats::LogRing>>& rings)
    : backend_(backend) {
  for (const backends::Server* server : backend.servers()) {
    if (server->def().datagram) continue;
    rings.push_back(rings_[server] = ring_for(backend, *server));
  }
}

backends::Server* LogBackend::choose(std::string_view message) {
  balance::PickContext pick;
  const auto& sample_of = backend_.def().hash_sample;
  if (!sample_of) return static_cast<backends::Server*>(backend_.policy().pick(pick));
  static thread_local rules::Scratch scratch;
  static const SystemClock clock;
  rules::EvalContext ctx;
  ctx.scratch = &scratch;
  ctx.clock = &clock;
  ctx.mode_http = false;
  ctx.request_bytes = {message, true};
  rules::Sample sample;
  if (sample_of->eval(ctx, sample)) pick.sample = rules::as_text(sample, scratch);
  auto* const server = static_cast<backends::Server*>(backend_.policy().pick(pick));
  scratch.reset();
  return server;
}

stats::LogOutcome LogBackend::deliver(stats::LogSender& sender, std::string_view line,
                                      std::string_view message) noexcept {
  backends::Server* const server = choose(message);
  if (server != nullptr && server->def().datagram) return sender.send_datagram(server->address(), line);
  const auto ring = rings_.find(server);
  if (ring == rings_.end()) {
    errno = EHOSTUNREACH;
    return stats::LogOutcome::failed;
  }
  ring->second->append(line.substr(0, line.size() - 1));
  return stats::LogOutcome::sent;
}

}  // namespace evenkeel::frontends
