#include "app/udp_sections.h"

#include <array>
#include <string>
#include <string_view>

#include "app/backend_names.h"
#include "core/datagram.h"

namespace evenkeel::app {
namespace {

using conf::Diagnostics;
using frontends::BindDef;

void check_bind(const BindDef& bind, const conf::Location& where, Diagnostics& diagnostics) {
  const auto refuse = [&](std::string_view what) {
    diagnostics.error(where, "'bind " + bind.text + "' of 'mode udp': " + std::string(what));
  };
  if (bind.kind == BindDef::Kind::inherited_fd && !is_datagram_socket(bind.fd)) {
    refuse("the descriptor is no UDP socket");
  } else if (!bind.address.is_ip()) {
    refuse("datagrams are taken at IP addresses only");
  } else if (bind.text.starts_with("tcp") && bind.text.find('@') != std::string::npos) {
    refuse("a TCP address, where datagrams are expected");
  }
  if (bind.accept_proxy) refuse("'accept-proxy' reads the first bytes of connections");
  if (bind.listen.defer_accept) refuse("'defer-accept' is about connections");
  if (bind.listen.tfo) refuse("'tfo' is about TCP connections");
  if (bind.listen.mss != 0) refuse("'mss' is about TCP connections");
  if (bind.listen.save_syn != 0) refuse("'tcp-ss' is about TCP connections");
  if (bind.listen.user_timeout_ms != 0) refuse("'tcp-ut' is about TCP connections");
  if (bind.listen.backlog != 0) refuse("'backlog' is about connections");
}

// Actions that do something to the client's connection, or wait for what it has yet to send.
void check_rules(const rules::RuleSet& set, std::string_view word, const std::string& who,
                 Diagnostics& diagnostics, const conf::Location& where) {
  constexpr std::array<std::string_view, 6> kConnections = {
      "expect-proxy", "expect-netscaler-cip", "switch-mode", "set-fc-mark", "set-mark", "set-tos"};
  for (const rules::Rule& rule : set.rules()) {
    for (const std::string_view action : kConnections) {
      if (rule.text.find(action) == std::string::npos) continue;
      diagnostics.error({where.file, rule.line, 0, 0}, who + " of 'mode udp': '" + std::string(word) + " " +
                                                           std::string(action) +
                                                           "' acts on a connection, and there is none");
    }
  }
}

void check_rule_sets(const ProxySection& section, Diagnostics& diagnostics) {
  const rules::RuleSets& sets = section.rules.sets;
  const std::string who = called(section);
  check_rules(sets.tcp_connection, "tcp-request connection", who, diagnostics, section.proxy.where);
  check_rules(sets.tcp_session, "tcp-request session", who, diagnostics, section.proxy.where);
  check_rules(sets.tcp_request_content, "tcp-request content", who, diagnostics, section.proxy.where);
  if (!sets.tcp_response_content.empty())
    diagnostics.error(section.proxy.where,
                      who + " of 'mode udp': 'tcp-response content' looks at a stream, and there is none");
  if (!sets.use_server.empty())
    diagnostics.error(section.proxy.where, who + " of 'mode udp': 'use-server' is not supported");
}

void check_server(const ProxySection& section, const backends::ServerDraft& server,
                  Diagnostics& diagnostics) {
  const backends::ServerDef& def = server.def;
  const auto refuse = [&](std::string_view what) {
    diagnostics.error(server.where, "server '" + section.written_name + "/" + def.name +
                                        "' of 'mode udp': " + std::string(what));
  };
  if (def.address.family() != AF_UNSPEC && !def.address.is_ip()) refuse("datagrams go to IP addresses only");
  if (def.send_proxy.version != backends::SendProxyDef::Version::none || def.check.send_proxy)
    refuse("'send-proxy' begins a connection, and there is none");
  if (def.tfo) refuse("'tfo' is about TCP connections");
  if (def.tcp_user_timeout != 0) refuse("'tcp-ut' is about TCP connections");
  if (def.maxqueue != 0) refuse("'maxqueue': datagrams do not wait for a place");
  if (!def.redir.empty()) refuse("'redir' is an answer of HTTP");
}

// The checks over TCP would knock at a port that serves datagrams.
void check_health(const ProxySection& section, const backends::ServerDraft& server,
                  Diagnostics& diagnostics) {
  using health::CheckProtocol;
  const health::CheckDef& check = server.def.check;
  const CheckProtocol protocol = section.checks.protocol;
  const bool fits =
      protocol == CheckProtocol::udp || protocol == CheckProtocol::dns || protocol == CheckProtocol::external;
  if (!check.enabled || fits || check.port != 0 || check.addr) return;
  diagnostics
      .error(server.where, "server '" + section.written_name + "/" + server.def.name +
                               "' of 'mode udp' would be checked by TCP connections to its UDP port; check "
                               "it by datagrams, or name the port of something that tells its health")
      .modern("option udp-check, option dns-check, or server " + server.def.name + " ... check port <port>");
}

void check_section(ProxySection& section, Diagnostics& diagnostics) {
  frontends::FrontendDraft& frontend = section.frontend;
  for (std::size_t i = 0; i < frontend.def.binds.size(); ++i) {
    check_bind(frontend.def.binds[i], frontend.bind_places[i], diagnostics);
    frontend.def.binds[i].datagram = true;
  }
  check_rule_sets(section, diagnostics);
  for (const backends::ServerDraft& server : section.proxy.servers) {
    check_server(section, server, diagnostics);
    check_health(section, server, diagnostics);
  }
}

}  // namespace

void check_udp(ConfigDraft& draft, conf::Diagnostics& diagnostics) {
  for (ProxySection& section : draft.proxies) {
    if (section.proxy.common.disabled) continue;
    if (section.proxy.common.datagram) {
      check_section(section, diagnostics);
      continue;
    }
    const frontends::FrontendDraft& frontend = section.frontend;
    for (std::size_t i = 0; i < frontend.def.binds.size(); ++i) {
      if (frontend.def.binds[i].datagram)
        diagnostics
            .error(frontend.bind_places[i],
                   "'bind " + frontend.def.binds[i].text + "': datagrams need a section of 'mode udp'")
            .modern("mode udp");
    }
  }
}

}  // namespace evenkeel::app
