#include "frontends/bind_keywords.h"

#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include "backends/tls_words.h"
#include "conf/unsupported_address.h"

namespace evenkeel::frontends {
namespace {

using conf::AddressSpec;
using conf::Args;

void read_options(BindLine& line, Args& args) {
  static const conf::KeywordTable<BindLine> table(bind_options());
  bool told_of_tls = false;
  while (!args.at_end()) {
    if (backends::refuse_tls_word(args, conf::KnownKind::bind_option, told_of_tls)) continue;
    const auto match = table.find(args);
    if (match.keyword == nullptr) {
      conf::report_unknown_option(args, conf::KnownKind::bind_option, "bind", table.names());
      continue;
    }
    args.begin_keyword(match.words);
    match.keyword->apply(line, args);
  }
}

bool is_socket(int fd, std::string& why) {
  int type = 0;
  socklen_t size = sizeof(type);
  if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0) return true;
  why = std::strerror(errno);
  return false;
}

// One address as written may be several: a name, or a range of ports.
void add(std::vector<BindDef>& binds, const AddressSpec& spec, const backends::LoadServices& services,
         Args& args) {
  BindDef bind;
  bind.text = spec.text;
  bind.line = args.statement().line;
  bind.datagram = spec.transport == AddressSpec::Transport::datagram;
  if (const std::string why = conf::unsupported_address(spec); !why.empty()) {
    args.error_here(why);
    return;
  }
  if (spec.kind == AddressSpec::Kind::fd || spec.kind == AddressSpec::Kind::sockpair) {
    std::string why;
    if (!is_socket(spec.fd, why)) {
      args.error_here("cannot use file descriptor '" + std::to_string(spec.fd) + "': " + why);
      return;
    }
    bind.kind = BindDef::Kind::inherited_fd;
    bind.fd = spec.fd;
    bind.passing = spec.kind == AddressSpec::Kind::sockpair;
    bind.address = bind.passing ? *spec.numeric : Address::local_of(spec.fd);
    binds.push_back(std::move(bind));
    return;
  }
  const auto found = conf::resolve(spec, services.resolver);
  if (found.empty()) {
    args.error_here("could not resolve address '" + spec.host + "'");
    return;
  }
  bind.address = found.front();
  if (!bind.address.is_ip()) {
    binds.push_back(std::move(bind));
    return;
  }
  for (unsigned port = spec.port; port <= spec.port_end; ++port) {
    bind.address.set_port(static_cast<std::uint16_t>(port));
    binds.push_back(bind);
  }
}

void copy_options(BindDef& bind, const BindLine& line) {
  BindDef merged = line.options;
  merged.kind = bind.kind;
  merged.address = bind.address;
  merged.fd = bind.fd;
  merged.passing = bind.passing;
  merged.datagram = bind.datagram;
  merged.text = std::move(bind.text);
  merged.line = bind.line;
  bind = std::move(merged);
}

}  // namespace

void read_bind(std::vector<BindDef>& binds, std::vector<conf::Location>& places,
               const backends::LoadServices& services, bool stats_socket, Args& args) {
  if (args.peek().empty()) {
    args.error_here("'" + args.keyword() + "' expects an address and a port, or the path of a unix socket");
    args.rest();
    return;
  }
  conf::AddressRules rules = conf::AddressRules::bind();
  rules.datagram = !stats_socket;  // that it fits the section's mode is seen at the end
  const auto parts = conf::split_addresses(args.peek());
  if (parts.empty()) args.error_here("'" + args.keyword() + "' expects an address and a port");
  std::vector<BindDef> found;
  for (const std::string_view part : parts) {
    const auto spec = conf::parse_address(part, rules);
    if (spec) {
      add(found, spec.value, services, args);
    } else {
      args.error_here(spec.error + " in '" + args.keyword() + "'");
    }
  }
  args.skip();
  const conf::Location where = args.location();
  BindLine line;
  line.stats_socket = stats_socket;
  read_options(line, args);
  if (line.options.id != 0 && found.size() > 1) {
    args.error("'id' can only be used with a single address and port");
    return;
  }
  for (BindDef& bind : found) {
    copy_options(bind, line);
    binds.push_back(std::move(bind));
    places.push_back(where);
  }
}

}  // namespace evenkeel::frontends
