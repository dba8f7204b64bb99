// Whether a server's answers to clients elsewhere come by this machine, found out without a client (RFC 792
// echo).
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "lvs/doctor.h"

namespace evenkeel::lvs {

struct GatewayQuestion {
  Endpoint server;  // IPv4, on a network of the link
  std::string mac;  // the server's
  Link link;
  Endpoint near;  // an address of this machine on that network
  Endpoint far;   // one that is nobody's (RFC 5737)
};

// Sends each server two echo requests, one in the name of this machine and one in the name of the address
// that is nobody's, and collects the answers that come to this machine's card. Blocks for `wait`. Needs
// CAP_NET_RAW; `why` says what went wrong.
std::vector<GatewayAnswer> ask_gateways(const std::vector<GatewayQuestion>& questions,
                                        std::chrono::milliseconds wait, std::string& why);

// An IPv4 packet with an echo request; the first four bytes of both addresses count.
std::string echo_request(const Endpoint& from, const Endpoint& to, std::uint16_t id, std::uint16_t sequence);
// False: the packet is no answer to a request of that id.
bool parse_echo_reply(std::string_view packet, std::uint16_t id, Endpoint& from, std::uint16_t& sequence);
// The first of the addresses reserved for documentation that is in no network of this machine.
Endpoint nobodys_address(const HostState& host);

}  // namespace evenkeel::lvs
