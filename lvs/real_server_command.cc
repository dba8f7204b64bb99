#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <iostream>

#include "lvs/real_server.h"
#include "lvs/rtnetlink.h"

namespace evenkeel::lvs {
namespace {

constexpr std::string_view kUsage =
    "usage: evenkeel lvs real-server --vip <address> [--mode dr|tun|nat] [--gateway <director>]\n"
    "                                [--interface lo|tunl0] [--check|--apply|--undo]\n"
    "  --check   (default) says what is well and what is not, and how to mend it\n"
    "  --apply   sets what is wrong, and remembers what was before\n"
    "  --undo    puts back what was before --apply\n"
    "exit status: 0 all is well, 1 something is wrong, 2 wrong usage\n";

constexpr std::size_t kLargest = 1U << 20U;

std::string_view take_word(std::string_view& line) {
  const std::string_view word = line.substr(0, line.find(' '));
  line.remove_prefix(std::min(line.size(), word.size() + 1));
  return word;
}

int number(std::string_view text) {
  int value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

// "4 <gateway or -> <link> <metric>"
std::string route_text(const Route& route) {
  return std::string(route.destination.family == AF_INET6 ? "6 " : "4 ") +
         (route.gateway.family == AF_UNSPEC ? "-" : ip_string(route.gateway)) + " " +
         std::to_string(route.link) + " " + std::to_string(route.metric);
}

std::optional<Route> parse_route(std::string_view text) {
  Route route;
  route.destination.family = take_word(text) == "6" ? AF_INET6 : AF_INET;
  const std::string gateway(take_word(text));
  if (gateway != "-") {
    const auto where = parse_endpoint(route.destination.family == AF_INET6 ? "[" + gateway + "]" : gateway);
    if (!where) return std::nullopt;
    route.gateway = *where;
  }
  route.link = number(take_word(text));
  route.metric = static_cast<std::uint32_t>(number(take_word(text)));
  return route;
}

void parse_line(std::string_view line, RealServerUndo& undo) {
  const std::string_view word = take_word(line);
  if (word == "vip") {
    const std::string address(take_word(line));
    RealServerUndo::Vip vip;
    vip.interface = std::string(take_word(line));
    vip.address_added = line == "added";
    if (!address.empty()) undo.vips[address] = vip;
  } else if (word == "setting") {
    const std::string name(take_word(line));
    if (!name.empty() && !line.empty()) undo.settings[name] = line;
  } else if (word == "down" && !line.empty()) {
    undo.links_down.insert(std::string(line));
  } else if (word == "route-before") {
    undo.route_before = parse_route(line);
  } else if (word == "route-ours") {
    undo.route_ours = parse_route(line);
  }
}

// Locked from opening to closing: two calls at a time would forget what one of them has changed.
class UndoFile {
 public:
  UndoFile() = default;
  UndoFile(const UndoFile&) = delete;
  UndoFile& operator=(const UndoFile&) = delete;
  ~UndoFile() {
    if (fd_ >= 0) close(fd_);
  }
  // One per network namespace.
  bool open(std::string& why) {
    if (mkdir("/run/evenkeel", 0755) != 0 && errno != EEXIST)
      return why = std::string("/run/evenkeel: ") + std::strerror(errno), false;
    struct stat status {};
    const bool known = stat("/proc/self/ns/net", &status) == 0;
    path_ = "/run/evenkeel/real-server." + std::to_string(known ? status.st_ino : 0);
    fd_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd_ >= 0 && flock(fd_, LOCK_EX) == 0) return true;
    why = path_ + ": " + std::strerror(errno);
    return false;
  }
  [[nodiscard]] RealServerUndo read() const {
    std::string text;
    std::array<char, 4096> piece{};
    while (text.size() < kLargest) {
      const ssize_t got = pread(fd_, piece.data(), piece.size(), static_cast<off_t>(text.size()));
      if (got <= 0) break;
      text.append(piece.data(), static_cast<std::size_t>(got));
    }
    return parse_undo(text);
  }
  bool write(const RealServerUndo& undo) const {
    const std::string text = format_undo(undo);
    return pwrite(fd_, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size()) &&
           ftruncate(fd_, static_cast<off_t>(text.size())) == 0;
  }

 private:
  std::string path_;
  int fd_ = -1;
};

struct Options {
  RealServerWish wish;
  enum class Verb { check, apply, undo } verb = Verb::check;
  bool vip_given = false;
  std::string error;
};

std::optional<Endpoint> address_in(std::string_view text) {
  const bool bare = text.find(':') != std::string_view::npos && !text.starts_with('[');
  const auto found = parse_endpoint(bare ? "[" + std::string(text) + "]" : std::string(text));
  return found && found->port == 0 ? found : std::nullopt;
}

void read_value(Options& options, std::string_view name, std::string_view value) {
  RealServerWish& wish = options.wish;
  if (name == "--vip") {
    const auto address = address_in(value);
    if (!address) options.error = "--vip is one numeric address, not '" + std::string(value) + "'";
    if (address) wish.vip = *address;
    options.vip_given = true;
  } else if (name == "--gateway") {
    wish.gateway = address_in(value);
    if (!wish.gateway) options.error = "--gateway is one numeric address, not '" + std::string(value) + "'";
  } else if (name == "--interface") {
    wish.interface = value;
    if (value.empty() || value.size() > 15 || value.find('/') != std::string_view::npos)
      options.error = "'" + std::string(value) + "' is no name of an interface";
  } else if (value == "dr" || value == "tun" || value == "nat") {
    wish.forward = value == "dr" ? Forward::direct : value == "tun" ? Forward::tunnel : Forward::masq;
  } else {
    options.error = "--mode is dr, tun or nat, not '" + std::string(value) + "'";
  }
}

void judge(Options& options) {
  RealServerWish& wish = options.wish;
  if (!options.error.empty()) return;
  const bool nat = wish.forward == Forward::masq;
  if (!options.vip_given)
    options.error = "--vip <address> is missing";
  else if (wish.gateway && !nat)
    options.error = "--gateway belongs to --mode nat; with dr and tun the gateway is any router";
  else if (wish.gateway && wish.gateway->family != wish.vip.family)
    options.error = "--gateway and --vip are of two families";
  else if (nat && !wish.interface.empty())
    options.error = "--interface does not belong to --mode nat: the virtual address is on the director only";
  else if (nat && options.verb == Options::Verb::apply && !wish.gateway)
    options.error = "--mode nat --apply needs --gateway, the director's address on this network";
  if (nat || !wish.interface.empty()) return;
  const bool tunnel = wish.forward == Forward::tunnel;
  wish.interface = !tunnel ? "lo" : wish.vip.family == AF_INET6 ? "ip6tnl0" : "tunl0";
}

Options read_options(std::span<const std::string_view> args) {
  Options options;
  for (std::size_t i = 0; i < args.size() && options.error.empty(); ++i) {
    const std::string_view word = args[i];
    if (word == "--check")
      options.verb = Options::Verb::check;
    else if (word == "--apply")
      options.verb = Options::Verb::apply;
    else if (word == "--undo")
      options.verb = Options::Verb::undo;
    else if (word == "--vip" || word == "--gateway" || word == "--interface" || word == "--mode") {
      if (i + 1 == args.size())
        options.error = std::string(word) + " needs a value";
      else
        read_value(options, word, args[++i]);
    } else
      options.error = "'real-server' does not know '" + std::string(word) + "'";
  }
  judge(options);
  return options;
}

int failed(const std::string& why) {
  std::cerr << "evenkeel lvs real-server: " << why << '\n';
  return 2;
}

}  // namespace

std::string format_undo(const RealServerUndo& undo) {
  std::string text;
  for (const auto& [address, vip] : undo.vips)
    text += "vip " + address + " " + vip.interface + " " + (vip.address_added ? "added" : "found") + "\n";
  for (const auto& [name, value] : undo.settings) text += "setting " + name + " " + value + "\n";
  for (const std::string& name : undo.links_down) text += "down " + name + "\n";
  if (undo.route_before) text += "route-before " + route_text(*undo.route_before) + "\n";
  if (undo.route_ours) text += "route-ours " + route_text(*undo.route_ours) + "\n";
  return text;
}

RealServerUndo parse_undo(std::string_view text) {
  RealServerUndo undo;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    parse_line(line, undo);
  }
  return undo;
}

std::string persisting(const RealServerWish& wish) {
  const bool six = wish.vip.family == AF_INET6;
  const std::string ip = six ? "ip -6 " : "ip ";
  if (wish.forward == Forward::masq) {
    if (!wish.gateway) return "";
    return "To have it after the next boot, in the server's section of /etc/network/interfaces:\n    "
           "gateway " +
           ip_string(*wish.gateway) + "\n";
  }
  std::string text = "To have it after the next boot:\n";
  if (!six) {
    text += "  /etc/sysctl.d/90-lvs-real-server.conf\n";
    for (const std::string& who : {std::string("all"), wish.interface}) {
      text +=
          "    net.ipv4.conf." + who + ".arp_ignore = 1\n    net.ipv4.conf." + who + ".arp_announce = 2\n";
      if (wish.forward == Forward::tunnel) text += "    net.ipv4.conf." + who + ".rp_filter = 0\n";
    }
  }
  const std::string vip = ip_string(wish.vip) + (six ? "/128" : "/32");
  text += "  /etc/network/interfaces\n";
  if (wish.forward == Forward::tunnel) {
    text += "    auto " + wish.interface + "\n    iface " + wish.interface + (six ? " inet6" : " inet") +
            " manual\n        pre-up modprobe " + (six ? "ip6_tunnel" : "ipip") +
            "\n        up ip link set " + wish.interface + " up\n";
  } else {
    text += "    auto " + wish.interface + "\n    iface " + wish.interface + " inet " +
            (wish.interface == "lo" ? "loopback" : "manual") + "\n";
  }
  return text + "        up " + ip + "addr add " + vip + " dev " + wish.interface + "\n        down " + ip +
         "addr del " + vip + " dev " + wish.interface + "\n";
}

int run_real_server(std::span<const std::string_view> args) {
  const Options options = read_options(args);
  if (!options.error.empty()) {
    std::cerr << "evenkeel lvs real-server: " << options.error << '\n' << kUsage;
    return 2;
  }
  std::string why;
  const auto host = open_host(why);
  if (host == nullptr) return failed(why);
  if (options.verb == Options::Verb::check) return check_real_server(options.wish, *host, std::cout);
  UndoFile file;
  if (!file.open(why)) return failed(why);
  RealServerUndo undo = file.read();
  const bool apply = options.verb == Options::Verb::apply;
  const int status = apply ? apply_real_server(options.wish, *host, undo, std::cout)
                           : undo_real_server(options.wish, *host, undo, std::cout);
  if (!file.write(undo)) return failed("what was before could not be written down");
  if (apply && status == 0) std::cout << persisting(options.wish);
  return status;
}

}  // namespace evenkeel::lvs
