// room: core
// PROXY headers: a prefix never says more than the whole, and what was read can be written and read again.
#include <string>
#include <vector>

#include "core/proxy_protocol.h"
#include "tests/fuzz/check.h"

using namespace evenkeel;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::vector<char> copy(data, data + size);
  const std::string_view bytes(copy.data(), copy.size());
  ProxyHeader header;
  const ProxyParseResult result = parse_proxy_header(bytes, header);
  if (result.status != ProxyParse::complete) return 0;
  FUZZ_CHECK(result.length <= bytes.size());
  ProxyHeader other;
  const std::vector<char> shorter(copy.begin(),
                                  copy.begin() + static_cast<std::ptrdiff_t>(result.length) - 1);
  FUZZ_CHECK(parse_proxy_header({shorter.data(), shorter.size()}, other).status == ProxyParse::need_more);
  if (!header.has_addresses) return 0;

  ProxyTlvReader reader(header.tlvs);
  ProxyTlvField field;
  while (reader.next(field)) {
  }
  ProxyV2Options options;
  options.crc32c = true;
  options.alpn = header.alpn;
  options.authority = header.authority;
  options.unique_id = header.unique_id;
  options.ssl = header.ssl;
  const std::string again = build_proxy_v2(header.source, header.destination, options);
  const ProxyParseResult reread = parse_proxy_header(again, other);
  FUZZ_CHECK(reread.status == ProxyParse::complete && reread.length == again.size());
  FUZZ_CHECK(other.source == header.source && other.destination == header.destination);
  if (header.source.is_ip() && header.destination.is_ip()) {
    const std::string line = build_proxy_v1(header.source, header.destination);
    FUZZ_CHECK(line.size() <= kMaxProxyV1 && parse_proxy_header(line, other).status == ProxyParse::complete);
    FUZZ_CHECK(other.source == header.source && other.destination == header.destination);
  }
  return 0;
}
