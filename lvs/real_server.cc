#include "lvs/real_server.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <ostream>

namespace evenkeel::lvs {
namespace {

using Item = RealServerItem;
using Step = Item::Step;

int full_prefix(const Endpoint& address) { return static_cast<int>(address.ip_size()) * 8; }
std::string with_prefix(const Endpoint& address) {
  return ip_string(address) + "/" + std::to_string(full_prefix(address));
}
std::string ip_command(const Endpoint& address) { return address.family == AF_INET6 ? "ip -6 " : "ip "; }
std::string tunnel_kind(const RealServerWish& wish) {
  return wish.vip.family == AF_INET6 ? "ip6tnl" : "ipip";
}

Item well(std::string text) { return {Step::none, true, std::move(text), "", "", ""}; }

// `good`: the values that will do; the first is the one that is set.
Item setting_item(const SettingOf& setting, const std::string& name, std::initializer_list<const char*> good,
                  const std::string& why) {
  const auto now = setting(name);
  if (now && std::find(good.begin(), good.end(), *now) != good.end()) return well(name + " is " + *now);
  Item item{Step::set, false, "", "", name, *good.begin()};
  item.text =
      name + (now ? " is " + *now + ", not " : " cannot be read; it should be ") + item.value + ": " + why;
  item.mend = "sysctl -w " + name + "=" + item.value;
  return item;
}

class Checklist {
 public:
  Checklist(const RealServerWish& wish, const HostState& state, const SettingOf& setting)
      : wish_(wish), state_(state), setting_(setting) {}

  std::vector<Item> make() {
    if (wish_.forward == Forward::masq) {
      nat();
      return std::move(items_);
    }
    if (wish_.forward == Forward::tunnel) tunnel();
    link_up();
    if (wish_.vip.family == AF_INET) arp();
    if (wish_.forward == Forward::tunnel && wish_.vip.family == AF_INET) reverse_path();
    address();
    return std::move(items_);
  }

 private:
  void add(Item item) { items_.push_back(std::move(item)); }

  void tunnel() {
    if (state_.link(wish_.interface) != nullptr) return;
    add({Step::add_tunnel, false,
         "there is no " + wish_.interface + ": nothing unpacks what the director sends",
         "modprobe " + std::string(wish_.vip.family == AF_INET6 ? "ip6_tunnel" : "ipip"), wish_.interface,
         tunnel_kind(wish_)});
  }

  void link_up() {
    const Link* const link = state_.link(wish_.interface);
    if (link != nullptr && link->up) return add(well(wish_.interface + " is up"));
    if (link == nullptr && wish_.forward != Forward::tunnel)
      return add({Step::none, false, "there is no interface " + wish_.interface, "ip link", "", ""});
    add({Step::up, false, wish_.interface + " is down", "ip link set " + wish_.interface + " up",
         wish_.interface, ""});
  }

  void arp() {
    const std::string why_ignore = "this machine would answer when others ask who has " +
                                   ip_string(wish_.vip) + ", and take the director's traffic";
    const std::string why_announce =
        "this machine would name " + ip_string(wish_.vip) + " as its own address when it asks for others";
    for (const std::string& who : {std::string("all"), wish_.interface}) {
      const std::string base = "net.ipv4.conf." + who + ".";
      add(setting_item(setting_, base + "arp_ignore", {"1", "2"}, why_ignore));
      add(setting_item(setting_, base + "arp_announce", {"2"}, why_announce));
    }
  }

  void reverse_path() {
    for (const std::string& who : {std::string("all"), wish_.interface})
      add(setting_item(
          setting_, "net.ipv4.conf." + who + ".rp_filter", {"0"},
          "the kernel drops what comes out of the tunnel, because it would not answer that way"));
  }

  // Everywhere it is a mistake that we do not undo for others: they may be logged in by that address.
  void strangers() {
    for (const LinkAddress& entry : state_.addresses) {
      const Link* const link = state_.link(entry.link);
      if (entry.address.family != wish_.vip.family || entry.address.ip != wish_.vip.ip || link == nullptr)
        continue;
      const std::string remove = ip_command(wish_.vip) + "addr del " + ip_string(wish_.vip) + "/" +
                                 std::to_string(entry.prefix) + " dev " + link->name;
      if (link->name != wish_.interface && !link->loopback)
        add({Step::none, false,
             ip_string(wish_.vip) + " is on " + link->name +
                 ", where this machine answers for it; it belongs to the director there",
             remove, "", ""});
      else if (entry.prefix != full_prefix(wish_.vip))
        add({Step::none, false,
             ip_string(wish_.vip) + "/" + std::to_string(entry.prefix) + " on " + link->name +
                 " makes the whole network this machine's own; the prefix has to be /" +
                 std::to_string(full_prefix(wish_.vip)),
             remove, "", ""});
    }
  }

  void address() {
    strangers();
    const Link* const link = state_.link(wish_.interface);
    const bool there =
        std::any_of(state_.addresses.begin(), state_.addresses.end(), [&](const LinkAddress& entry) {
          return link != nullptr && entry.link == link->index && entry.address.family == wish_.vip.family &&
                 entry.address.ip == wish_.vip.ip && entry.prefix == full_prefix(wish_.vip);
        });
    if (there) return add(well(with_prefix(wish_.vip) + " is on " + wish_.interface));
    add({Step::add_address, false,
         with_prefix(wish_.vip) + " is not on " + wish_.interface +
             ": this machine throws away what the director sends it",
         ip_command(wish_.vip) + "addr add " + with_prefix(wish_.vip) + " dev " + wish_.interface,
         wish_.interface, ""});
  }

  void nat() {
    if (const LinkAddress* const holder = state_.holder(wish_.vip); holder != nullptr) {
      const Link* const link = state_.link(holder->link);
      const std::string name = link == nullptr ? "" : link->name;
      add({Step::none, false,
           ip_string(wish_.vip) + " is on " + name + ": with NAT only the director has the virtual address",
           ip_command(wish_.vip) + "addr del " + ip_string(wish_.vip) + "/" + std::to_string(holder->prefix) +
               " dev " + name,
           "", ""});
    }
    const Route* const route = state_.default_route(wish_.vip.family);
    const bool via = route != nullptr && route->gateway.family != AF_UNSPEC;
    if (!wish_.gateway) {
      if (via)
        return add(well("the default gateway is " + ip_string(route->gateway) +
                        "; that has to be the director (--gateway checks it)"));
      return add({Step::none, false,
                  "there is no default gateway: answers to the clients find no way to the director",
                  ip_command(wish_.vip) + "route add default via <director>", "", ""});
    }
    if (via && route->gateway.ip == wish_.gateway->ip)
      return add(well("the default gateway is the director, " + ip_string(*wish_.gateway)));
    add({Step::route, false,
         (via ? "the default gateway is " + ip_string(route->gateway)
              : std::string("there is no default gateway")) +
             ": answers do not go through the director, and clients drop what comes from an address that "
             "they "
             "have not asked",
         ip_command(wish_.vip) + "route replace default via " + ip_string(*wish_.gateway), "", ""});
  }

  const RealServerWish& wish_;
  const HostState& state_;
  const SettingOf& setting_;
  std::vector<Item> items_;
};

std::string_view mode_name(Forward forward) {
  return forward == Forward::masq ? "nat" : forward == Forward::tunnel ? "tun" : "dr";
}

void head(const RealServerWish& wish, std::ostream& out) {
  out << "real server of " << ip_string(wish.vip) << ", lvs " << mode_name(wish.forward) << '\n';
}

void show(const Item& item, std::ostream& out) {
  out << (item.good ? "  ok     " : "  wrong  ") << item.text << '\n';
  if (!item.good) out << "         " << item.mend << '\n';
}

std::vector<Item> look(const RealServerWish& wish, Host& host, HostState& state) {
  if (const int error = host.read(state); error != 0)
    return {
        {Step::none, false, std::string("the network cannot be read: ") + std::strerror(error), "", "", ""}};
  return real_server_items(wish, state, [&](const std::string& name) { return host.setting(name); });
}

int apply_route(const RealServerWish& wish, Host& host, const HostState& state, RealServerUndo& undo) {
  const Route* const now = state.default_route(wish.vip.family);
  Route wanted;
  wanted.destination.family = wish.vip.family;
  wanted.gateway = *wish.gateway;
  if (now != nullptr) {
    if (const int error = host.remove_default_route(*now); error != 0) return error;
  }
  const int error = host.add_default_route(wanted);
  if (error != 0) {
    if (now != nullptr) host.add_default_route(*now);
    return error;
  }
  if (!undo.route_ours && now != nullptr) undo.route_before = *now;
  undo.route_ours = wanted;
  return 0;
}

int make_true(const Item& item, const RealServerWish& wish, Host& host, const HostState& state,
              RealServerUndo& undo) {
  const Link* const link = state.link(item.name);
  switch (item.step) {
    case Step::none:
      return EOPNOTSUPP;
    case Step::set: {
      const auto before = host.setting(item.name);
      const int error = host.set(item.name, item.value);
      if (error == 0 && before) undo.settings.try_emplace(item.name, *before);
      return error;
    }
    case Step::up: {
      const int error = link == nullptr ? ENODEV : host.set_up(link->index, true);
      if (error == 0) undo.links_down.insert(item.name);
      return error;
    }
    case Step::add_tunnel:
      return host.add_tunnel(item.name, item.value);
    case Step::add_address: {
      const int error =
          link == nullptr ? ENODEV : host.add_address(link->index, wish.vip, full_prefix(wish.vip));
      if (error == 0) undo.vips[ip_string(wish.vip)] = {item.name, true};
      return error;
    }
    case Step::route:
      return apply_route(wish, host, state, undo);
  }
  return EOPNOTSUPP;
}

class Undoing {
 public:
  Undoing(Host& host, RealServerUndo& undo, std::ostream& out) : host_(host), undo_(undo), out_(out) {}

  int run(const RealServerWish& wish) {
    const auto found = undo_.vips.find(ip_string(wish.vip));
    if (found == undo_.vips.end()) {
      out_ << "  ok     nothing has been set for " << ip_string(wish.vip) << "\n";
      return 0;
    }
    if (const int error = host_.read(state_); error != 0) return say("the network cannot be read", error), 1;
    const std::string interface = found->second.interface;
    if (found->second.address_added) {
      const Link* const link = state_.link(interface);
      const int error =
          link == nullptr ? 0 : host_.remove_address(link->index, wish.vip, full_prefix(wish.vip));
      say("removed " + with_prefix(wish.vip) + " from " + interface, error);
    }
    if (failed_) return 1;
    undo_.vips.erase(found);
    if (undo_.vips.empty())
      shared();
    else
      out_ << "  ok     the settings stay for " << undo_.vips.begin()->first << '\n';
    return failed_ ? 1 : 0;
  }

 private:
  void say(const std::string& text, int error) {
    failed_ = failed_ || error != 0;
    out_ << (error == 0 ? "  undone " : "  wrong  ") << text;
    if (error != 0) out_ << ": " << std::strerror(error);
    out_ << '\n';
  }

  void shared() {
    for (const auto& [name, value] : undo_.settings)
      say(name + " is " + value + " again", host_.set(name, value));
    for (const std::string& name : undo_.links_down)
      if (const Link* const link = state_.link(name))
        say(name + " is down again", host_.set_up(link->index, false));
    if (undo_.route_ours) {
      const int error = host_.remove_default_route(*undo_.route_ours);
      say("removed the default route by " + ip_string(undo_.route_ours->gateway), error == ESRCH ? 0 : error);
    }
    if (undo_.route_before) {
      const int error = host_.add_default_route(*undo_.route_before);
      const Endpoint& gateway = undo_.route_before->gateway;
      say("the default route" + (gateway.family == AF_UNSPEC ? "" : " by " + ip_string(gateway)) + " is back",
          error == EEXIST ? 0 : error);
    }
    if (!failed_) undo_ = {};
  }

  Host& host_;
  RealServerUndo& undo_;
  std::ostream& out_;
  HostState state_;
  bool failed_ = false;
};

}  // namespace

std::vector<Item> real_server_items(const RealServerWish& wish, const HostState& state,
                                    const SettingOf& setting) {
  return Checklist(wish, state, setting).make();
}

int check_real_server(const RealServerWish& wish, Host& host, std::ostream& out) {
  head(wish, out);
  HostState state;
  bool good = true;
  for (const Item& item : look(wish, host, state)) {
    show(item, out);
    good = good && item.good;
  }
  return good ? 0 : 1;
}

int apply_real_server(const RealServerWish& wish, Host& host, RealServerUndo& undo, std::ostream& out) {
  head(wish, out);
  const auto [entry, is_new] = undo.vips.try_emplace(ip_string(wish.vip));
  if (is_new) entry->second.interface = wish.interface;
  bool good = true;
  HostState state;
  for (const Item& item : look(wish, host, state)) {
    if (item.good || item.step == Step::none) {
      show(item, out);
      good = good && item.good;
      continue;
    }
    const int error = make_true(item, wish, host, state, undo);
    good = good && error == 0;
    if (error == 0) {
      out << "  set    " << item.mend << '\n';
    } else {
      show(item, out);
      out << "         could not be done: " << std::strerror(error) << '\n';
    }
    if (item.step == Step::add_tunnel) host.read(state);  // the device has a number now
  }
  return good ? 0 : 1;
}

int undo_real_server(const RealServerWish& wish, Host& host, RealServerUndo& undo, std::ostream& out) {
  head(wish, out);
  return Undoing(host, undo, out).run(wish);
}

}  // namespace evenkeel::lvs
