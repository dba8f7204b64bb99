#include "app/lvs_sections.h"

#include <netinet/in.h>

#include "lvs/section_checks.h"

namespace evenkeel::app {
namespace {

std::vector<lvs::VirtualAddress> addresses_of(const ProxySection& section) {
  std::vector<lvs::VirtualAddress> addresses;
  const frontends::FrontendDraft& frontend = section.frontend;
  for (std::size_t i = 0; i < frontend.def.binds.size(); ++i) {
    const frontends::BindDef& bind = frontend.def.binds[i];
    addresses.push_back({bind.kind == frontends::BindDef::Kind::address ? bind.address : Address(),
                         frontend.bind_places[i], bind.text, bind.accept_proxy});
  }
  return addresses;
}

// Without a port or an address of their own, checks of a datagram server would open TCP connections to it.
void check_datagram_servers(const ProxySection& section, conf::Diagnostics& diagnostics) {
  for (const backends::ServerDraft& server : section.proxy.servers) {
    const health::CheckDef& check = server.def.check;
    if (check.enabled && check.port == 0 && !check.addr)
      diagnostics
          .warn(server.where, "server '" + server.def.name +
                                  "' of 'mode udp' is checked by TCP connections to the same port; name the "
                                  "port of something that tells its health")
          .modern("server " + server.def.name + " ... check port <port>");
  }
}

void check_section(ProxySection& section, lvs::SectionChecks& checks, conf::Diagnostics& diagnostics) {
  const bool datagram = section.proxy.common.datagram;
  if (!section.rules.sets.empty())
    diagnostics.error(section.lvs.where, "'lvs' in '" + section.written_name +
                                             "' moves connections into the kernel, where its rules would see "
                                             "nothing of them");
  checks.check(section.lvs, section.proxy, addresses_of(section),
               static_cast<std::uint8_t>(datagram ? IPPROTO_UDP : IPPROTO_TCP));
  if (datagram) check_datagram_servers(section, diagnostics);
  if (section.lvs.def.fallback_proxy && section.frontend.def.binds.empty())
    diagnostics.error(section.lvs.where, "'fallback proxy' needs a 'bind' to listen on");
}

}  // namespace

void prepare_lvs(ConfigDraft& draft) {
  for (ProxySection& section : draft.proxies) {
    if (!section.lvs.on || section.frontend.def.binds.empty()) continue;
    const std::uint16_t port = section.frontend.def.binds.front().address.port();
    for (backends::ServerDraft& server : section.proxy.servers) {
      health::CheckDef& check = server.def.check;
      if (!server.port_given && check.port == 0 && !section.proxy.common.datagram)
        check.port = static_cast<std::uint16_t>(port + server.def.port_offset);
    }
  }
}

void check_lvs(ConfigDraft& draft, conf::Diagnostics& diagnostics) {
  bool any = false;
  for (const ProxySection& section : draft.proxies)
    any = any || (section.lvs.on && !section.proxy.common.disabled);
  lvs::SectionChecks checks(diagnostics, any ? lvs::connected_networks() : std::vector<lvs::Network>());
  for (ProxySection& section : draft.proxies) {
    if (section.proxy.common.disabled) continue;
    if (section.lvs.on) check_section(section, checks, diagnostics);
    if (section.proxy.common.datagram && (!section.lvs.on || section.lvs.def.fallback_proxy))
      diagnostics
          .error(section.lvs.on ? section.lvs.where : section.proxy.where,
                 "'mode udp' in '" + section.written_name +
                     "': datagrams are forwarded by the kernel only so far, not in user space")
          .modern("lvs nat fallback none");
  }
  if (!any && !draft.lvs.daemons.empty())
    diagnostics.warn({}, "'lvs-sync' has no effect without a section that has an 'lvs' line");
}

std::shared_ptr<const lvs::Def> compile_lvs(const ConfigDraft& draft) {
  auto def = std::make_shared<lvs::Def>();
  for (const ProxySection& section : draft.proxies) {
    if (section.lvs.on && !section.proxy.common.disabled) def->sections.push_back(section.lvs.def);
  }
  if (def->sections.empty()) return nullptr;
  def->exit = draft.lvs.exit;
  def->daemons = draft.lvs.daemons;
  def->state_file = draft.lvs.state_file;
  return def;
}

}  // namespace evenkeel::app
