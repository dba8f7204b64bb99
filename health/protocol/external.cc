#include "health/protocol/external.h"

#include <sys/wait.h>
#include <unistd.h>

namespace evenkeel::health {
namespace {

struct Place {
  std::string address;
  std::string port;
};

// "NOT_USED" for arguments, empty for the environment.
Place place_of(const Address& address, const char* missing) {
  if (address.is_ip()) return {address.ip_string(), std::to_string(address.port())};
  if (address.family() == AF_UNIX) {
    const std::string text = address.ip_string();
    constexpr std::string_view kPrefix = "unix:";
    return {text.starts_with(kPrefix) ? text.substr(kPrefix.size()) : text, missing};
  }
  return {missing, missing};
}

}  // namespace

std::vector<std::string> external_arguments(const std::string& command, const ExternalTarget& target) {
  const Place proxy = place_of(target.proxy_address, "NOT_USED");
  const Place server = place_of(target.server_address, "NOT_USED");
  return {command, proxy.address, proxy.port, server.address, server.port};
}

std::vector<std::string> external_environment(const std::string& path, const ExternalTarget& target) {
  const Place proxy = place_of(target.proxy_address, "");
  const Place server = place_of(target.server_address, "");
  return {
      "HAPROXY_PROXY_ADDR=" + proxy.address,
      "HAPROXY_PROXY_ID=" + std::to_string(target.proxy_id),
      "HAPROXY_PROXY_NAME=" + target.proxy_name,
      "HAPROXY_PROXY_PORT=" + proxy.port,
      "HAPROXY_SERVER_ADDR=" + server.address,
      "HAPROXY_SERVER_CURCONN=" + std::to_string(target.server_curconn),
      "HAPROXY_SERVER_ID=" + std::to_string(target.server_id),
      "HAPROXY_SERVER_MAXCONN=" + std::to_string(target.server_maxconn),
      "HAPROXY_SERVER_NAME=" + target.server_name,
      "HAPROXY_SERVER_PORT=" + server.port,
      "HAPROXY_SERVER_PROTO=" + target.server_proto,
      std::string("HAPROXY_SERVER_SSL=") + (target.server_ssl ? "1" : "0"),
      "PATH=" + path,
  };
}

std::string find_command(const std::string& command, std::string_view path) {
  if (command.find('/') != std::string::npos) return command;
  while (!path.empty()) {
    const auto colon = path.find(':');
    std::string file(path.substr(0, colon));
    file += '/' + command;
    if (::access(file.c_str(), X_OK) == 0) return file;
    if (colon == std::string_view::npos) break;
    path.remove_prefix(colon + 1);
  }
  return {};
}

Verdict external_verdict(int wait_status) {
  if (!WIFEXITED(wait_status)) return {CheckStatus::proc_err, -1, {}};  // killed by a signal
  const int code = WEXITSTATUS(wait_status);
  return {code == 0 ? CheckStatus::proc_ok : CheckStatus::proc_err, code, {}};
}

Verdict external_timeout() { return {CheckStatus::proc_tout, 0, {}}; }

// The exit status that a shell reports for a command that cannot run is 126 or 127; HAProxy's child leaves
// with 255.
Verdict external_not_started() { return {CheckStatus::proc_err, 255, {}}; }

}  // namespace evenkeel::health
