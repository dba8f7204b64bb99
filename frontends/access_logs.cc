#include "frontends/access_logs.h"

#include <unistd.h>

#include <climits>

#include "core/log.h"
#include "frontends/log_forward.h"
#include "frontends/ring_forwarder.h"
#include "frontends/rule_context.h"

namespace evenkeel::frontends {
namespace {

std::string host_name() {
  char name[HOST_NAME_MAX + 1] = "";
  return gethostname(name, sizeof name - 1) == 0 ? name : "";
}

}  // namespace

// A ring has one format for all who write into it.
std::shared_ptr<stats::LogTarget> AccessLogs::make_target(stats::LogTargetDef def) {
  std::shared_ptr<stats::LogRing> ring;
  if (def.own_ring) {
    std::shared_ptr<stats::LogRing>& known = own_rings_[def.own_ring.get()];
    if (!known) {
      stats::RingDef made = *def.own_ring;
      made.name = "ring#" + std::to_string(own_rings_.size());
      made.format = def.format;
      known = std::make_shared<stats::LogRing>(std::move(made));
      rings_.push_back(known);
    }
    ring = known;
  } else if (!def.ring.empty()) {
    for (const auto& candidate : rings_)
      if (candidate->def().name == def.ring) ring = candidate;
    if (ring) def.format = ring->def().format;
  }
  return std::make_shared<stats::LogTarget>(std::move(def), std::move(ring));
}

stats::LogTargets AccessLogs::targets_of(const stats::ProxyLogDef& def) {
  stats::LogTargets targets;
  for (const stats::LogTargetDef& target : def.targets) targets.push_back(make_target(target));
  return targets;
}

// The message brings its own header: the target adds none.
void AccessLogs::add_log_forward(const std::shared_ptr<const LogForwardDef>& def,
                                 const stats::ProxyLogDef& global) {
  std::vector<ForwardTarget> targets;
  const auto add = [&](const stats::LogTargetDef& target, bool format_given) {
    const auto made = make_target(target);
    ForwardTarget to;
    if (format_given || !target.ring.empty()) to.format = made->def().format;
    stats::LogTargetDef plain = made->def();
    plain.format = stats::SyslogFormat::raw;
    to.target.push_back(std::make_shared<stats::LogTarget>(std::move(plain), made->ring()));
    all_.push_back(to.target.front());
    targets.push_back(std::move(to));
  };
  for (std::size_t i = 0; i < def->log.targets.size(); ++i) add(def->log.targets[i], def->format_given[i]);
  if (def->log.use_global) {
    for (const stats::LogTargetDef& target : global.targets)
      add(target, target.format != stats::SyslogFormat::local);
  }
  log_forwarders_.push_back(std::make_unique<LogForwarder>(def, std::move(targets), identity_));
}

bool AccessLogs::open_listeners(std::vector<std::string>& errors) {
  bool good = true;
  for (const auto& forwarder : log_forwarders_) good = forwarder->open(errors) && good;
  return good;
}

AccessLogs::~AccessLogs() = default;

void AccessLogs::start_on(WorkerContext& context) {
  if (context.index() != 0) return;
  for (const auto& forwarder : log_forwarders_) forwarder->start(context, *senders_[0]);
  for (const auto& forwarder : forwarders_) spawn(forwarder->run(context));
}

void AccessLogs::stop_on(unsigned worker) noexcept {
  if (worker != 0) return;
  for (const auto& forwarder : forwarders_) forwarder->stop();
}

AccessLogs::AccessLogs(const Config& config, const std::vector<std::unique_ptr<Frontend>>& frontends,
                       unsigned workers) {
  const GlobalDef& global = config.global;
  // Rules that pick log lines by the program's name were written for "haproxy"; log-tag changes it.
  identity_.tag = global.log.tag.empty() ? "haproxy" : global.log.tag;
  identity_.pid = static_cast<int>(getpid());
  if (global.log_send_hostname)
    identity_.hostname = global.log_hostname.empty() ? host_name() : global.log_hostname;
  for (const stats::RingDef& ring : config.rings) rings_.push_back(std::make_shared<stats::LogRing>(ring));
  const stats::LogTargets shared = targets_of(global.log);
  all_ = shared;
  for (const auto& frontend : frontends) {
    frontend->log_targets = targets_for(frontend->def().log, shared);
  }
  for (const auto& backend : config.backends)
    backends_[backend->name] = {targets_for(backend->log, shared), backend->log.tag};
  for (const auto& def : config.log_forwards) add_log_forward(def, global.log);
  for (const auto& ring : rings_) {
    for (std::size_t i = 0; i < ring->def().servers.size(); ++i)
      forwarders_.push_back(std::make_unique<RingForwarder>(ring, i));
  }
  lines_.resize(workers);
  structured_.resize(workers);
  for (unsigned i = 0; i < workers; ++i) {
    senders_.push_back(std::make_unique<stats::LogSender>(identity_, clock_, log_warning));
  }
}

stats::LogTargets AccessLogs::targets_for(const stats::ProxyLogDef& def, const stats::LogTargets& shared) {
  stats::LogTargets targets = targets_of(def);
  all_.insert(all_.end(), targets.begin(), targets.end());
  if (def.use_global) targets.insert(targets.end(), shared.begin(), shared.end());
  return targets;
}

void AccessLogs::event(const backends::Backend& backend, int level, std::string_view text) {
  const Worker* const worker = Worker::current();
  const auto log = backends_.find(backend.name());
  if (worker == nullptr || log == backends_.end() || log->second.targets.empty()) return;
  senders_[static_cast<std::size_t>(worker->index())]->send(log->second.targets, level, log->second.tag,
                                                            text);
}

std::uint64_t AccessLogs::dropped() const noexcept {
  std::uint64_t sum = 0;
  for (const auto& target : all_) sum += target->dropped();
  for (const auto& ring : rings_) sum += ring->dropped.load(std::memory_order_relaxed);
  return sum;
}

void AccessLogs::write(ClientConnection& client, stats::SessionRecord& record,
                       const backends::Backend* backend, const backends::Server* server) {
  if (client.frontend.log_targets.empty() || record.as_soon_as_possible) return;
  // HAProxy answers what is no request in front of its sessions, which know nothing of that answer's bytes.
  const std::uint64_t sent = record.bytes_out;
  if (record.http && record.method.empty()) record.bytes_out = 0;
  send(client, record, backend, server);
  record.bytes_out = sent;
}

void AccessLogs::early(ClientConnection& client, stats::SessionRecord& record,
                       const backends::Backend* backend, const backends::Server* server, std::uint64_t sent) {
  const stats::AccessLogDef& def = client.frontend.def().log.access;
  const bool wanted = def.as_soon_as_possible || def.format == stats::LogFormat::plain;
  if (client.frontend.log_targets.empty() || !wanted || record.as_soon_as_possible) return;
  record.as_soon_as_possible = true;
  const std::int64_t ended = record.at.ended;
  record.at.ended = client.context.worker.now_us();
  record.bytes_out += sent;
  send(client, record, backend, server);
  record.bytes_out -= sent;
  record.at.ended = ended;
}

void AccessLogs::send(ClientConnection& client, stats::SessionRecord& record,
                      const backends::Backend* backend, const backends::Server* server) {
  const Engine& engine = client.context.engine;
  record.actconn = engine.current_connections.load(std::memory_order_relaxed);
  record.feconn = client.frontend.current.load(std::memory_order_relaxed);
  if (backend != nullptr) record.beconn = backend->current_sessions.load(std::memory_order_relaxed);
  if (server != nullptr) {
    record.srv_conn = server->current_sessions.load(std::memory_order_relaxed);
    if (record.server.empty()) record.server = server->name;
  }
  const FrontendDef& frontend = client.frontend.def();
  const bool slots = frontend.rules &&
                     !(frontend.rules->request_captures.empty() && frontend.rules->response_captures.empty());
  if (slots || !frontend.captured_cookie.name.empty()) client.rules().show_captures(record);
  stats::LogSender& sender = *senders_[client.context.index()];
  if (frontend.log_format) {
    const std::optional<int> level = stats::log_level_of(frontend.log.access, record);
    if (!level) return;
    record.log_counter = client.frontend.lines_logged.fetch_add(1, std::memory_order_relaxed);
    send_custom(client, record, *frontend.log_format, *level);
    return;
  }
  if (frontend.log.access.format == stats::LogFormat::plain) record.local = client.local();
  sender.send(client.frontend.log_targets, frontend.log, record, structured_data(client, record));
}

void AccessLogs::send_custom(ClientConnection& client, const stats::SessionRecord& record,
                             const rules::LogFormat& format, int level) {
  const FrontendDef& frontend = client.frontend.def();
  RuleContext& ctx = client.rules();
  ctx.use_record(record);
  if (!record.http) ctx.unique_id_format = frontend.unique_id;
  std::string& line = lines_[client.context.index()];
  line.clear();
  format.append(ctx, line);
  senders_[client.context.index()]->send(client.frontend.log_targets, level, frontend.log.tag, line,
                                         structured_data(client, record));
}

std::string_view AccessLogs::structured_data(ClientConnection& client, const stats::SessionRecord& record) {
  const FrontendDef& frontend = client.frontend.def();
  if (!frontend.log_format_sd) return {};
  RuleContext& ctx = client.rules();
  ctx.use_record(record);
  std::string& text = structured_[client.context.index()];
  text.clear();
  frontend.log_format_sd->append(ctx, text);
  return text;
}

void AccessLogs::connection_error(ClientConnection& client, std::string_view message) {
  constexpr int kErr = 3;
  constexpr int kInfo = 6;
  const stats::ProxyLogDef& def = client.frontend.def().log;
  if (client.frontend.log_targets.empty() || (def.access.dont_log_null && client.in.empty())) return;
  stats::SessionRecord record;
  record.frontend = client.frontend.name();
  record.listener = client.listener.def.name;
  // A bind line without a name is called by its number here, not "sock-<n>".
  if (record.listener == "sock-" + std::to_string(client.listener.id)) record.listener = {};
  record.listener_id = client.listener.id;
  record.client = client.peer;
  record.accepted_wall_us = client.accepted_wall_us;
  const int level = def.access.separate_errors ? kErr : kInfo;
  if (client.frontend.def().error_log_format) {
    send_custom(client, record, *client.frontend.def().error_log_format, level);
    return;
  }
  stats::LogSender& sender = *senders_[client.context.index()];
  char line[1024];
  const std::size_t length =
      stats::render_connection_error(record, message, sender.date(), line, sizeof line);
  sender.send(client.frontend.log_targets, level, def.tag, std::string_view(line, length));
}

}  // namespace evenkeel::frontends
