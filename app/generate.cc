#include "app/generate.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <fstream>
#include <string>

#include "app/about.h"
#include "app/config_loader.h"
#include "vrrp/keepalived_conf.h"

namespace evenkeel::app {
namespace {

constexpr const char* kUsage =
    "usage: evenkeel generate keepalived -f FILE... --output FOLDER [options]\n"
    "  -f FILE          configuration file or folder; may be repeated\n"
    "  --output FOLDER  where keepalived-master.conf and keepalived-backup.conf are written\n"
    "  --interface NAME network interface that gets the address; default eth0\n"
    "  --vrid N         virtual router id, 1 to 255; default 51\n"
    "  --vip ADDRESS    address/length; may be repeated; default: the addresses of all 'bind' lines\n";

struct Request {
  std::vector<std::string> files;
  std::string folder;
  vrrp::Pair pair;
};

int refuse(const std::string& why) {
  std::fprintf(stderr, "evenkeel generate: %s\n%s", why.c_str(), kUsage);
  return 2;
}

// They stand in a file of another grammar, where a blank or a brace would mean something.
bool plain(std::string_view text) {
  return !text.empty() && text.find_first_of(" \t\n\"'{}#!$") == std::string_view::npos;
}

std::string take(Request& request, std::string_view name, std::string_view value) {
  if (!plain(value))
    return std::string(name) + ": '" + std::string(value) + "' cannot stand in keepalived.conf";
  if (name == "-f") {
    request.files.emplace_back(value);
  } else if (name == "--output") {
    request.folder = value;
  } else if (name == "--interface") {
    request.pair.interface = value;
  } else if (name == "--vip") {
    request.pair.addresses.emplace_back(value);
  } else if (name == "--vrid") {
    const auto id = conf::parse_integer(value, 1, 255);
    if (!id) return "--vrid: a number from 1 to 255 is expected";
    request.pair.router_id = static_cast<std::uint32_t>(id.value);
  } else {
    return "unknown option '" + std::string(name) + "'";
  }
  return "";
}

void add_addresses(const frontends::Config& config, std::vector<std::string>& addresses) {
  for (const auto& frontend : config.frontends) {
    for (const frontends::BindDef& bind : frontend->binds) {
      if (bind.kind != frontends::BindDef::Kind::address || !bind.address.is_ip()) continue;
      const std::string host = bind.address.ip_string();
      const bool shared = host != "0.0.0.0" && host != "::" && host != "::1" && !host.starts_with("127.");
      if (shared && std::find(addresses.begin(), addresses.end(), host) == addresses.end())
        addresses.push_back(host);
    }
  }
}

std::string own_path() {
  std::array<char, 4096> path{};
  const ssize_t length = readlink("/proc/self/exe", path.data(), path.size());
  return length > 0 ? std::string(path.data(), static_cast<std::size_t>(length)) : "/usr/sbin/evenkeel";
}

bool load(Request& request) {
  LoadOptions options;
  options.paths = request.files;
  options.facts = build_facts();
  options.environment = conf::Environment::from_process(environ);
  options.services.ignore_unresolved = true;
  conf::Diagnostics diagnostics;
  const LoadResult loaded = load_config(options, diagnostics);
  if (!loaded) {
    conf::RenderOptions render;
    render.warnings = render.notices = false;
    std::fputs(diagnostics.render_text(render).c_str(), stderr);
    return false;
  }
  request.pair.def = loaded.vrrp;
  request.pair.program = own_path();
  if (request.pair.addresses.empty()) add_addresses(*loaded.config, request.pair.addresses);
  for (const frontends::BindDef& socket : loaded.config->global.stats_sockets)
    if (request.pair.socket.empty() && socket.text.starts_with('/')) request.pair.socket = socket.text;
  return true;
}

}  // namespace

int run_generate(std::span<const std::string_view> args) {
  if (args.empty() || args[0] != "keepalived") return refuse("only 'keepalived' can be generated");
  Request request;
  for (std::size_t i = 1; i < args.size(); i += 2) {
    if (i + 1 == args.size()) return refuse("'" + std::string(args[i]) + "' expects something behind it");
    if (const std::string error = take(request, args[i], args[i + 1]); !error.empty()) return refuse(error);
  }
  if (request.files.empty() || request.folder.empty()) return refuse("-f and --output are needed");
  if (!load(request)) return 2;
  const vrrp::Pair& pair = request.pair;
  if (pair.addresses.empty()) return refuse("no 'bind' has an address of its own, so --vip has to name one");
  if (pair.socket.empty() && pair.def.track_file.empty())
    return refuse("the configuration has neither a 'stats socket' with a path nor a 'vrrp track-file'");
  for (const bool master : {true, false}) {
    const std::string path = request.folder + "/keepalived-" + (master ? "master" : "backup") + ".conf";
    std::ofstream file(path);
    file << keepalived_conf(pair, master) << std::flush;
    if (!file) {
      std::fprintf(stderr, "evenkeel generate: %s cannot be written\n", path.c_str());
      return 1;
    }
    std::printf("%s\n", path.c_str());
  }
  return 0;
}

}  // namespace evenkeel::app
