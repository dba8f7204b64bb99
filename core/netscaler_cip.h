// The client IP insertion of NetScaler: the headers of the client's own packet, said at the start of a
// connection (Citrix, "client IP in TCP/IP option of NetScaler"; HAProxy's manual 5.1, accept-netscaler-cip).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/address.h"

namespace evenkeel {

enum class CipParse : std::uint8_t {
  need_more,
  complete,
  bad_magic,     // not the number that both sides have agreed on
  bad_protocol,  // neither IPv4 nor IPv6, not TCP, or lengths that do not fit
};

struct CipHeader {
  CipParse status = CipParse::need_more;
  std::size_t length = 0;  // of the whole, with complete
  Address source;
  Address destination;
};

// Parses what stands at the start of `bytes`; with need_more, call again with more behind it. Both forms are
// read: magic, length, packet headers; and, since NetScaler 10.5, magic, total length, type, length, packet
// headers. In the latter the last length counts, as in HAProxy; the total differs between senders.
CipHeader parse_netscaler_cip(std::string_view bytes, std::uint32_t magic);

}  // namespace evenkeel
