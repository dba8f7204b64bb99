#include "lvs/keywords.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "conf/nearest.h"

namespace evenkeel::lvs {
namespace {

using conf::Args;
using conf::Keyword;

void scheduler(Draft& draft, Args& args) {
  const auto name = args.required("the name of a scheduler");
  if (!name) return;
  if (!is_scheduler(*name)) {
    const auto names = schedulers();
    args.error("the kernel has no scheduler '" + std::string(*name) + "'")
        .did_you_mean(conf::nearest(*name, std::vector<std::string_view>(names.begin(), names.end())));
    return;
  }
  draft.def.service.scheduler = *name;
  draft.scheduler_given = true;
}

bool looks_like_mask(std::string_view word) {
  return !word.empty() && (word.front() == '/' || std::count(word.begin(), word.end(), '.') == 3);
}

void persistence(Draft& draft, Args& args) {
  const auto time = args.duration_ms(conf::TimeUnit::s);
  if (!time) return;
  const std::int64_t seconds = (*time + 999) / 1000;
  if (seconds < 1 || seconds > 31LL * 86400) {
    args.error("the kernel holds persistence for 1 second to 31 days");
    return;
  }
  draft.def.service.flags |= kPersistent;
  draft.def.service.timeout = static_cast<std::uint32_t>(seconds);
  if (!looks_like_mask(args.peek())) return;
  draft.mask = args.next();
  draft.mask_at = args.location();
}

void flags(Draft& draft, Args& args) {
  const auto list = args.required("names of flags, such as sh-port,sh-fallback");
  if (!list) return;
  for (std::string_view rest = *list; !rest.empty();) {
    const std::string_view name = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(rest.size(), name.size() + 1));
    const std::uint32_t flag = name == "ops" ? kOnePacket : scheduler_flag(name);
    if (flag == 0) {
      args.error("no such flag: '" + std::string(name) +
                 "'; there are sh-port, sh-fallback, mh-port, mh-fallback, flag-1, flag-2, flag-3 and ops");
      return;
    }
    draft.def.service.flags |= flag;
  }
}

void encapsulation(Draft& draft, Args& args) {
  const auto word = args.required("ipip, gre or gue:<port>");
  if (!word) return;
  if (draft.def.forward != Forward::tunnel) {
    args.error("'encap' belongs to 'lvs tun'");
  } else if (*word == "gre") {
    draft.def.tunnel = Tunnel::gre;
  } else if (word->starts_with("gue:")) {
    const std::string_view text = word->substr(4);
    const auto port = conf::parse_integer(text, 1, 65535);
    if (!port) {
      args.error("'gue:' is followed by a port, not by '" + std::string(text) + "'");
      return;
    }
    draft.def.tunnel = Tunnel::gue;
    draft.def.tunnel_port = static_cast<std::uint16_t>(port.value);
  } else if (*word != "ipip") {
    args.error("'encap' is ipip, gre or gue:<port>, not '" + std::string(*word) + "'");
  }
}

void option(Draft& draft, Args& args) {
  if (args.accept("scheduler")) return scheduler(draft, args);
  if (args.accept("persistence")) return persistence(draft, args);
  if (args.accept("flags")) return flags(draft, args);
  if (args.accept("encap")) return encapsulation(draft, args);
  if (args.accept("all-ports")) {
    draft.all_ports = true;
    return;
  }
  if (args.accept("fwmark")) {
    if (const auto mark = args.integer(1, UINT32_MAX)) draft.fwmark = static_cast<std::uint32_t>(*mark);
    return;
  }
  if (args.accept("fallback")) {
    if (const auto which = args.one_of({"none", "proxy"})) draft.def.fallback_proxy = *which == 1;
    return;
  }
  static constexpr std::array<std::string_view, 7> kWords = {"scheduler", "persistence", "fwmark",   "flags",
                                                             "fallback",  "encap",       "all-ports"};
  args.error_here("'lvs' does not know '" + std::string(args.peek()) + "'")
      .did_you_mean(conf::nearest(args.peek(), std::vector<std::string_view>(kWords.begin(), kWords.end())));
  args.rest();
}

void lvs(Draft& draft, Args& args) {
  draft.where = args.statement().location();
  if (args.peek() == "fullnat") {
    args.error_here(
        "'lvs fullnat': Linux has no full NAT in its IPVS; 'lvs nat' needs the director as the "
        "servers' gateway, and without 'lvs' Evenkeel's own proxy does what full NAT does");
    args.rest();
    return;
  }
  const auto mode = args.one_of({"nat", "dr", "tun"});
  if (!mode) return;
  constexpr std::array kForwards = {Forward::masq, Forward::direct, Forward::tunnel};
  draft.on = true;
  draft.def.forward = kForwards[*mode];
  while (!args.at_end() && !args.failed()) option(draft, args);
}

void lvs_down(Draft& draft, Args& args) {
  if (const auto which = args.one_of({"quiesce", "remove"})) draft.def.remove_when_down = *which == 1;
}

// Where checks go: to the server's own address, or to the virtual one through it.
void check_via(Draft& draft, Args& args) {
  const auto which = args.one_of({"server", "vip"});
  if (!which) return;
  draft.via_vip = *which == 1;
  draft.via_vip_at = args.statement().location();
}

void lvs_exit(GlobalDraft& draft, Args& args) {
  constexpr std::array kExits = {Exit::keep, Exit::drain, Exit::clear};
  if (const auto which = args.one_of({"keep", "drain", "clear"})) draft.exit = kExits[*which];
}

void lvs_state(GlobalDraft& draft, Args& args) {
  if (const auto path = args.required("the path of a file")) draft.state_file = *path;
}

// lvs-sync master|backup <interface> [syncid <n>] [mcast <group>[:<port>]] [ttl <n>] [maxlen <n>]
void lvs_sync(GlobalDraft& draft, Args& args) {
  const auto role = args.one_of({"master", "backup"});
  if (!role) return;
  const auto interface = args.required("a role and the name of a network interface");
  if (!interface) return;
  if (interface->size() > 15) {
    args.error("'" + std::string(*interface) + "' is longer than the name of an interface may be");
    return;
  }
  Daemon daemon;
  daemon.master = *role == 0;
  daemon.interface = *interface;
  while (!args.at_end() && !args.failed()) {
    if (args.accept("syncid")) {
      if (const auto id = args.integer(0, 255)) daemon.sync_id = static_cast<std::uint32_t>(*id);
    } else if (args.accept("ttl")) {
      if (const auto ttl = args.integer(1, 255)) daemon.ttl = static_cast<std::uint8_t>(*ttl);
    } else if (args.accept("maxlen")) {
      if (const auto size = args.integer(1, 65507)) daemon.max_length = static_cast<std::uint16_t>(*size);
    } else if (args.accept("mcast")) {
      const auto text = args.required("a multicast address");
      const auto group = text ? parse_endpoint(*text) : std::nullopt;
      if (!group) {
        args.error("'mcast' expects a multicast address, such as 224.0.0.81 or 224.0.0.81:8848");
        return;
      }
      daemon.group = *group;
    } else {
      args.error_here("'lvs-sync' does not know '" + std::string(args.peek()) +
                      "', only syncid, mcast, ttl and maxlen");
      return;
    }
  }
  if (args.failed()) return;
  std::erase_if(draft.daemons, [&](const Daemon& other) { return other.master == daemon.master; });
  draft.daemons.push_back(std::move(daemon));
}

constexpr std::array kSectionKeywords = {
    Keyword<Draft>{"check-via", conf::kBackends, false, check_via},
    Keyword<Draft>{"lvs", conf::kBackends, false, lvs},
    Keyword<Draft>{"lvs-down", conf::kBackends, false, lvs_down},
};
constexpr std::array kGlobalKeywords = {
    Keyword<GlobalDraft>{"lvs-exit", conf::mask_of(conf::SectionKind::global), false, lvs_exit},
    Keyword<GlobalDraft>{"lvs-state", conf::mask_of(conf::SectionKind::global), false, lvs_state},
    Keyword<GlobalDraft>{"lvs-sync", conf::mask_of(conf::SectionKind::global), false, lvs_sync},
};

}  // namespace

std::span<const Keyword<Draft>> section_keywords() noexcept { return kSectionKeywords; }
std::span<const Keyword<GlobalDraft>> global_keywords() noexcept { return kGlobalKeywords; }

}  // namespace evenkeel::lvs
