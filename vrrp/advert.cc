#include "vrrp/advert.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <utility>

namespace evenkeel::vrrp {
namespace {

constexpr std::uint8_t kProtocol = 112;
constexpr std::uint8_t kHops = 255;  // nothing that a router has forwarded
constexpr std::size_t kHeader = 8;
// A new master is heard once by the old one before that gives up; a second time is no coincidence.
constexpr int kTogether = 2;
constexpr std::size_t kMostMasters = 64;  // so that somebody's forged packets cannot fill the memory

std::string text_of(std::span<const std::uint8_t> address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(address.size() == 4 ? AF_INET : AF_INET6, address.data(), text.data(), text.size());
  return text.data();
}

struct Outer {
  std::span<const std::uint8_t> source;
  std::span<const std::uint8_t> payload;
};

std::optional<Outer> open_v4(std::span<const std::uint8_t> packet) {
  const std::size_t header = (packet[0] & 0x0fU) * std::size_t{4};
  if (packet.size() < 20 || header < 20) return std::nullopt;
  const std::size_t total = packet[2] * std::size_t{256} + packet[3];
  if (total < header || total > packet.size()) return std::nullopt;
  if (packet[9] != kProtocol || packet[8] != kHops) return std::nullopt;
  return Outer{packet.subspan(12, 4), packet.subspan(header, total - header)};
}

std::optional<Outer> open_v6(std::span<const std::uint8_t> packet) {
  if (packet.size() < 40 || packet[6] != kProtocol || packet[7] != kHops) return std::nullopt;
  const std::size_t length = packet[4] * std::size_t{256} + packet[5];
  if (length > packet.size() - 40) return std::nullopt;
  return Outer{packet.subspan(8, 16), packet.subspan(40, length)};
}

std::string router_of(const stats::VrrpSighting& shown) {
  return "virtual router " + std::to_string(shown.router) + " on " + shown.interface;
}

}  // namespace

std::optional<Advert> parse_advert(std::span<const std::uint8_t> packet) {
  if (packet.empty()) return std::nullopt;
  const bool six = packet[0] >> 4 == 6;
  if (!six && packet[0] >> 4 != 4) return std::nullopt;
  const auto outer = six ? open_v6(packet) : open_v4(packet);
  if (!outer || outer->payload.size() < kHeader) return std::nullopt;
  const auto vrrp = outer->payload;
  const int version = vrrp[0] >> 4;
  if ((vrrp[0] & 0x0fU) != 1 || (version != 3 && (version != 2 || six)) || vrrp[1] == 0) return std::nullopt;
  Advert advert;
  advert.router = vrrp[1];
  advert.priority = vrrp[2];
  // Version 2 has seconds in its sixth byte, version 3 hundredths of a second in twelve bits.
  advert.interval_ms = version == 2 ? vrrp[5] * 1000 : ((vrrp[4] & 0x0f) * 256 + vrrp[5]) * 10;
  advert.source = text_of(outer->source);
  const std::size_t width = six ? 16 : 4;
  if (vrrp.size() < kHeader + vrrp[3] * width) return std::nullopt;
  for (std::size_t i = 0; i < vrrp[3]; ++i)
    advert.addresses.push_back(text_of(vrrp.subspan(kHeader + i * width, width)));
  return advert;
}

std::vector<Sightings::News> Sightings::apply(const std::string& interface, const Advert& advert,
                                              const Have& have, std::int64_t now_ms, std::int64_t wall_s) {
  if (have(advert.source)) return {};
  auto master = std::find_if(masters_.begin(), masters_.end(), [&](const Master& known) {
    return known.shown.interface == interface && known.shown.router == advert.router &&
           known.last.source == advert.source;
  });
  if (master == masters_.end()) {
    if (masters_.size() == kMostMasters) masters_.erase(masters_.begin());
    Master made;
    made.shown.interface = interface;
    made.shown.router = advert.router;
    made.shown.source = advert.source;
    master = masters_.insert(masters_.end(), std::move(made));
  }
  const bool quiet = now_ms - master->last_ms > 3 * std::max<std::int64_t>(1000, advert.interval_ms);
  master->last = advert;
  master->last_ms = now_ms;
  master->nobody = false;
  master->shown.priority = advert.priority;
  master->shown.last_s = wall_s;
  const auto shared = std::find_if(advert.addresses.begin(), advert.addresses.end(), have);
  if (shared == advert.addresses.end() || advert.priority == 0) {
    master->together = 0;
    if (master->shown.shared.empty()) return {};
    const std::string address = std::exchange(master->shown.shared, {});
    return {{false, "no longer on two machines: " + address}};
  }
  master->together = quiet ? 1 : master->together + 1;
  if (master->together != kTogether) return {};
  master->shown.shared = *shared;
  master->shown.shared_since_s = wall_s;
  return {{true, "two machines have " + *shared + ": this one, and " + advert.source + " with priority " +
                     std::to_string(advert.priority) + " (" + router_of(master->shown) + ")"}};
}

std::vector<Sightings::News> Sightings::tick(const Have& have, std::int64_t now_ms) {
  std::vector<News> news;
  for (Master& master : masters_) {
    const std::int64_t silent_ms = now_ms - master.last_ms;
    const std::int64_t interval_ms = std::max<std::int64_t>(1000, master.last.interval_ms);
    if (!master.shown.shared.empty() && silent_ms > 3 * interval_ms) {
      news.push_back({false, "no longer on two machines: " + std::exchange(master.shown.shared, {}) + "; " +
                                 master.shown.source + " is silent"});
      master.together = 0;
    }
    if (std::any_of(master.last.addresses.begin(), master.last.addresses.end(), have)) {
      master.held_ms = now_ms;
      master.nobody = false;
    }
    // A backup needs a little more than three intervals to become master; two more, and nobody will.
    const std::int64_t nobody_ms = now_ms - std::max(master.last_ms, master.held_ms);
    if (master.nobody || nobody_ms <= 5 * interval_ms || master.last.addresses.empty()) continue;
    const bool heard_of_another = std::any_of(masters_.begin(), masters_.end(), [&](const Master& other) {
      return other.shown.router == master.shown.router && other.shown.interface == master.shown.interface &&
             other.last_ms > master.last_ms;
    });
    if (heard_of_another) continue;
    master.nobody = true;
    news.push_back({true, "nobody that this machine hears has " + master.last.addresses.front() + " (" +
                              router_of(master.shown) + "), last heard of was " + master.shown.source});
  }
  return news;
}

std::vector<stats::VrrpSighting> Sightings::all() const {
  std::vector<stats::VrrpSighting> all;
  for (const Master& master : masters_) {
    all.push_back(master.shown);
    all.back().nobody = master.nobody;
  }
  return all;
}

}  // namespace evenkeel::vrrp
