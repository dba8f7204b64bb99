// The PROXY protocol, versions 1 and 2: the addresses of a connection, said at its start (proxy-protocol.txt
// of HAProxy).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "core/address.h"

namespace evenkeel {

// Types of version 2's extensions (section 2.2 of the specification).
enum class ProxyTlv : std::uint8_t {
  alpn = 0x01,
  authority = 0x02,
  crc32c = 0x03,
  noop = 0x04,
  unique_id = 0x05,
  ssl = 0x20,
  ssl_version = 0x21,
  ssl_cn = 0x22,
  ssl_cipher = 0x23,
  ssl_sig_alg = 0x24,
  ssl_key_alg = 0x25,
  netns = 0x30,
};

struct ProxyTlvField {
  std::uint8_t type = 0;
  std::string_view value;
};

// Reads type-length-value fields one by one. After the last one, intact() tells whether the lengths added up.
class ProxyTlvReader {
 public:
  explicit ProxyTlvReader(std::string_view fields) noexcept : rest_(fields) {}
  bool next(ProxyTlvField& out) noexcept;
  [[nodiscard]] bool intact() const noexcept { return rest_.empty(); }

 private:
  std::string_view rest_;
};

// The SSL field with its sub-fields (section 2.2.6).
struct ProxySsl {
  static constexpr std::uint8_t kClientSsl = 0x01;
  static constexpr std::uint8_t kCertConnection = 0x02;
  static constexpr std::uint8_t kCertSession = 0x04;
  bool present = false;
  std::uint8_t client = 0;   // the bits above
  std::uint32_t verify = 0;  // 0: the client's certificate was verified
  std::string_view version;  // "TLSv1.3"
  std::string_view common_name;
  std::string_view cipher;
  std::string_view sig_alg;
  std::string_view key_alg;
};

// A header as received. The views point into the bytes that were parsed.
struct ProxyHeader {
  int version = 0;     // 1 or 2
  bool local = false;  // LOCAL command: sent by the proxy on its own behalf (health checks)
  bool stream = true;  // false: datagrams were proxied
  bool has_addresses =
      false;  // false with LOCAL, UNKNOWN and unspecified families: keep the connection's own addresses
  Address source;
  Address destination;
  std::string_view tlvs;  // all fields of version 2, for ProxyTlvReader
  std::string_view alpn;
  std::string_view authority;
  std::string_view unique_id;
  std::string_view netns;
  ProxySsl ssl;
};

enum class ProxyParse : std::uint8_t { need_more, complete, bad };

struct ProxyParseResult {
  ProxyParse status = ProxyParse::need_more;
  std::size_t length = 0;  // of the header, with complete
  std::string_view error;  // a short phrase, with bad
};

// The longest headers: section 2.1 for version 1; 16 bytes and a 16-bit length for version 2.
inline constexpr std::size_t kMaxProxyV1 = 107;
inline constexpr std::size_t kMaxProxyV2 = 16 + 65535;

// Parses the header at the start of `bytes`; with need_more, call again with more behind it. A checksum field
// is verified.
ProxyParseResult parse_proxy_header(std::string_view bytes, ProxyHeader& out);

// "PROXY TCP4 ...\r\n". Addresses of which one is IPv4 and one IPv6 are both written as IPv6; of any other
// family, as UNKNOWN.
std::string build_proxy_v1(const Address& source, const Address& destination);

struct ProxyV2Options {
  bool local = false;  // LOCAL command, without addresses
  bool crc32c = false;
  std::string_view alpn;  // empty ones are left out
  std::string_view authority;
  std::string_view unique_id;  // at most 128 bytes are sent
  std::string_view netns;
  ProxySsl ssl;  // left out unless present
  std::span<const ProxyTlvField> others;
};

// A complete version 2 header. Fields that would not fit into its 16-bit length are left out from the end.
std::string build_proxy_v2(const Address& source, const Address& destination, const ProxyV2Options& options);

// CRC-32C (Castagnoli) as in RFC 3720 appendix B.4; continue with the last result as `crc`.
std::uint32_t crc32c(std::string_view bytes, std::uint32_t crc = 0) noexcept;

}  // namespace evenkeel
