#include "core/proxy_protocol.h"

#include <gtest/gtest.h>

#include <string>

namespace evenkeel {
namespace {

const Address kClient = *Address::from_ip("192.0.2.1", 56324);
const Address kServer = *Address::from_ip("198.51.100.7", 443);
const Address kClient6 = *Address::from_ip("2001:db8::1", 56324);
const Address kServer6 = *Address::from_ip("2001:db8::2", 443);

ProxyParseResult parse(std::string_view bytes, ProxyHeader& header) {
  return parse_proxy_header(bytes, header);
}
ProxyParse status_of(std::string_view bytes) {
  ProxyHeader header;
  return parse(bytes, header).status;
}

TEST(ProxyV1, ReadsBothFamilies) {
  ProxyHeader header;
  const std::string_view text = "PROXY TCP4 192.0.2.1 198.51.100.7 56324 443\r\nGET /";
  EXPECT_EQ(parse(text, header).length, text.size() - 5);
  EXPECT_EQ(header.version, 1);
  EXPECT_EQ(header.source, kClient);
  EXPECT_EQ(header.destination, kServer);
  EXPECT_EQ(parse("PROXY TCP6 2001:db8::1 2001:db8::2 56324 443\r\n", header).status, ProxyParse::complete);
  EXPECT_EQ(header.source, kClient6);
}

TEST(ProxyV1, TakesUnknownWithAnythingBehindIt) {
  ProxyHeader header;
  EXPECT_EQ(parse("PROXY UNKNOWN\r\n", header).status, ProxyParse::complete);
  EXPECT_FALSE(header.has_addresses);
  EXPECT_EQ(parse("PROXY UNKNOWN ffff::1 x y\r\n", header).length, 27U);
}

TEST(ProxyV1, RefusesWhatTheSpecificationForbids) {
  for (const std::string_view line : {
           "PROXY TCP4 192.0.2.1 198.51.100.7 56324 443\n",
           "PROXY TCP4 192.0.2.1 198.51.100.7 56324\r\n",
           "PROXY TCP4 192.0.2.1 198.51.100.7 56324 443 \r\n",
           "PROXY  TCP4 192.0.2.1 198.51.100.7 56324 443\r\n",
           "PROXY TCP4 192.0.2.1 198.51.100.7 56324 65536\r\n",
           "PROXY TCP4 192.0.2.1 198.51.100.7 056 443\r\n",
           "PROXY TCP4 192.0.2.1 2001:db8::1 56324 443\r\n",
           "PROXY TCP5 192.0.2.1 198.51.100.7 56324 443\r\n",
           "PROXY TCP4 192.0.2.1 198.51.100.7 -1 443\r\n",
           "PROXY\r\n",
           "GET / HTTP/1.1\r\n",
           "PROXX",
           "\r\n\r\n\r",
       }) {
    EXPECT_EQ(status_of(line), ProxyParse::bad) << line;
  }
  EXPECT_EQ(status_of("PROXY TCP4 " + std::string(100, '1')), ProxyParse::bad);
}

TEST(ProxyHeaders, NeedEveryByte) {
  ProxyV2Options options;
  options.crc32c = true;
  options.unique_id = "id";
  for (const std::string& text :
       {build_proxy_v1(kClient, kServer), build_proxy_v2(kClient6, kServer6, options)}) {
    for (std::size_t n = 0; n < text.size(); ++n) {
      EXPECT_EQ(status_of(std::string_view(text).substr(0, n)), ProxyParse::need_more) << n;
    }
    EXPECT_EQ(status_of(text + "x"), ProxyParse::complete);
  }
}

TEST(ProxyV1, IsBuiltForEveryFamily) {
  EXPECT_EQ(build_proxy_v1(kClient, kServer), "PROXY TCP4 192.0.2.1 198.51.100.7 56324 443\r\n");
  EXPECT_EQ(build_proxy_v1(kClient6, kServer6), "PROXY TCP6 2001:db8::1 2001:db8::2 56324 443\r\n");
  EXPECT_EQ(build_proxy_v1(kClient, kServer6), "PROXY TCP6 ::ffff:192.0.2.1 2001:db8::2 56324 443\r\n");
  EXPECT_EQ(build_proxy_v1(*Address::from_unix_path("/a"), kServer), "PROXY UNKNOWN\r\n");
}

TEST(ProxyV2, HasTheBytesOfTheSpecification) {
  const std::string text = build_proxy_v2(kClient, kServer, {});
  const std::string expected(
      "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\x02\x01\xc6\x33\x64\x07\xdc\x04\x01\xbb", 28);
  EXPECT_EQ(text, expected);
}

TEST(ProxyV2, CarriesAllFieldsThereAndBack) {
  const ProxyTlvField custom{0xE5, "custom"};
  ProxyV2Options options;
  options.crc32c = true;
  options.alpn = "h2";
  options.authority = "example.org";
  options.unique_id = "0123";
  options.netns = "blue";
  options.ssl = {true, ProxySsl::kClientSsl, 1, "TLSv1.3", "cn", "CIPHER", "SHA256", "RSA2048"};
  options.others = {&custom, 1};
  const std::string text = build_proxy_v2(kClient6, kServer6, options);
  ProxyHeader header;
  ASSERT_EQ(parse(text, header).length, text.size());
  EXPECT_EQ(header.source, kClient6);
  EXPECT_EQ(header.destination, kServer6);
  EXPECT_EQ(header.alpn, "h2");
  EXPECT_EQ(header.authority, "example.org");
  EXPECT_EQ(header.unique_id, "0123");
  EXPECT_EQ(header.netns, "blue");
  EXPECT_TRUE(header.ssl.present);
  EXPECT_EQ(header.ssl.verify, 1U);
  EXPECT_EQ(header.ssl.version, "TLSv1.3");
  EXPECT_EQ(header.ssl.cipher, "CIPHER");
  EXPECT_EQ(header.ssl.sig_alg, "SHA256");
  EXPECT_EQ(header.ssl.key_alg, "RSA2048");
  ProxyTlvReader reader(header.tlvs);
  ProxyTlvField field;
  std::string_view last;
  while (reader.next(field)) last = field.value;
  EXPECT_TRUE(reader.intact());
  EXPECT_EQ(last, "custom");
}

TEST(ProxyV2, RefusesAWrongChecksumAndBrokenLengths) {
  ProxyV2Options options;
  options.crc32c = true;
  options.authority = "example.org";
  const std::string good = build_proxy_v2(kClient, kServer, options);
  std::string wrong = good;
  wrong.back() = 'X';
  EXPECT_EQ(status_of(wrong), ProxyParse::bad);
  wrong = good;
  wrong[46] = 1;  // the length of the authority
  EXPECT_EQ(status_of(wrong), ProxyParse::bad);
  wrong = good;
  wrong[12] = 0x11;
  EXPECT_EQ(status_of(wrong), ProxyParse::bad);
  wrong = good.substr(0, 14) + std::string("\0\x08", 2) + good.substr(16, 8);
  EXPECT_EQ(status_of(wrong), ProxyParse::bad);  // addresses cut short
}

TEST(ProxyV2, IgnoresEverythingInLocalHeaders) {
  ProxyV2Options options;
  options.local = true;
  ProxyHeader header;
  const std::string text = build_proxy_v2(kClient, kServer, options);
  EXPECT_EQ(parse(text, header).length, 16U);
  EXPECT_TRUE(header.local);
  EXPECT_FALSE(header.has_addresses);
}

TEST(ProxyV2, CarriesUnixAddresses) {
  const Address a = *Address::from_unix_path("/run/a");
  const Address b = *Address::from_unix_path("/run/b");
  ProxyHeader header;
  ASSERT_EQ(parse(build_proxy_v2(a, b, {}), header).status, ProxyParse::complete);
  EXPECT_EQ(header.source.to_string(), "unix:/run/a");
  EXPECT_EQ(header.destination.to_string(), "unix:/run/b");
}

// Sent by HAProxy 2.6 with `send-proxy-v2 proxy-v2-options crc32c,unique-id`.
TEST(ProxyV2, ReadsAndBuildsWhatHaproxySends) {
  const std::string sent(
      "\r\n\r\n\0\r\nQUIT\n\x21\x11\x00\x19\x7f\x00\x00\x01\x7f\x00\x00\x01\x97\x6c\xc0\x0f\x03\x00\x04\x65"
      "\xe5\xd2\xe5\x05"
      "\x00\x03id0",
      41);
  ProxyHeader header;
  ASSERT_EQ(parse(sent, header).length, sent.size());
  EXPECT_EQ(header.unique_id, "id0");
  ProxyV2Options options;
  options.crc32c = true;
  options.unique_id = header.unique_id;
  EXPECT_EQ(build_proxy_v2(header.source, header.destination, options), sent);
}

TEST(Crc32c, HasTheValueOfTheRfc) { EXPECT_EQ(crc32c("123456789"), 0xE3069283U); }

}  // namespace
}  // namespace evenkeel
