// option udp-check, option dns-check.
#include <gtest/gtest.h>

#include "health/protocol/dns.h"
#include "health/protocol/udp.h"
#include "../script_player.h"

namespace evenkeel::health {
namespace {

BackendCheck check_of(CheckProtocol protocol, std::vector<CheckStep> steps) {
  BackendCheck check;
  check.protocol = protocol;
  check.steps = std::move(steps);
  return check;
}

std::string shown(const BackendCheck& check, const std::vector<std::string>& chunks, bool closes = false) {
  Script script(check, {"be", "srv", {}});
  return play(script, chunks, closes).shown();
}

TEST(DnsCheck, NamesAndTypes) {
  EXPECT_EQ(dns_name("."), std::string(1, '\0'));
  EXPECT_EQ(dns_name("a.Bc."), std::string("\1a\2Bc\0", 6));
  EXPECT_EQ(dns_name("a.Bc"), dns_name("a.Bc."));
  EXPECT_EQ(dns_name(""), "");
  EXPECT_EQ(dns_name(".."), "");
  EXPECT_EQ(dns_name("a..b"), "");
  EXPECT_EQ(dns_name(".a"), "");
  EXPECT_EQ(dns_name(std::string(64, 'a')), "");
  EXPECT_EQ(dns_name(std::string(63, 'a')).size(), 65U);
  std::string longest;
  for (int i = 0; i < 127; ++i) longest += "a.";
  EXPECT_EQ(dns_name(longest).size(), 255U);
  EXPECT_EQ(dns_name("b." + longest), "");
  EXPECT_EQ(dns_type("aaaa"), 28);
  EXPECT_EQ(dns_type("TYPE257"), 257);
  EXPECT_FALSE(dns_type("TYPE"));
  EXPECT_FALSE(dns_type("TYPE0"));
  EXPECT_FALSE(dns_type("TYPE65536"));
  EXPECT_FALSE(dns_type("type1x"));
}

TEST(DnsCheck, TheAnswersCodeDecides) {
  const DnsQuestion question{1, "www.example.org", 0x1234};
  const std::string query = dns_query(question);
  EXPECT_EQ(query, std::string("\x12\x34\x01\x00\0\1\0\0\0\0\0\0\3www\7example\3org\0\0\1\0\1", 33));
  const auto answer = [&](unsigned flags) {
    std::string bytes = query;
    bytes[2] = static_cast<char>(flags >> 8);
    bytes[3] = static_cast<char>(flags & 0xff);
    return bytes;
  };
  const BackendCheck check = check_of(CheckProtocol::dns, dns_steps(question));
  EXPECT_EQ(shown(check, {answer(0x8180)}), "L7OK 0 | NOERROR");
  EXPECT_EQ(shown(check, {answer(0x8183)}), "L7STS 3 | NXDOMAIN");
  EXPECT_EQ(shown(check, {answer(0x8182)}), "L7STS 2 | SERVFAIL");
  EXPECT_EQ(shown(check, {answer(0x818f)}), "L7STS 15 | RCODE15");
  EXPECT_EQ(shown(check, {answer(0x0100)}), "L7RSP | a question instead of an answer");
  EXPECT_EQ(shown(check, {answer(0xa980)}), "L7RSP | answer to another kind of operation");
  std::string loud = answer(0x8180);
  loud[13] = 'W';
  EXPECT_EQ(shown(check, {loud}), "L7OK 0 | NOERROR");
  std::string other = answer(0x8180);
  other[13] = 'x';
  EXPECT_EQ(shown(check, {other}), "L7RSP | answer to another question");
  other = answer(0x8180);
  other[0] = 0;
  EXPECT_EQ(shown(check, {other}), "L7RSP | answer to another question");
  // Who refuses may leave the question out.
  EXPECT_EQ(shown(check, {std::string("\x12\x34\x81\x85\0\0\0\0\0\0\0\0", 12)}), "L7STS 5 | REFUSED");
  for (std::size_t size = 1; size < 12; ++size)
    EXPECT_EQ(shown(check, {answer(0x8180).substr(0, size)}), "L7RSP | shorter than a DNS header");
  for (std::size_t size = 12; size < query.size(); ++size)
    EXPECT_EQ(shown(check, {answer(0x8180).substr(0, size)}), "L7RSP | answer to another question");
  EXPECT_EQ(shown(check, {}), "L7TOUT");
}

TEST(UdpCheck, WithoutAWishForAReplySilenceIsGood) {
  const BackendCheck check = check_of(CheckProtocol::udp, udp_steps({}));
  Script script(check, {"be", "srv", {}});
  const Step connect = script.next({}, false);
  ASSERT_EQ(connect.kind, Step::Kind::connect);
  EXPECT_TRUE(connect.connect->datagram);
  EXPECT_EQ(script.next({}, false).bytes, std::string(1, '\0'));
  const Step wait = script.next({}, false);
  EXPECT_EQ(wait.kind, Step::Kind::receive);
  EXPECT_EQ(wait.patience, kUdpRefusalWait);
  EXPECT_EQ(script.next({}, true).verdict.status, CheckStatus::l4_ok);
  EXPECT_EQ(shown(check, {"anything"}), "L7OK 0");
  Script refused(check, {"be", "srv", {}});
  for (int i = 0; i < 3; ++i) (void)refused.next({}, false);
  EXPECT_EQ(refused.fail({Failure::Kind::connect_error, "Connection refused"}).status, CheckStatus::l4_con);
}

TEST(UdpCheck, AReplyHasToBeAsItIsWished) {
  UdpCheckDef def;
  def.send = "ping";
  def.require_reply = true;
  const auto with = [&](const std::vector<std::string>& chunks) {
    return shown(check_of(CheckProtocol::udp, udp_steps(def)), chunks);
  };
  EXPECT_EQ(with({}), "L7TOUT");
  EXPECT_EQ(with({"x"}), "L7OK 0");
  def.min_reply = 2;
  def.max_reply = 4;
  EXPECT_EQ(with({"x"}), "L7RSP | reply of 1 bytes is shorter than 2");
  EXPECT_EQ(with({"xxxxx"}), "L7RSP | reply of 5 bytes is longer than 4");
  EXPECT_EQ(with({"pong"}), "L7OK 0");
  def.expect = "on";
  EXPECT_EQ(with({"pong"}), "L7OK 0");
  EXPECT_EQ(with({"ping"}), "L7RSP | reply without what is expected");
}

}  // namespace
}  // namespace evenkeel::health
