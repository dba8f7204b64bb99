#include "frontends/access_logs.h"

#include <unistd.h>

#include <climits>
#include <cstdio>
#include <ctime>

#include "core/log.h"
#include "frontends/log_backend.h"
#include "frontends/log_forward.h"
#include "frontends/ring_forwarder.h"
#include "frontends/rule_context.h"
#include "frontends/session_end.h"

namespace evenkeel::frontends {
namespace {

std::string host_name() {
  char name[HOST_NAME_MAX + 1] = "";
  return gethostname(name, sizeof name - 1) == 0 ? name : "";
}

// As the header of lines with `format timed` has it.
std::string now_as_iso() {
  const std::int64_t now = SystemClock().wall_us();
  const auto seconds = static_cast<std::time_t>(now / 1'000'000);
  std::tm date{};
  ::gmtime_r(&seconds, &date);
  char text[64];
  std::snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d.%06lld+00:00", date.tm_year + 1900,
                date.tm_mon + 1, date.tm_mday, date.tm_hour, date.tm_min, date.tm_sec,
                static_cast<long long>(now % 1'000'000));
  return text;
}

void count_connections(const ClientConnection& client, stats::SessionRecord& record,
                       const backends::Backend* backend, const backends::Server* server) {
  record.actconn = client.context.engine.current_connections.load(std::memory_order_relaxed);
  record.feconn = client.frontend.current.load(std::memory_order_relaxed);
  if (backend != nullptr) record.beconn = backend->current_sessions.load(std::memory_order_relaxed);
  if (server != nullptr) {
    record.srv_conn = server->current_sessions.load(std::memory_order_relaxed);
    if (record.server.empty()) record.server = server->name;
  }
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
  std::shared_ptr<stats::LogSink> sink = def.backend.empty() ? nullptr : make_sink(def.backend);
  return std::make_shared<stats::LogTarget>(std::move(def), std::move(ring), std::move(sink));
}

// One per backend: sections that share it share its rings.
std::shared_ptr<stats::LogSink> AccessLogs::make_sink(const std::string& backend) {
  std::shared_ptr<stats::LogSink>& sink = sinks_[backend];
  for (const auto& live : live_) {
    if (!sink && live->name() == backend) sink = std::make_shared<LogBackend>(*live, rings_);
  }
  return sink;
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
    to.target.push_back(std::make_shared<stats::LogTarget>(std::move(plain), made->ring(), made->sink()));
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

// Lines of one turn of the loop leave at its end: they wait for callbacks that have been due, never for time
// to pass.
Task<void> AccessLogs::send_at_turns(WorkerContext& context) {
  const Resident resident(context);
  stats::LogSender& sender = *senders_[context.index()];
  Turn& turn = turns_[context.index()];
  sender.gather([&turn] { turn.lines.set(); });
  while (!turn.over) {
    co_await turn.lines;
    co_await context.worker.yield();
    turn.lines.reset();
    sender.send_gathered();
  }
  sender.gather({});
}

void AccessLogs::start_on(WorkerContext& context) {
  spawn(send_at_turns(context));
  if (context.index() != 0) return;
  for (const auto& forwarder : log_forwarders_) forwarder->start(context, *senders_[0]);
  for (const auto& forwarder : forwarders_) spawn(forwarder->run(context));
}

void AccessLogs::stop_on(unsigned worker) noexcept {
  turns_[worker].over = true;
  turns_[worker].lines.set();
  if (worker != 0) return;
  for (const auto& forwarder : forwarders_) forwarder->stop();
}

AccessLogs::AccessLogs(const Config& config, const std::vector<std::unique_ptr<Frontend>>& frontends,
                       const std::vector<std::unique_ptr<backends::Backend>>& backends, unsigned workers)
    : config_(config), live_(backends) {
  const GlobalDef& global = config.global;
  // Rules that pick log lines by the program's name were written for "haproxy"; log-tag changes it.
  identity_.tag = global.log.tag.empty() ? "haproxy" : global.log.tag;
  identity_.pid = static_cast<int>(getpid());
  if (global.log_send_hostname)
    identity_.hostname = global.log_hostname.empty() ? host_name() : global.log_hostname;
  for (const stats::RingDef& ring : config.rings) {
    rings_.push_back(std::make_shared<stats::LogRing>(ring));
    if (!rings_.back()->store_error().empty())
      log_warning("ring '" + ring.name + "': backing file '" + ring.backing_file + "' cannot be used (" +
                  rings_.back()->store_error() + "), its lines are kept in memory");
  }
  const stats::LogTargets shared = targets_of(global.log);
  all_ = shared;
  for (const auto& frontend : frontends) give_targets(*frontend, config, shared);
  for (const auto& backend : config.backends)
    backends_[backend->name] = {targets_for(backend->log, shared), backend->log.tag};
  for (const auto& def : config.log_forwards) add_log_forward(def, global.log);
  for (const auto& ring : rings_) {
    for (std::size_t i = 0; i < ring->def().servers.size(); ++i)
      forwarders_.push_back(std::make_unique<RingForwarder>(ring, i));
  }
  lines_.resize(workers);
  structured_.resize(workers);
  turns_.resize(workers);
  for (unsigned i = 0; i < workers; ++i) {
    senders_.push_back(std::make_unique<stats::LogSender>(identity_, clock_, log_warning));
  }
}

void AccessLogs::give_targets(Frontend& frontend, const Config& config, const stats::LogTargets& shared) {
  frontend.custom_lines = frontend.def().log_format != nullptr;
  for (auto& target : targets_for(frontend.def().log, shared)) {
    const std::string& name = target->def().profile;
    if (name.empty()) {
      frontend.log_targets.push_back(std::move(target));
      continue;
    }
    frontend.custom_lines = true;
    for (const auto& profile : config.log_profiles) {
      if (profile->name == name) frontend.profiled_targets.push_back({{target}, profile});
    }
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
  if (!client.frontend.logs() || record.as_soon_as_possible) return;
  if (!client.frontend.def().log.logs_at(stats::LogStep::close)) return;
  // HAProxy answers what is no request in front of its sessions, which know nothing of that answer's bytes.
  const std::uint64_t sent = record.bytes_out;
  if (record.http && record.method.empty()) record.bytes_out = 0;
  send(stats::LogStep::close, client, record, backend, server);
  record.bytes_out = sent;
}

void AccessLogs::early(ClientConnection& client, stats::SessionRecord& record,
                       const backends::Backend* backend, const backends::Server* server, std::uint64_t sent) {
  const stats::ProxyLogDef& log = client.frontend.def().log;
  const bool wanted =
      log.access.as_soon_as_possible || (log.access.format == stats::LogFormat::plain && log.steps == 0 &&
                                         client.frontend.profiled_targets.empty());
  if (!client.frontend.logs() || !wanted || record.as_soon_as_possible) return;
  if (!log.logs_at(stats::LogStep::close)) return;
  record.as_soon_as_possible = true;
  const std::int64_t ended = record.at.ended;
  record.at.ended = client.context.worker.now_us();
  record.bytes_out += sent;
  send(stats::LogStep::close, client, record, backend, server);
  record.bytes_out -= sent;
  record.at.ended = ended;
}

void AccessLogs::intermediate(stats::LogStep step, ClientConnection& client, stats::SessionRecord& record,
                              const backends::Backend* backend, const backends::Server* server) {
  if (!client.frontend.logs() || !client.frontend.def().log.logs_at(step)) return;
  stats::SessionRecord now = record;
  now.at.ended = client.context.worker.now_us();
  send(step, client, now, backend, server);
}

void AccessLogs::by_rule(stats::LogStep step, std::string_view profile, ClientConnection& client,
                         const stats::SessionRecord& record, const backends::Backend* backend,
                         const backends::Server* server) {
  if (!client.frontend.logs() || record.as_soon_as_possible) return;
  const LogProfile* forced = nullptr;
  for (const auto& known : config_.log_profiles)
    if (!profile.empty() && known->name == profile) forced = known.get();
  stats::SessionRecord now = record;
  if (now.frontend.empty()) begin_record(now, client);  // tcp-request connection: there is no session yet
  now.at.ended = client.context.worker.now_us();
  send(step, client, now, backend, server, forced);
}

void AccessLogs::debug(std::string_view destination, std::string_view line) {
  for (const auto& ring : rings_) {
    if (ring->def().name != destination) continue;
    return ring->append(ring->def().format == stats::SyslogFormat::timed
                            ? "<0>" + now_as_iso() + ' ' + std::string(line)
                            : std::string(line));
  }
  std::string text(line);
  text += '\n';
  [[maybe_unused]] const auto written =
      ::write(destination == "stdout" ? STDOUT_FILENO : STDERR_FILENO, text.data(), text.size());
}

namespace {

// Of a session that goes on nothing is known yet that `dontlognull` and its like could judge.
std::optional<int> level_at(stats::LogStep step, const stats::AccessLogDef& def,
                            const stats::SessionRecord& record) {
  constexpr int kInfo = 6;
  constexpr int kSilent = 8;
  if (step == stats::LogStep::close || by_rule(step)) return stats::log_level_of(def, record);
  if (record.level >= kSilent) return std::nullopt;
  return record.level >= 0 ? record.level : kInfo;
}

}  // namespace

namespace {

// Formats look at the record of the line, which is gone when the line is written; rules go on with theirs.
class KeepRecord {
 public:
  explicit KeepRecord(ClientConnection& client)
      : client_(client), record_(client.rules_if_any() != nullptr ? client.rules().record : nullptr) {}
  KeepRecord(const KeepRecord&) = delete;
  KeepRecord& operator=(const KeepRecord&) = delete;
  ~KeepRecord() {
    static const stats::SessionRecord kNone;
    if (RuleContext* const ctx = client_.rules_if_any())
      ctx->use_record(record_ != nullptr ? *record_ : kNone);
  }

 private:
  ClientConnection& client_;
  const stats::SessionRecord* record_;
};

}  // namespace

void AccessLogs::send(stats::LogStep step, ClientConnection& client, stats::SessionRecord& record,
                      const backends::Backend* backend, const backends::Server* server,
                      const LogProfile* forced) {
  Frontend& live = client.frontend;
  count_connections(client, record, backend, server);
  const FrontendDef& frontend = live.def();
  const bool slots = frontend.rules &&
                     !(frontend.rules->request_captures.empty() && frontend.rules->response_captures.empty());
  if (slots || !frontend.captured_cookie.name.empty()) client.rules().show_captures(record);
  const KeepRecord keep(client);
  const std::optional<int> level = level_at(step, frontend.log.access, record);
  if (!level) return;
  if (live.custom_lines || forced != nullptr)
    record.log_counter = live.lines_logged.fetch_add(1, std::memory_order_relaxed);
  if (frontend.log.access.format == stats::LogFormat::plain) record.local = client.local();
  for (const ProfiledTarget& to : live.profiled_targets)
    send_profiled(to.target, forced != nullptr ? *forced : *to.profile, step, client, record, *level);
  if (live.log_targets.empty()) return;
  if (forced != nullptr) return send_profiled(live.log_targets, *forced, step, client, record, *level);
  stats::LogSender& sender = *senders_[client.context.index()];
  const std::string_view origin = log_origin(step);
  const std::string_view structured = structured_data(client, record, frontend.log_format_sd.get(), origin);
  if (frontend.log_format) {
    sender.send(live.log_targets, *level, frontend.log.tag,
                custom_line(client, record, *frontend.log_format, origin), structured);
  } else {
    sender.send(live.log_targets, frontend.log, record, *level, structured);
  }
}

void AccessLogs::send_profiled(const stats::LogTargets& to, const LogProfile& profile, stats::LogStep step,
                               ClientConnection& client, const stats::SessionRecord& record, int level) {
  const FrontendDef& frontend = client.frontend.def();
  const LogProfile::Step& said = profile.at(step);
  if (said.drop) return;
  stats::LogSender& sender = *senders_[client.context.index()];
  const std::string& tag = profile.tag.empty() ? frontend.log.tag : profile.tag;
  const std::string_view origin = log_origin(step);
  const std::string_view structured = structured_data(
      client, record, said.structured ? said.structured.get() : frontend.log_format_sd.get(), origin);
  const rules::LogFormat* const format = said.line ? said.line.get() : frontend.log_format.get();
  const std::string_view line =
      format != nullptr ? custom_line(client, record, *format, origin)
                        : sender.render(frontend.log.access.format, record, to.front()->def().max_length);
  sender.send(to, level, tag, line, structured);
}

std::string_view AccessLogs::custom_line(ClientConnection& client, const stats::SessionRecord& record,
                                         const rules::LogFormat& format, std::string_view origin) {
  RuleContext& ctx = client.rules();
  ctx.use_record(record);
  ctx.log_origin = origin;
  if (!record.http) ctx.unique_id_format = client.frontend.def().unique_id;
  std::string& line = lines_[client.context.index()];
  line.clear();
  format.append(ctx, line);
  return line;
}

std::string_view AccessLogs::structured_data(ClientConnection& client, const stats::SessionRecord& record,
                                             const rules::LogFormat* format, std::string_view origin) {
  if (format == nullptr) return {};
  RuleContext& ctx = client.rules();
  ctx.use_record(record);
  ctx.log_origin = origin;
  std::string& text = structured_[client.context.index()];
  text.clear();
  format->append(ctx, text);
  return text;
}

void AccessLogs::connection_error(ClientConnection& client, std::string_view message) {
  constexpr int kErr = 3;
  constexpr int kInfo = 6;
  const stats::ProxyLogDef& def = client.frontend.def().log;
  if (!client.frontend.logs() || (def.access.dont_log_null && client.in.empty())) return;
  if (!def.logs_at(stats::LogStep::error)) return;
  stats::SessionRecord record;
  record.frontend = client.frontend.name();
  record.listener = client.listener.def.name;
  // A bind line without a name is called by its number here, not "sock-<n>".
  if (record.listener == "sock-" + std::to_string(client.listener.id)) record.listener = {};
  record.listener_id = client.listener.id;
  record.client = client.peer;
  record.accepted_wall_us = client.accepted_wall_us;
  const int level = def.access.separate_errors ? kErr : kInfo;
  stats::LogSender& sender = *senders_[client.context.index()];
  char text[1024];
  const std::string_view plain(
      text, stats::render_connection_error(record, message, sender.date(), text, sizeof text));
  const rules::LogFormat* const custom = client.frontend.def().error_log_format.get();
  const std::string_view origin = log_origin(stats::LogStep::error);
  const auto line = [&](const rules::LogFormat* format) {
    return format != nullptr ? custom_line(client, record, *format, origin) : plain;
  };
  const rules::LogFormat* const structured = client.frontend.def().log_format_sd.get();
  for (const ProfiledTarget& to : client.frontend.profiled_targets) {
    const LogProfile::Step& said = to.profile->at(stats::LogStep::error);
    if (said.drop) continue;
    sender.send(
        to.target, level, to.profile->tag.empty() ? def.tag : to.profile->tag,
        line(said.line ? said.line.get() : custom),
        structured_data(client, record, said.structured ? said.structured.get() : structured, origin));
  }
  if (!client.frontend.log_targets.empty())
    sender.send(client.frontend.log_targets, level, def.tag, line(custom),
                structured_data(client, record, custom != nullptr ? structured : nullptr, origin));
}

}  // namespace evenkeel::frontends
