#include "lvs/check_via.h"

#include <memory>
#include <string>

#include "health/vip_path.h"

namespace evenkeel::lvs {
namespace {

std::uint32_t hash(std::string_view section, std::string_view server) noexcept {
  std::uint32_t value = 2166136261U;  // FNV-1a
  const auto add = [&value](std::string_view text) {
    for (const char c : text) value = (value ^ static_cast<unsigned char>(c)) * 16777619U;
  };
  add(section);
  add("/");
  add(server);
  return value;
}

}  // namespace

std::uint32_t CheckViaChecks::take_mark(std::string_view section, std::string_view server) {
  if (taken_.size() >= kCheckMarks) return 0;
  std::uint32_t place = hash(section, server) % kCheckMarks;
  while (!taken_.insert(kFirstCheckMark + place).second) place = (place + 1) % kCheckMarks;
  return kFirstCheckMark + place;
}

bool CheckViaChecks::possible(const Draft& draft, const backends::ProxyDraft& proxy,
                              const std::vector<VirtualAddress>& addresses, health::CheckProtocol protocol) {
  const auto refuse = [&](const std::string& why) {
    diagnostics_.error(draft.via_vip_at, "'check-via vip' in '" + proxy.common.name + "': " + why);
    return false;
  };
  if (draft.def.forward == Forward::masq)
    return refuse(
        "behind 'lvs nat' servers do not have the virtual address; their own is where clients' packets "
        "arrive, "
        "and where checks go without this line");
  if (addresses.empty() || endpoint_of(addresses.front().address).family == AF_UNSPEC)
    return refuse("there is no 'bind' that names the virtual address to check");
  if (protocol == health::CheckProtocol::external)
    return refuse("the program of 'option external-check' connects by itself");
  return true;
}

void CheckViaChecks::check(Draft& draft, backends::ProxyDraft& proxy,
                           const std::vector<VirtualAddress>& addresses, health::CheckProtocol protocol) {
  if (draft.fwmark >= kFirstCheckMark && draft.fwmark - kFirstCheckMark < kCheckMarks)
    diagnostics_.error(draft.where, "'fwmark " + std::to_string(draft.fwmark) + "': the marks from " +
                                        std::to_string(kFirstCheckMark) + " to " +
                                        std::to_string(kFirstCheckMark + kCheckMarks - 1) +
                                        " are those of checks ('check-via vip')");
  if (!draft.via_vip || !possible(draft, proxy, addresses, protocol)) return;
  for (backends::ServerDraft& server : proxy.servers) {
    health::CheckDef& check = server.def.check;
    if (!check.enabled || !server.def.track.empty()) continue;
    const std::string who = "server '" + proxy.common.name + "/" + server.def.name + "': ";
    if (check.addr || !check.addr_name.empty()) {
      diagnostics_.error(server.where, who + "'addr' names where its checks go, and so does 'check-via vip'");
      continue;
    }
    const int family = server.def.address.family();
    if (family != AF_UNSPEC && family != addresses.front().address.family()) {
      diagnostics_.error(server.where,
                         who + "'check-via vip' needs an address of the virtual address' family");
      continue;
    }
    const std::uint32_t mark = take_mark(proxy.common.name, server.def.name);
    if (mark == 0) {
      diagnostics_.error(server.where,
                         who + "'check-via vip' is for " + std::to_string(kCheckMarks) + " servers at most");
      return;
    }
    check.via = std::make_shared<health::VipPath>(addresses.front().address, mark);
    draft.def.checked.push_back({server.def.name, check.via});
  }
}

}  // namespace evenkeel::lvs
