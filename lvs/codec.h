// IPVS in generic netlink: values to attributes and back (<linux/ip_vs.h>). No socket here.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>

#include "lvs/table.h"

struct nl_msg;
struct nlattr;

namespace evenkeel::lvs {

// Appends a nested attribute to the message; false when it does not fit.
bool put_service(nl_msg* message, const ServiceKey& key, const Service* definition = nullptr);
bool put_destination(nl_msg* message, const Endpoint& endpoint, const Destination* definition = nullptr);
bool put_daemon(nl_msg* message, const Daemon& daemon, bool identity_only);

// From the nested attribute of an answer; nullopt when the kernel left out what must be there.
std::optional<std::pair<ServiceKey, ServiceEntry>> get_service(nlattr* nested);
std::optional<std::pair<Endpoint, DestinationEntry>> get_destination(nlattr* nested,
                                                                     std::uint8_t service_family);
std::optional<Daemon> get_daemon(nlattr* nested);

}  // namespace evenkeel::lvs
