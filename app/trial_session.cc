#include "app/trial_session.h"

#include <algorithm>

namespace evenkeel::app {

using rules::Number;

TrialSession::TrialSession(std::shared_ptr<const frontends::Config> config,
                           const frontends::FrontendDef& frontend, const Address& client,
                           const Address& local)
    : config_(std::move(config)), frontend_(frontend), client_(client), local_(local) {
  for (const auto& def : config_->backends) backends_.push_back(std::make_unique<backends::Backend>(def, 1));
  record = &session;
  log_date = &dates_;
  src = client;
  dst = local;
  fc_src = &client_;
  fc_dst = &local_;
  process_vars = &process_;
  mode_http = frontend.mode == backends::Mode::http;
  inspection_ended = true;
  if (frontend.rules) make_room_for_captures(*frontend.rules);
  session.frontend = frontend.name;
  session.client = client;
  session.local = local;
  session.http = mode_http;
  session.accepted_wall_us = clock_.wall_us();
  session.at.accepted = clock_.now_us();
}

backends::Backend* TrialSession::find_backend(std::string_view name) const {
  for (const auto& one : backends_)
    if (one->name() == name) return one.get();
  return nullptr;
}

void TrialSession::enter(backends::Backend& chosen) {
  backend = &chosen;
  session.backend = chosen.name();
}

std::optional<std::int64_t> TrialSession::backend_number(Number what, std::string_view name) const {
  const backends::Backend* be = name.empty() ? backend : find_backend(name);
  if (be == nullptr) return std::nullopt;
  switch (what) {
    case Number::nbsrv: {
      const auto servers = be->servers();
      return std::count_if(servers.begin(), servers.end(), [](const auto* s) { return s->usable(); });
    }
    case Number::be_id:
      return be->def().id;
    case Number::be_server_timeout:
      return be->def().timeouts.server;
    case Number::be_tunnel_timeout:
      return be->def().timeouts.tunnel;
    default:
      return 0;
  }
}

std::optional<std::int64_t> TrialSession::server_number(Number what, std::string_view name) const {
  const std::size_t slash = name.find('/');
  const backends::Backend* be =
      slash == std::string_view::npos ? backend : find_backend(name.substr(0, slash));
  const backends::Server* server =
      be == nullptr ? nullptr
                    : be->find_server(slash == std::string_view::npos ? name : name.substr(slash + 1));
  if (server == nullptr) return std::nullopt;
  switch (what) {
    case Number::srv_is_up:
      return server->can_serve() ? 1 : 0;
    case Number::srv_id:
      return server->id;
    case Number::srv_weight:
    case Number::srv_iweight:
    case Number::srv_uweight:
      return server->initial_weight;
    default:
      return 0;
  }
}

std::optional<std::int64_t> TrialSession::number(Number what, std::string_view name) const {
  switch (what) {
    case Number::active_connections:
    case Number::fe_conn:
    case Number::dst_conn:
    case Number::first_request:
    case Number::fc_http_major:
    case Number::thread_group:
    case Number::so_id:
      return 1;
    case Number::process_connections_max:
      return config_->global.maxconn;
    case Number::thread:
    case Number::stopping:
    case Number::uptime:
    case Number::fe_req_rate:
    case Number::fe_sess_rate:
      return 0;
    case Number::fe_id:
      return frontend_.id;
    case Number::fe_client_timeout:
    case Number::cur_client_timeout:
      return frontend_.timeouts.client;
    default:
      break;
  }
  if (what >= Number::be_conn && what <= Number::nbsrv) return backend_number(what, name);
  if (what >= Number::srv_conn && what <= Number::srv_id) return server_number(what, name);
  return EvalContext::number(what, name);
}

std::optional<std::string_view> TrialSession::text(rules::Text what) const {
  if (what == rules::Text::fe_name) return frontend_.name;
  if (what == rules::Text::fe_default_backend) return frontend_.default_backend;
  if (what == rules::Text::be_name && backend != nullptr) return backend->name();
  if (what == rules::Text::so_name && !frontend_.binds.empty()) return frontend_.binds.front().name;
  return EvalContext::text(what);
}

}  // namespace evenkeel::app
