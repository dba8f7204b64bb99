// option dns-check: one question in a datagram, and an answer without an error (RFC 1035, section 4).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "health/check_def.h"

namespace evenkeel::health {

// What is asked for. The root's SOA by default, as keepalived does: every resolver knows it.
struct DnsQuestion {
  std::uint16_t type = 6;
  std::string name = ".";  // valid: see dns_name()
  std::uint16_t id = 0;
};

// "A", "aaaa", "SOA", ... or "TYPE65" (RFC 3597); nullopt: no such type.
std::optional<std::uint16_t> dns_type(std::string_view word) noexcept;
// A name as datagrams have it, "." and "example.org" alike; empty: labels or the whole are too long, or a
// label is missing.
std::string dns_name(std::string_view text);
// The whole datagram; recursion is desired.
std::string dns_query(const DnsQuestion& question);
// Passes with NOERROR, whatever the answer holds; another code fails by its name. An answer to something else
// is none.
CustomVerdict judge_dns_reply(std::string_view datagram, const DnsQuestion& question);

std::vector<CheckStep> dns_steps(const DnsQuestion& question);

}  // namespace evenkeel::health
