#include "lvs/rules_text.h"

#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <vector>

namespace evenkeel::lvs {
namespace {

using Kind = Operation::Kind;

struct OptionName {
  std::string_view shorthand;
  std::string_view word;
};
constexpr std::array kOptions = {
    OptionName{"-A", "--add-service"},    OptionName{"-E", "--edit-service"},
    OptionName{"-D", "--delete-service"}, OptionName{"-a", "--add-server"},
    OptionName{"-e", "--edit-server"},    OptionName{"-d", "--delete-server"},
    OptionName{"-C", "--clear"},          OptionName{"-t", "--tcp-service"},
    OptionName{"-u", "--udp-service"},    OptionName{"-f", "--fwmark-service"},
    OptionName{"-s", "--scheduler"},      OptionName{"-p", "--persistent"},
    OptionName{"-M", "--netmask"},        OptionName{"-o", "--ops"},
    OptionName{"-b", "--sched-flags"},    OptionName{"-r", "--real-server"},
    OptionName{"-g", "--gatewaying"},     OptionName{"-i", "--ipip"},
    OptionName{"-m", "--masquerading"},   OptionName{"-w", "--weight"},
    OptionName{"-x", "--u-threshold"},    OptionName{"-y", "--l-threshold"},
    OptionName{"-6", "--ipv6"},           OptionName{"-n", "--numeric"},
};

std::string_view canonical(std::string_view word) {
  for (const OptionName& option : kOptions)
    if (option.word == word) return option.shorthand;
  return word;
}

std::vector<std::string_view> split(std::string_view line) {
  std::vector<std::string_view> words;
  while (true) {
    const std::size_t begin = line.find_first_not_of(" \t\r\n");
    if (begin == std::string_view::npos) return words;
    line.remove_prefix(begin);
    const std::size_t end = std::min(line.find_first_of(" \t\r\n"), line.size());
    words.push_back(line.substr(0, end));
    line.remove_prefix(end);
  }
}

class RuleParser {
 public:
  explicit RuleParser(std::vector<std::string_view> words) : words_(std::move(words)) {}

  ParsedRule run() {
    while (at_ < words_.size() && result_.error.empty()) option(canonical(words_[at_++]));
    if (result_.error.empty()) finish();
    return std::move(result_);
  }

 private:
  void fail(std::string text) {
    if (result_.error.empty()) result_.error = std::move(text);
  }

  std::string_view value(std::string_view option) {
    if (at_ < words_.size()) return words_[at_++];
    fail("option '" + std::string(option) + "' needs a value");
    return {};
  }

  std::uint32_t number(std::string_view option, std::uint32_t low, std::uint32_t high) {
    const std::string_view text = value(option);
    std::uint32_t result = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), result);
    if (error != std::errc() || end != text.data() + text.size() || result < low || result > high)
      fail("option '" + std::string(option) + "' needs a number from " + std::to_string(low) + " to " +
           std::to_string(high) + ", not '" + std::string(text) + "'");
    return result;
  }

  void command(Kind kind) {
    if (has_command_) return fail("more than one command in one line");
    has_command_ = true;
    result_.operation.kind = kind;
  }

  void address(std::string_view option, std::uint8_t protocol) {
    const std::string_view text = value(option);
    const auto endpoint = parse_endpoint(text);
    if (!endpoint) return fail("'" + std::string(text) + "' is no numeric address (save with 'ipvsadm -Sn')");
    result_.operation.key = service_key(protocol, *endpoint);
    has_service_ = true;
  }

  void forward(Forward method) { result_.operation.destination.forward = method; }

  bool command_option(std::string_view word) {
    struct Entry {
      std::string_view word;
      Kind kind;
    };
    constexpr std::array kCommands = {
        Entry{"-A", Kind::add_service},
        Entry{"-E", Kind::edit_service},
        Entry{"-D", Kind::delete_service},
        Entry{"-a", Kind::add_destination},
        Entry{"-e", Kind::edit_destination},
        Entry{"-d", Kind::delete_destination},
        Entry{"-C", Kind::clear},
    };
    for (const Entry& entry : kCommands) {
      if (entry.word != word) continue;
      command(entry.kind);
      return true;
    }
    return false;
  }

  bool service_option(std::string_view word) {
    Service& service = result_.operation.service;
    if (word == "-t") return address(word, IPPROTO_TCP), true;
    if (word == "-u") return address(word, IPPROTO_UDP), true;
    if (word == "--sctp-service") return address(word, IPPROTO_SCTP), true;
    if (word == "-f") {
      result_.operation.key.fwmark = number(word, 1, UINT32_MAX);
      has_service_ = true;
    } else if (word == "-6") {
      ipv6_ = true;
    } else if (word == "-s") {
      service.scheduler = value(word);
    } else if (word == "-p") {
      persistence();
    } else if (word == "-M") {
      mask_ = value(word);
    } else if (word == "-o") {
      service.flags |= kOnePacket;
    } else if (word == "-b") {
      scheduler_flags(value(word));
    } else if (word == "--pe") {
      service.engine = value(word);
    } else {
      return false;
    }
    return true;
  }

  bool server_option(std::string_view word) {
    Destination& destination = result_.operation.destination;
    if (word == "-r") {
      server_ = value(word);
    } else if (word == "-g") {
      forward(Forward::direct);
    } else if (word == "-i") {
      forward(Forward::tunnel);
    } else if (word == "-m") {
      forward(Forward::masq);
    } else if (word == "-w") {
      destination.weight = number(word, 0, 65535);
    } else if (word == "-x") {
      destination.upper = number(word, 0, INT32_MAX);
    } else if (word == "-y") {
      destination.lower = number(word, 0, INT32_MAX);
    } else {
      return tunnel_option(word);
    }
    return true;
  }

  bool tunnel_option(std::string_view word) {
    Destination& destination = result_.operation.destination;
    if (word == "--tun-type") {
      const std::string_view type = value(word);
      if (type == "gue") {
        destination.tunnel = Tunnel::gue;
      } else if (type == "gre") {
        destination.tunnel = Tunnel::gre;
      } else if (type != "ipip") {
        fail("no such tunnel type: '" + std::string(type) + "'");
      }
    } else if (word == "--tun-port") {
      destination.tunnel_port = static_cast<std::uint16_t>(number(word, 1, 65535));
    } else if (word == "--tun-nocsum") {
      destination.tunnel_flags = 0;
    } else if (word == "--tun-csum") {
      destination.tunnel_flags = 1;
    } else if (word == "--tun-remcsum") {
      destination.tunnel_flags = 2;
    } else {
      return false;
    }
    return true;
  }

  void option(std::string_view word) {
    if (command_option(word) || service_option(word) || server_option(word) || word == "-n") return;
    fail("unknown option '" + std::string(word) + "'");
  }

  void persistence() {
    Service& service = result_.operation.service;
    service.flags |= kPersistent;
    service.timeout = kDefaultPersistence;
    if (at_ < words_.size() && !words_[at_].starts_with('-')) service.timeout = number("-p", 1, 31 * 86400);
  }

  void scheduler_flags(std::string_view list) {
    while (!list.empty()) {
      const std::string_view name = list.substr(0, list.find(','));
      list.remove_prefix(std::min(list.size(), name.size() + 1));
      const std::uint32_t flag = scheduler_flag(name);
      if (flag == 0) return fail("no such scheduler flag: '" + std::string(name) + "'");
      result_.operation.service.flags |= flag;
    }
  }

  void finish() {
    Operation& operation = result_.operation;
    if (!has_command_) return fail("no command in this line");
    if (operation.kind == Kind::clear) return;
    if (!has_service_) return fail("the line names no service (-t, -u, -f)");
    if (ipv6_ && operation.key.fwmark != 0) operation.key.family = AF_INET6;
    finish_mask(operation);
    if (operation.kind >= Kind::add_destination) finish_server(operation);
    if (!is_scheduler(operation.service.scheduler))
      fail("unknown scheduler '" + operation.service.scheduler + "'");
  }

  void finish_mask(Operation& operation) {
    operation.service.netmask = full_mask(operation.key.family);
    if (mask_.empty()) return;
    if (operation.key.family == AF_INET6) {
      std::uint32_t bits = 0;
      const auto [end, error] = std::from_chars(mask_.data(), mask_.data() + mask_.size(), bits);
      if (error != std::errc() || end != mask_.data() + mask_.size() || bits < 1 || bits > 128)
        return fail("the mask of an IPv6 service is a number of bits, not '" + std::string(mask_) + "'");
      operation.service.netmask = bits;
      return;
    }
    const auto mask = parse_endpoint(mask_);
    if (!mask || mask->family != AF_INET) return fail("'" + std::string(mask_) + "' is no netmask");
    operation.service.netmask = static_cast<std::uint32_t>(mask->ip[0]) << 24U |
                                static_cast<std::uint32_t>(mask->ip[1]) << 16U |
                                static_cast<std::uint32_t>(mask->ip[2]) << 8U | mask->ip[3];
  }

  void finish_server(Operation& operation) {
    if (server_.empty()) return fail("the line names no real server (-r)");
    const auto endpoint = parse_endpoint(server_, operation.key.port);
    if (!endpoint)
      return fail("'" + std::string(server_) + "' is no numeric address (save with 'ipvsadm -Sn')");
    operation.endpoint = *endpoint;
    // What ipvsadm does: only masquerading can change the port.
    if (operation.destination.forward != Forward::masq) operation.endpoint.port = operation.key.port;
  }

  std::vector<std::string_view> words_;
  std::size_t at_ = 0;
  ParsedRule result_;
  bool has_command_ = false;
  bool has_service_ = false;
  bool ipv6_ = false;
  std::string_view server_;
  std::string_view mask_;
};

std::string service_words(const ServiceKey& key) {
  if (key.fwmark != 0) return "-f " + std::to_string(key.fwmark) + (key.family == AF_INET6 ? " -6" : "");
  const std::string_view option = key.protocol == IPPROTO_TCP   ? "-t "
                                  : key.protocol == IPPROTO_UDP ? "-u "
                                                                : "--sctp-service ";
  return std::string(option) + to_string(endpoint_of(key));
}

std::string mask_text(const Service& service, std::uint8_t family) {
  if (family == AF_INET6) return std::to_string(service.netmask);
  const std::uint32_t m = service.netmask;
  return std::to_string(m >> 24U) + "." + std::to_string(m >> 16U & 255U) + "." +
         std::to_string(m >> 8U & 255U) + "." + std::to_string(m & 255U);
}

void save_service(const ServiceKey& key, const Service& service, std::string& out) {
  out += "-A " + service_words(key) + " -s " + service.scheduler;
  if ((service.flags & kPersistent) != 0) {
    out += " -p " + std::to_string(service.timeout);
    if (service.netmask != full_mask(key.family)) out += " -M " + mask_text(service, key.family);
    if (!service.engine.empty()) out += " --pe " + service.engine;
  }
  if ((service.flags & kOnePacket) != 0) out += " -o";
  if (const std::string flags = scheduler_flags(service); !flags.empty()) out += " -b " + flags;
  out += '\n';
}

void save_destination(const ServiceKey& key, const Endpoint& endpoint, const Destination& destination,
                      std::string& out) {
  out += "-a " + service_words(key) + " -r " + to_string(endpoint);
  out += destination.forward == Forward::masq     ? " -m"
         : destination.forward == Forward::tunnel ? " -i"
                                                  : " -g";
  out += " -w " + std::to_string(destination.weight);
  if (destination.upper != 0) out += " -x " + std::to_string(destination.upper);
  if (destination.lower != 0) out += " -y " + std::to_string(destination.lower);
  if (destination.forward == Forward::tunnel) {
    out += " --tun-type " + std::string(to_string(destination.tunnel));
    if (destination.tunnel == Tunnel::gue) out += " --tun-port " + std::to_string(destination.tunnel_port);
    constexpr std::array<std::string_view, 3> kChecksums = {" --tun-nocsum", " --tun-csum", " --tun-remcsum"};
    if (destination.tunnel != Tunnel::ipip)
      out += kChecksums[std::min<std::size_t>(destination.tunnel_flags, 2)];
  }
  out += '\n';
}

}  // namespace

ParsedRule parse_rule(std::string_view line) {
  std::vector<std::string_view> words = split(line.substr(0, line.find('#')));
  if (!words.empty() && (words[0] == "ipvsadm" || words[0].ends_with("/ipvsadm"))) words.erase(words.begin());
  if (words.empty()) {
    ParsedRule nothing;
    nothing.empty = true;
    return nothing;
  }
  return RuleParser(std::move(words)).run();
}

std::string save_rules(const Table& table) {
  std::string out;
  for (const auto& [key, service] : table) {
    save_service(key, service.definition, out);
    for (const auto& [endpoint, entry] : service.destinations)
      save_destination(key, endpoint, entry.definition, out);
  }
  return out;
}

}  // namespace evenkeel::lvs
