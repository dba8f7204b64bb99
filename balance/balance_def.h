// How a backend balances, as configured.
#pragma once

#include <cstdint>
#include <string>

namespace evenkeel::balance {

enum class Algorithm : std::uint8_t {
  roundrobin,
  static_rr,
  leastconn,
  first,
  source,
  uri,
  url_param,
  hdr,
  random,
  rdp_cookie,
  hash,
  sticky,  // mode log
};

enum class HashMethod : std::uint8_t { map_based, consistent };
enum class HashFunction : std::uint8_t { sdbm, djb2, wt6, crc32, none };
// `hash-preserve-affinity`: which trouble of the server that a hash names makes the session go elsewhere.
enum class PreserveAffinity : std::uint8_t { always, maxconn, maxqueue };
// The server parameter `hash-key`: what places a server on a consistent ring.
enum class HashKey : std::uint8_t { id, addr, addr_port };

// Defaults are those of the manual (4.2: balance, hash-type, hash-balance-factor).
struct BalanceDef {
  Algorithm algorithm = Algorithm::roundrobin;

  std::string name;             // url_param, hdr, rdp_cookie: which parameter, field or cookie
  std::string expression;       // hash: the sample expression as written
  bool log_hash = false;        // hash: the expression is `log-hash`, converters of a log message
  std::uint32_t uri_len = 0;    // 0: no limit
  std::uint32_t uri_depth = 0;  // 0: no limit
  bool uri_whole = false;
  bool uri_path_only = false;
  bool check_post = false;
  bool use_domain_only = false;
  std::uint32_t draws = 2;  // random

  HashMethod hash_method = HashMethod::map_based;
  HashFunction hash_function = HashFunction::sdbm;
  bool avalanche = false;
  std::uint32_t balance_factor = 0;  // percent of the average load, > 100; 0: off
  PreserveAffinity preserve_affinity = PreserveAffinity::always;

  [[nodiscard]] bool is_hash() const noexcept {
    return algorithm == Algorithm::source || algorithm == Algorithm::uri ||
           algorithm == Algorithm::url_param || algorithm == Algorithm::hdr ||
           algorithm == Algorithm::rdp_cookie || algorithm == Algorithm::hash;
  }
  // Works on HTTP requests only.
  [[nodiscard]] bool needs_http() const noexcept {
    return algorithm == Algorithm::uri || algorithm == Algorithm::url_param || algorithm == Algorithm::hdr;
  }
  // The body of a POST should be buffered before pick().
  [[nodiscard]] bool needs_body() const noexcept { return algorithm == Algorithm::url_param && check_post; }

  friend bool operator==(const BalanceDef&, const BalanceDef&) = default;
};

}  // namespace evenkeel::balance
