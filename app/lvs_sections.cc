#include "app/lvs_sections.h"

#include <netinet/in.h>

#include "app/backend_names.h"
#include "lvs/check_via.h"
#include "lvs/section_checks.h"

namespace evenkeel::app {
namespace {

std::vector<lvs::VirtualAddress> addresses_of(const ProxySection& owner) {
  std::vector<lvs::VirtualAddress> addresses;
  const frontends::FrontendDraft& frontend = owner.frontend;
  for (std::size_t i = 0; i < frontend.def.binds.size(); ++i) {
    const frontends::BindDef& bind = frontend.def.binds[i];
    addresses.push_back({bind.kind == frontends::BindDef::Kind::address ? bind.address : Address(),
                         frontend.bind_places[i], bind.text, bind.accept_proxy || bind.netscaler_magic != 0});
  }
  return addresses;
}

// Whose `bind` lines are the services: the section itself, or the frontend whose default_backend it is. Null:
// nobody, or more than one. Names as written, so that it serves before routes are resolved.
ProxySection* owner_of(ConfigDraft& draft, ProxySection& section) {
  if (section.proxy.has_frontend()) return &section;
  ProxySection* owner = nullptr;
  for (ProxySection& other : draft.proxies) {
    const std::string& target = other.frontend.def.default_backend;
    if (other.proxy.common.disabled || !other.proxy.has_frontend()) continue;
    if (target != section.written_name && target != section.proxy.common.name) continue;
    if (owner != nullptr) return nullptr;
    owner = &other;
  }
  return owner;
}

void refuse_rules(const ProxySection& section, const ProxySection& holder, conf::Diagnostics& diagnostics) {
  if (holder.rules.sets.empty()) return;
  diagnostics.error(section.lvs.where,
                    "'lvs' in '" + section.written_name + "' moves connections into the kernel, where " +
                        (&section == &holder ? "its rules" : "the rules of " + called(holder)) +
                        " would see nothing of them");
}

// The kernel sends all that comes to a frontend's addresses to one backend, and that is this one.
bool check_owner(ConfigDraft& draft, const ProxySection& section, const ProxySection* owner,
                 conf::Diagnostics& diagnostics) {
  if (owner == &section) return true;
  for (const ProxySection& other : draft.proxies) {
    for (const ProxySection::Route& route : other.routes) {
      if (route.target != &section || route.by_default) continue;
      diagnostics.error(route.where, called(section) +
                                         " has an 'lvs' line, so connections go there by 'default_backend' "
                                         "only: the kernel knows no 'use_backend'");
      return false;
    }
  }
  if (owner == nullptr && section.lvs.fwmark != 0) return true;
  if (owner == nullptr) {
    diagnostics.error(section.lvs.where,
                      "'lvs' in '" + section.written_name +
                          "' needs exactly one frontend with 'default_backend " + section.written_name +
                          "': the addresses of its 'bind' lines are the kernel's services");
    return false;
  }
  if (owner->proxy.has_backend() && !owner->proxy.servers.empty()) {
    diagnostics.error(section.lvs.where, called(*owner) + " leads to '" + section.written_name +
                                             "', which has an 'lvs' line, and has servers of its own");
    return false;
  }
  refuse_rules(section, *owner, diagnostics);
  return true;
}

void check_fallback(const ProxySection& section, const ProxySection* owner, conf::Diagnostics& diagnostics) {
  if (!section.lvs.def.fallback_proxy) return;
  if (owner == nullptr || owner->frontend.def.binds.empty()) {
    diagnostics.error(section.lvs.where, "'fallback proxy' needs a 'bind' to listen on");
  } else if (section.lvs.all_ports) {
    diagnostics.error(section.lvs.where,
                      "'fallback proxy' cannot listen on all ports of an address, as 'all-ports' asks for");
  }
}

void check_section(ConfigDraft& draft, ProxySection& section, lvs::SectionChecks& checks,
                   lvs::CheckViaChecks& via_checks, conf::Diagnostics& diagnostics) {
  const ProxySection* const owner = owner_of(draft, section);
  refuse_rules(section, section, diagnostics);
  if (!check_owner(draft, section, owner, diagnostics)) return;
  const bool datagram = section.proxy.common.datagram;
  const auto addresses = owner == nullptr ? std::vector<lvs::VirtualAddress>() : addresses_of(*owner);
  checks.check(section.lvs, section.proxy, addresses,
               static_cast<std::uint8_t>(datagram ? IPPROTO_UDP : IPPROTO_TCP));
  via_checks.check(section.lvs, section.proxy, addresses, section.checks.protocol);
  section.lvs.def.frontend = owner == nullptr ? std::string() : owner->proxy.common.name;
  check_fallback(section, owner, diagnostics);
}

}  // namespace

void prepare_lvs(ConfigDraft& draft) {
  for (ProxySection& section : draft.proxies) {
    if (!section.lvs.on) continue;
    ProxySection* const owner = owner_of(draft, section);
    if (owner == nullptr || owner->frontend.def.binds.empty()) continue;
    const std::uint16_t port = owner->frontend.def.binds.front().address.port();
    const health::CheckProtocol protocol = section.checks.protocol;
    const bool by_datagrams =
        protocol == health::CheckProtocol::udp || protocol == health::CheckProtocol::dns;
    // A check over TCP would find nobody at a service's UDP port; see check_udp().
    if (section.proxy.common.datagram && !by_datagrams) continue;
    for (backends::ServerDraft& server : section.proxy.servers) {
      health::CheckDef& check = server.def.check;
      if (!server.port_given && check.port == 0)
        check.port = static_cast<std::uint16_t>(port + server.def.port_offset);
    }
  }
}

void check_lvs(ConfigDraft& draft, conf::Diagnostics& diagnostics) {
  bool any = false;
  for (const ProxySection& section : draft.proxies)
    any = any || (section.lvs.on && !section.proxy.common.disabled);
  lvs::SectionChecks checks(diagnostics, any ? lvs::connected_networks() : std::vector<lvs::Network>());
  lvs::CheckViaChecks via_checks(diagnostics);
  for (ProxySection& section : draft.proxies) {
    if (section.proxy.common.disabled) continue;
    if (section.lvs.on) {
      check_section(draft, section, checks, via_checks, diagnostics);
    } else if (section.lvs.via_vip) {
      diagnostics.error(section.lvs.via_vip_at, "'check-via vip' is for sections with 'lvs dr' or 'lvs tun'");
    }
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
