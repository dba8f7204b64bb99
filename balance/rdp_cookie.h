// `balance rdp-cookie`: the cookie that a Remote Desktop client sends first chooses the server.
#pragma once

#include <optional>
#include <string_view>

namespace evenkeel::balance {

// The value of "Cookie: <name>=<value>" in an X.224 Connection Request ([MS-RDPBCGR] 2.2.1.1: 4 bytes of TPKT
// and 7 of X.224 before it, CR LF after it). The name's case does not matter. nullopt: another protocol,
// another cookie, or not all of it has arrived.
std::optional<std::string_view> rdp_cookie_key(std::string_view payload, std::string_view name) noexcept;

}  // namespace evenkeel::balance
