// The commands' functions, by the file that holds them; catalog.cc gives them their names.
#pragma once

#include "control/command.h"

namespace evenkeel::control {

// cli_commands.cc: the connection itself
Answer help(Call& call);
Answer prompt(Call& call);
Answer quit(Call& call);
Answer lower_to_operator(Call& call);
Answer lower_to_user(Call& call);
Answer expert_mode(Call& call);
Answer experimental_mode(Call& call);
Answer set_timeout(Call& call);
Answer set_severity_output(Call& call);
Answer show_cli_level(Call& call);
Answer show_cli_sockets(Call& call);

// process_commands.cc: the process as a whole
Answer show_version(Call& call);
Answer show_info(Call& call);
Task<void> show_cache(Call& call, Output& out);
Answer show_schema(Call& call);
Task<void> show_env(Call& call, Output& out);
Answer set_maxconn_global(Call& call);
Answer set_rate_limit(Call& call);
Answer clear_counters(Call& call);

// stat_commands.cc
Task<void> show_stat(Call& call, Output& out);

// backend_commands.cc: backends and their servers, shown
Answer show_backend(Call& call);
Task<void> show_servers_state(Call& call, Output& out);
Task<void> show_servers_conn(Call& call, Output& out);

// server_commands.cc: servers, changed
Answer set_server(Call& call);
Answer get_weight(Call& call);
Answer set_weight_command(Call& call);
Answer set_maxconn_server(Call& call);
Answer enable_server(Call& call);
Answer disable_server(Call& call);
Answer enable_health(Call& call);
Answer disable_health(Call& call);
Answer enable_agent(Call& call);
Answer disable_agent(Call& call);
Answer shutdown_sessions_server(Call& call);

// dynamic_server.cc
Answer add_server(Call& call);
Answer del_server(Call& call);

// lvs_commands.cc
Task<void> show_lvs(Call& call, Output& out);
Task<void> clear_lvs_counters(Call& call, Output& out);

// frontend_commands.cc
Answer enable_frontend(Call& call);
Answer publish_backend(Call& call);
Answer unpublish_backend(Call& call);
Answer disable_frontend(Call& call);
Task<void> shutdown_frontend(Call& call, Output& out);
Answer set_maxconn_frontend(Call& call);

// session_commands.cc
Task<void> show_sess(Call& call, Output& out);
Task<void> shutdown_session(Call& call, Output& out);

// pattern_commands.cc: maps and ACLs
Task<void> show_map(Call& call, Output& out);
Task<void> show_acl(Call& call, Output& out);
Answer get_map(Call& call);
Answer get_acl(Call& call);
Answer add_map(Call& call);
Answer add_acl(Call& call);
Answer set_map(Call& call);
Answer del_map(Call& call);
Answer del_acl(Call& call);
Answer clear_map(Call& call);
Answer clear_acl(Call& call);
Answer prepare_map(Call& call);
Answer prepare_acl(Call& call);
Answer commit_map(Call& call);
Answer commit_acl(Call& call);

// variable_commands.cc
Answer get_var(Call& call);
Answer set_var(Call& call);

// vrrp_commands.cc
Answer show_vrrp(Call& call);

// error_commands.cc
Task<void> show_errors(Call& call, Output& out);
Task<void> show_events(Call& call, Output& out);

}  // namespace evenkeel::control
