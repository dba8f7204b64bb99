#include "backends/server_keywords.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "backends/saved_state.h"
#include "backends/tls_words.h"
#include "conf/unsupported_address.h"
#include "health/keywords.h"

namespace evenkeel::backends {
namespace {

using conf::Args;
using conf::Keyword;

health::CheckDef& check_of(ServerLine& line) { return line.draft.def.check; }

// Everything behind name and address. Three rooms own words here; TLS is asked first, so that one line gives
// one answer.
void read_options(ServerLine& line, Args& args) {
  static const auto checks = health::lift_server_keywords<ServerLine, &check_of>();
  static const conf::KeywordTable<ServerLine> table{server_options(), checks};
  bool told_of_tls = false;
  while (!args.at_end()) {
    if (refuse_tls_word(args, conf::KnownKind::server_option, told_of_tls)) continue;
    const auto match = table.find(args);
    if (match.keyword == nullptr) {
      conf::report_unknown_option(args, conf::KnownKind::server_option, "server", table.names());
      continue;
    }
    args.begin_keyword(match.words);
    match.keyword->apply(line, args);
  }
}

bool good_name(std::string_view name, Args& args) {
  for (const char c : name) {
    const bool good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '_' || c == '-' || c == '.' || c == ':';
    if (good) continue;
    args.error("character '" + std::string(1, c) + "' is not permitted in server name '" + std::string(name) +
               "'");
    return false;
  }
  return true;
}

void take_port(ServerDraft& server, const conf::AddressSpec& spec) {
  using Port = conf::AddressSpec::Port;
  ServerDef& def = server.def;
  server.port_given = spec.port_mode == Port::absolute && spec.port != 0;
  const bool ip = spec.kind == conf::AddressSpec::Kind::ip || spec.kind == conf::AddressSpec::Kind::name;
  def.port_mode = ip && !server.port_given ? PortMode::offset : PortMode::fixed;
  if (spec.port_mode == Port::plus) def.port_offset = spec.port;
  if (spec.port_mode == Port::minus) def.port_offset = -static_cast<int>(spec.port);
}

// Obeys `init-addr` (manual 5.3.1): the first method that yields an address.
void find_address(ServerDraft& server, const conf::AddressSpec& spec, const LoadServices& services,
                  Args& args, const conf::Location& where) {
  const std::uint16_t port = server.port_given ? spec.port : 0;
  if (spec.kind != conf::AddressSpec::Kind::name) {
    if (spec.numeric) server.def.address = *spec.numeric;
    return;
  }
  std::string_view rest = server.def.init_addr.empty() ? "last,libc" : std::string_view(server.def.init_addr);
  while (!rest.empty()) {
    const std::string_view method = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(rest.size(), method.size() + 1));
    if (method == "none") {
      server.no_address = true;
      return;
    }
    if (const auto fixed = Address::from_ip(method, port)) {
      server.def.address = *fixed;
      return;
    }
    const SavedState* const saved = server.def.saved.get();
    if (method == "last" && saved != nullptr && saved->address.is_ip() && saved->fqdn == spec.host) {
      server.def.address = saved->address;
      server.def.address.set_port(port);
      return;
    }
    if (method != "libc") continue;
    const auto found = conf::resolve(spec, services.resolver);
    if (found.empty()) continue;
    server.def.address = found.front();
    server.def.address.set_port(port);
    return;
  }
  if (services.ignore_unresolved) {
    server.no_address = true;
    return;
  }
  args.diagnostics().error(where, "server '" + server.def.name + "': could not resolve address '" +
                                      spec.host + "'; 'init-addr last,libc,none' would let it start without");
}

// `addr` and `agent-addr` by name: resolved once, like any other address without an init-addr of its own.
void find_check_address(std::optional<Address>& address, std::string& name, const LoadServices& services,
                        Args& args) {
  if (name.empty() || address) return;
  conf::AddressSpec spec;
  spec.kind = conf::AddressSpec::Kind::name;
  spec.host = name;
  const auto found = conf::resolve(spec, services.resolver);
  if (found.empty()) {
    args.error("could not resolve the address '" + name + "' that checks go to");
    return;
  }
  address = found.front();
  name.clear();
}

std::optional<conf::AddressSpec> server_address(Args& args) {
  if (!args.peek().empty()) {
    conf::AddressRules rules = conf::AddressRules::server();
    rules.datagram = true;  // of mode log, which the end of the section knows
    auto spec = args.address(rules);
    if (!spec) return std::nullopt;
    const std::string why = conf::unsupported_address(*spec);
    if (why.empty()) return std::move(*spec);
    args.error(why);
    return std::nullopt;
  }
  if (!args.at_end()) {
    args.error_here("the address is empty (environment variable missing?)");
    return std::nullopt;
  }
  args.error_here("'" + args.keyword() + "' expects a name and an address with its port");
  return std::nullopt;
}

// Ports, and where checks go, as an operator may have set them.
void take_saved_places(ServerDef& def) {
  if (def.saved == nullptr) return;
  const SavedState& saved = *def.saved;
  if (saved.port != 0 && def.port_mode == PortMode::fixed && def.address.is_ip())
    def.address.set_port(saved.port);
  if (saved.check_port != 0) def.check.port = saved.check_port;
  if (saved.check_address) def.check.addr = saved.check_address;
  if (saved.agent_port != 0) def.check.agent.port = saved.agent_port;
  if (saved.agent_address) def.check.agent.addr = saved.agent_address;
}

void finish(ProxyDraft& proxy, ServerDraft server, const conf::AddressSpec& spec,
            const conf::Location& address_at, Args& args) {
  server.def.host = spec.host;
  server.def.datagram = spec.transport == conf::AddressSpec::Transport::datagram;
  if (proxy.services->saved) server.def.saved = proxy.services->saved(proxy, server.def.name);
  take_port(server, spec);
  find_address(server, spec, *proxy.services, args, address_at);
  take_saved_places(server.def);
  health::CheckDef& check = server.def.check;
  find_check_address(check.addr, check.addr_name, *proxy.services, args);
  find_check_address(check.agent.addr, check.agent.addr_name, *proxy.services, args);
  proxy.servers.push_back(std::move(server));
}

void server(ProxyDraft& proxy, Args& args) {
  const auto name = args.required("a name and an address with its port");
  if (!name || !good_name(*name, args)) return;
  ServerDraft draft = proxy.server_defaults;
  draft.def.name = *name;
  draft.where = args.location();
  const auto spec = server_address(args);
  if (!spec) return;
  const conf::Location address_at = args.location();
  ServerLine line{draft, proxy};
  read_options(line, args);
  finish(proxy, std::move(draft), *spec, address_at, args);
}

// "3" is 1 to 3, "2-5" is what it says.
std::optional<std::pair<int, int>> template_range(Args& args) {
  const auto text = args.required("<prefix> <number or range> <address>[:<port>]");
  if (!text) return std::nullopt;
  const std::size_t dash = text->find('-');
  const auto first = conf::parse_integer(text->substr(0, dash), 1, 65535);
  const auto last =
      dash == std::string_view::npos ? first : conf::parse_integer(text->substr(dash + 1), 1, 65535);
  const int low = dash == std::string_view::npos ? 1 : static_cast<int>(first.value);
  if (first && last && low <= last.value) return std::pair(low, static_cast<int>(last.value));
  args.error("'server-template' expects a number or a range such as '1-5' behind the prefix, not '" +
             std::string(*text) + "'");
  return std::nullopt;
}

void server_template(ProxyDraft& proxy, Args& args) {
  const auto prefix = args.required("<prefix> <number or range> <address>[:<port>]");
  if (!prefix || !good_name(*prefix, args)) return;
  const conf::Location where = args.location();
  const auto range = template_range(args);
  if (!range) return;
  const auto spec = server_address(args);
  if (!spec) return;
  const conf::Location address_at = args.location();
  ServerDraft draft = proxy.server_defaults;
  draft.where = where;
  ServerLine line{draft, proxy};
  read_options(line, args);
  if (draft.def.id != 0 && range->first != range->second) {
    args.error("'id' cannot be given to several servers at once");
    return;
  }
  for (int n = range->first; n <= range->second; ++n) {
    draft.def.name = std::string(*prefix) + std::to_string(n);
    finish(proxy, draft, *spec, address_at, args);
    if (args.failed()) return;
  }
}

void default_server(ProxyDraft& proxy, Args& args) {
  if (args.at_end()) {
    args.error_here("'default-server' expects server options");
    return;
  }
  ServerLine line{proxy.server_defaults, proxy, true};
  read_options(line, args);
}

constexpr std::array kKeywords = {
    Keyword<ProxyDraft>{"server", conf::kBackends, false, server},
    Keyword<ProxyDraft>{"server-template", conf::kBackends, false, server_template},
    Keyword<ProxyDraft>{"default-server", conf::kBackendsAndDefaults, false, default_server},
};

}  // namespace

std::span<const Keyword<ProxyDraft>> server_keywords() noexcept { return kKeywords; }

}  // namespace evenkeel::backends
