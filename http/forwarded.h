// The Forwarded field (RFC 7239). X-Forwarded-For and its like are plain fields: HeaderBlock::add() appends
// them as HAProxy does.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/address.h"

namespace evenkeel::http {

// One parameter of RFC 7239 section 6: an address, an obfuscated name ("_hidden", "unknown"), or nothing.
struct ForwardedNode {
  std::string name;        // already without brackets: "192.0.2.1", "2001:db8::1", "_x"; empty: leave out
  std::uint16_t port = 0;  // 0: leave out
  static ForwardedNode of(const Address& address, bool with_port);
};

struct ForwardedElement {
  std::string_view proto;  // "http", "https"; empty: leave out
  std::string_view host;
  ForwardedNode by;
  ForwardedNode for_;
};

// "proto=http;host=\"a:80\";by=...;for=\"[2001:db8::1]:4711\"": the order of the manual's `option forwarded`;
// what is no token is quoted.
std::string forwarded_element(const ForwardedElement& element);

}  // namespace evenkeel::http
