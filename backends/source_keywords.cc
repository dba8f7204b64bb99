#include "backends/source_keywords.h"

#include <string>

namespace evenkeel::backends {
namespace {

using conf::Args;

// A single address without delay: names are resolved once, at load.
std::optional<Address> one_address(const conf::AddressSpec& spec, const LoadServices& services, Args& args) {
  const std::vector<Address> found = conf::resolve(spec, services.resolver);
  if (!found.empty()) return found.front();
  args.error("could not resolve address '" + spec.host + "'");
  return std::nullopt;
}

// "hdr_ip(x-forwarded-for,-1)"
bool header_source(std::string_view word, SourceDef& def, Args& args) {
  std::string_view inner = word.substr(7);
  if (inner.empty() || inner.back() != ')') {
    args.error("'hdr_ip' expects '(<header>[,<occurrence>])'");
    return false;
  }
  inner.remove_suffix(1);
  const std::size_t comma = inner.find(',');
  def.header = inner.substr(0, comma);
  def.use = SourceDef::Use::header;
  if (comma != std::string_view::npos) {
    const auto occurrence = conf::parse_integer(inner.substr(comma + 1), -10, 10);
    if (!occurrence) {
      args.error("the occurrence of 'hdr_ip' has to lie between -10 and 10");
      return false;
    }
    def.occurrence = static_cast<int>(occurrence.value);
  }
  if (!def.header.empty()) return true;
  args.error("'hdr_ip' expects the name of a header");
  return false;
}

bool use_source(SourceDef& def, const LoadServices& services, Args& args) {
  const std::string_view word = args.peek();
  if (word == "client" || word == "clientip" || word.starts_with("hdr_ip(")) {
    args.skip();
    if (word == "client") def.use = SourceDef::Use::client;
    if (word == "clientip") def.use = SourceDef::Use::client_ip;
    return word[0] == 'c' || header_source(word, def, args);
  }
  const auto spec = args.address({.port_zero = true});
  if (!spec) return false;
  const auto address = one_address(*spec, services, args);
  if (!address) return false;
  def.use = SourceDef::Use::fixed;
  def.tproxy = *address;
  return true;
}

bool options(SourceDef& def, const LoadServices& services, Args& args) {
  while (args.peek() == "usesrc" || args.peek() == "interface") {
    if (args.accept("usesrc")) {
      if (!use_source(def, services, args)) return false;
      continue;
    }
    args.skip();
    const auto name = args.required("the name of an interface behind 'interface'");
    if (!name) return false;
    if (name->size() > 15) {
      args.error("an interface name has at most 15 characters");
      return false;
    }
    def.interface = *name;
  }
  return true;
}

}  // namespace

std::optional<SourceDef> read_source(const LoadServices& services, bool ranges, Args& args) {
  const auto spec = args.address({.port_range = ranges, .port_zero = true});
  if (!spec) return std::nullopt;
  SourceDef def;
  const auto address = one_address(*spec, services, args);
  if (!address) return std::nullopt;
  def.address = *address;
  if (spec->port_end > spec->port) {
    def.port_low = spec->port;
    def.port_high = spec->port_end;
    def.address.set_port(0);
  }
  if (!options(def, services, args)) return std::nullopt;
  return def;
}

}  // namespace evenkeel::backends
