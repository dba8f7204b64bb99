// room: health
// Answers to option dns-check: only one to our question passes, and names do not make questions too long.
#include <string>

#include "health/protocol/dns.h"
#include "tests/fuzz/check.h"

using namespace evenkeel::health;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  const DnsQuestion question{1, "www.example.org", 0x1234};
  const CustomVerdict verdict = judge_dns_reply(bytes, question);
  FUZZ_CHECK(verdict.kind != CustomVerdict::Kind::need_more);
  FUZZ_CHECK(verdict.kind != CustomVerdict::Kind::pass ||
             (bytes.substr(0, 2) == "\x12\x34" && bytes.size() >= 12));
  // The input as a name: what is taken can be asked, and its echo is an answer.
  DnsQuestion own{28, bytes, 7};
  const std::string name = dns_name(bytes);
  FUZZ_CHECK(name.size() <= 255);
  if (!name.empty()) {
    std::string echo = dns_query(own);
    FUZZ_CHECK(judge_dns_reply(echo, own).kind == CustomVerdict::Kind::fail);
    echo[2] = static_cast<char>(0x80);
    FUZZ_CHECK(judge_dns_reply(echo, own).kind == CustomVerdict::Kind::pass);
  }
  (void)dns_type(bytes);
  return 0;
}
