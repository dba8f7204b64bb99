// Whom a request is for: the Host field and the authority of the target must say the same.
#pragma once

#include <cstdint>
#include <string_view>

#include "http/head.h"
#include "http/parse_error.h"

namespace evenkeel::http {

struct Authority {
  std::string_view userinfo;  // without '@'
  std::string_view host;      // with its brackets when it is an IPv6 address
  std::string_view port;      // digits, may be empty
  bool has_port = false;      // there was a colon
};

// Splits "user@host:port"; false when the port is not a number up to 65535 or brackets do not match.
bool split_authority(std::string_view text, Authority& out) noexcept;

// Checks and normalises the Host fields of a complete head, as HAProxy 2.6 does: repeated equal ones become
// one, differing ones are refused, and so is one that disagrees with an absolute or authority target (ports
// that are the scheme's default count as absent, and leave an absolute target). A Host field with delimiters
// inside is refused, too. `unsafe` takes a differing or strange Host, never several different ones.
ErrorCode check_hosts(RequestHead& head, bool unsafe);

}  // namespace evenkeel::http
