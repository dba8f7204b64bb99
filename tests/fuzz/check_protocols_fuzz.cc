// room: health
// What a checked server or an agent answers: every check ends, and says no more than that once the answer is
// complete.
#include <algorithm>
#include <cstdint>
#include <string_view>
#include <vector>

#include "health/protocol/agent.h"
#include "health/protocol/http.h"
#include "health/protocol/ldap.h"
#include "health/protocol/mysql.h"
#include "health/protocol/pgsql.h"
#include "health/protocol/redis.h"
#include "health/protocol/smtp.h"
#include "health/protocol/spop.h"
#include "health/protocol/ssl_hello.h"
#include "health/protocol/tcp.h"
#include "health/script.h"
#include "tests/fuzz/check.h"

using namespace evenkeel;
using namespace evenkeel::health;

namespace {

ExpectStep expect(ExpectKind kind, std::string pattern, int min_recv = -1) {
  ExpectStep step;
  step.kind = kind;
  step.min_recv = min_recv;
  step.regex = *Regex::compile(pattern, false);
  step.pattern.literal = std::move(pattern);
  return step;
}

ExpectStep header() {
  ExpectStep step;
  step.kind = ExpectKind::http_header;
  step.header.name_match = TextMatch::prefix;
  step.header.name.literal = "x";
  step.header.value_match = TextMatch::substring;
  step.header.value.literal = "1";
  return step;
}

std::vector<BackendCheck> make_checks() {
  const auto check = [](CheckProtocol protocol, std::vector<CheckStep> steps) {
    BackendCheck made;
    made.protocol = protocol;
    made.steps = std::move(steps);
    return made;
  };
  return {
      check(CheckProtocol::mysql, mysql_steps("u", false)),
      check(CheckProtocol::pgsql, pgsql_steps("u")),
      check(CheckProtocol::redis, redis_steps()),
      check(CheckProtocol::smtp, smtp_steps("EHLO", "d")),
      check(CheckProtocol::ldap, ldap_steps()),
      check(CheckProtocol::ssl_hello, ssl_hello_steps()),
      check(CheckProtocol::spop, spop_steps()),
      check(CheckProtocol::http, http_steps({}, {}, false)),
      check(CheckProtocol::http, http_steps({}, {expect(ExpectKind::http_body, "ok")}, false)),
      check(CheckProtocol::http, http_steps({}, {header(), expect(ExpectKind::http_rbody, "o+k", 2)}, false)),
      check(CheckProtocol::tcp_check, with_connect({expect(ExpectKind::string, "ab"), SendStep{},
                                                    expect(ExpectKind::rbinary, "^00", 2)})),
  };
}

// The answer arrives in pieces of `piece` bytes; after the last one the server closes.
void run(Protocol& protocol, std::string_view answer, std::size_t piece) {
  std::string received;
  bool eof = false;
  // A script has few steps, and each wait takes at least a byte or the end.
  for (std::size_t rounds = answer.size() + 32; rounds > 0; --rounds) {
    const Step step = protocol.next(received, eof);
    if (step.kind == Step::Kind::done) {
      FUZZ_CHECK(result(step.verdict.status) != CheckResult::neutral ||
                 step.verdict.status == CheckStatus::checked);
      return;
    }
    if (step.kind != Step::Kind::receive) {
      received.clear();
      eof = false;
      continue;
    }
    FUZZ_CHECK(!eof);
    const std::size_t taken = std::min(piece, answer.size());
    eof = taken == 0;
    received.append(answer.substr(0, taken));
    answer.remove_prefix(taken);
  }
  FUZZ_CHECK(!"a check that does not end");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::vector<BackendCheck> checks = make_checks();
  if (size < 1 || size > 4096) return 0;
  const std::string_view answer(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::size_t which = data[0] % (checks.size() + 1);
  const std::size_t piece = data[0] < 128 ? answer.size() + 1 : 1 + data[0] % 7;
  if (which == checks.size()) {
    AgentProtocol agent("");
    run(agent, answer, piece);
    return 0;
  }
  Script script(checks[which], {"be", "s", nullptr});
  run(script, answer, piece);
  return 0;
}
