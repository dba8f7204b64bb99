// `balance hdr(<name>)`: a header field chooses the server.
#pragma once

#include <optional>
#include <string_view>

namespace evenkeel::balance {

// The first element of a field's value, or with domain_only the label before the last dot of a host name
// ("haproxy.1wt.eu": "1wt"). nullopt when it is empty.
std::optional<std::string_view> hdr_key(std::string_view value, bool domain_only) noexcept;

}  // namespace evenkeel::balance
