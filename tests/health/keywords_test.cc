// What is accepted and what is refused was compared with "haproxy -c" 2.6.12 line by line; rows that differ
// say why.
#include "health/keywords.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "tests/health/script_player.h"

namespace evenkeel::health {
namespace {

conf::Statement statement(const std::string& line) {
  conf::Statement out;
  out.file = std::make_shared<conf::SourceFile>("t.cfg", line + "\n");
  out.line = 1;
  out.words = conf::lex_line(line, {}).words;
  if (out.words.size() > 1 && out.words[0].text == "no") {
    out.prefix = conf::Prefix::no;
    out.words.erase(out.words.begin());
  }
  return out;
}

struct ServerLine {
  CheckDef def;
  std::string errors;
};

ServerLine server(const std::string& options) {
  static const conf::KeywordTable<CheckDef> table(server_keywords());
  ServerLine out;
  conf::Diagnostics diagnostics;
  const conf::Statement line = statement(options);
  conf::Args args(line, conf::SectionKind::backend, diagnostics);
  while (!args.at_end()) {
    const auto match = table.find(args);
    if (match.keyword == nullptr) {
      args.error_here("unknown");
      break;
    }
    args.begin_keyword(match.words);
    match.keyword->apply(out.def, args);
    if (args.failed()) break;
  }
  for (const auto& d : diagnostics.all()) {
    if (d.severity == conf::Severity::error) out.errors += d.message + "\n";
  }
  return out;
}

struct ProxyLines {
  CheckSection section;
  BackendCheck check;
  std::string errors;
  std::string warnings;
};

ProxyLines proxy(const std::vector<std::string>& lines, const CheckSection* defaults = nullptr) {
  static const conf::KeywordTable<CheckSection> table(proxy_keywords());
  ProxyLines out;
  if (defaults != nullptr) out.section = defaults->inherit();
  conf::Diagnostics diagnostics;
  for (const std::string& text : lines) {
    const conf::Statement line = statement(text);
    conf::Args args(line, conf::SectionKind::backend, diagnostics);
    if (conf::apply_statement(table, out.section, args) == conf::Applied::unknown) out.errors += "unknown\n";
  }
  out.check = out.section.finish("b", {}, diagnostics);
  for (const auto& d : diagnostics.all()) {
    (d.severity == conf::Severity::error ? out.errors : out.warnings) += d.message + "\n";
  }
  return out;
}

TEST(ServerWords, AreAccepted) {
  for (const char* line : {
           "check",
           "check inter 2s",
           "check rise 2 fall 3",
           "check port 0",
           "check port 65535",
           "check addr 127.0.0.2",
           "check addr 127.0.0.2:80",
           "check addr localhost",
           "agent-check agent-port 80",
           "agent-inter 2s",
           "agent-addr 127.0.0.1 agent-check agent-port 1",
           "agent-send foo agent-check agent-port 1",
           "observe layer4",
           "check observe layer7",
           "check observe none",
           "check error-limit 3",
           "check on-error fastinter",
           "on-error mark-down",
           "check check-send-proxy",
           "check check-proto none",
           "no-check",
           "no-agent-check",
           "no-check-ssl",
           "no-check-send-proxy",
           "check inter 1ms",
           "check inter 100us",
           "check rise 100000",
           "check init-state fully-down",
       }) {
    EXPECT_EQ(server(line).errors, "") << line;
  }
}

TEST(ServerWords, AreRefused) {
  for (const char* line : {
           "check inter 0",
           "check inter abc",
           "check inter",
           "check inter 5x",
           "check fastinter 0",
           "check downinter 0",
           "check rise 0",
           "check rise -1",
           "check rise abc",
           "check fall 0",
           "check addr",
           "agent-inter 0",
           "agent-send",
           "check observe layer9",
           "check observe",
           "error-limit 0",
           "check error-limit -1",
           "check on-error bogus",
           "check check-proto bogus",
           "check inter 60d",
           "check init-state sideways",
           // HAProxy takes these for 65536, 0 and 1.
           "check port 65536",
           "check port abc",

           // Known to HAProxy; not done here.
           "check check-proto h2",
           "check check-via-socks4",
           "check check-ssl",
       }) {
    EXPECT_NE(server(line).errors, "") << line;
  }
}

TEST(ServerWords, FillTheDefinition) {
  const CheckDef def =
      server(
          "check inter 3s fastinter 500 downinter 1m rise 4 fall 5 port 81 addr 127.0.0.9 observe "
          "layer7 error-limit 7 on-error sudden-death init-state down check-send-proxy agent-check "
          "agent-inter 7s agent-port 99 agent-send hi")
          .def;
  EXPECT_TRUE(def.enabled);
  EXPECT_EQ(def.intervals.inter, 3000);
  EXPECT_EQ(def.intervals.fastinter, 500);
  EXPECT_EQ(def.intervals.downinter, 60'000);
  EXPECT_EQ(def.rise, 4);
  EXPECT_EQ(def.fall, 5);
  EXPECT_EQ(def.port, 81);
  ASSERT_TRUE(def.addr.has_value());
  EXPECT_EQ(def.addr->ip_string(), "127.0.0.9");
  EXPECT_EQ(def.observe, Observe::layer7);
  EXPECT_EQ(def.error_limit, 7);
  EXPECT_EQ(def.on_error, OnError::sudden_death);
  EXPECT_EQ(def.init_state, InitState::down);
  EXPECT_TRUE(def.send_proxy);
  EXPECT_TRUE(def.agent.enabled);
  EXPECT_EQ(def.agent.inter, 7000);
  EXPECT_EQ(def.agent.port, 99);
  EXPECT_EQ(def.agent.send, "hi");
  EXPECT_EQ(def.agent.addr->ip_string(), "127.0.0.9");
  EXPECT_EQ(server("check addr host.example").def.addr_name, "host.example");
}

TEST(ServerWords, AreJudgedWithTheirBackend) {
  BackendCheck tcp;
  BackendCheck http;
  http.protocol = CheckProtocol::http;
  EXPECT_NE(why_unusable(server("agent-check").def, tcp), "");
  EXPECT_EQ(why_unusable(server("agent-check agent-port 1").def, tcp), "");
  EXPECT_NE(why_unusable(server("check check-proto h1").def, tcp), "");
  EXPECT_EQ(why_unusable(server("check check-proto h1").def, http), "");
  EXPECT_NE(why_unusable(server("check check-proto none").def, http), "");
}

struct Holder {
  CheckDef check;
};
CheckDef& check_of(Holder& holder) { return holder.check; }

TEST(ServerWords, CanBeLiftedIntoABiggerTable) {
  static const auto words = lift_server_keywords<Holder, &check_of>();
  Holder holder;
  conf::Diagnostics diagnostics;
  const conf::Statement line = statement("rise 9");
  conf::Args args(line, conf::SectionKind::backend, diagnostics);
  conf::KeywordTable<Holder> table{{std::span<const conf::Keyword<Holder>>(words)}};
  const auto match = table.find(args);
  ASSERT_NE(match.keyword, nullptr);
  args.begin_keyword(match.words);
  match.keyword->apply(holder, args);
  EXPECT_EQ(holder.check.rise, 9);
}

TEST(ProxyWords, AreAccepted) {
  for (const char* line : {
           "option tcp-check",
           "option httpchk",
           "option httpchk /",
           "option httpchk GET /",
           "option httpchk GET / HTTP/1.1",
           "option httpchk GET / FOO",
           "option mysql-check",
           "option mysql-check user u",
           "option mysql-check user u pre-41",
           "option pgsql-check user u",
           "option redis-check",
           "option smtpchk",
           "option smtpchk HELO",
           "option smtpchk HELO d",
           "option smtpchk FOO d",
           "option ldap-check",
           "option ssl-hello-chk",
           "option spop-check",
           "option log-health-checks",
           "no option log-health-checks",
           "external-check command /bin/true",
           "external-check path /bin",
           "tcp-check connect",
           "tcp-check connect port 80",
           "tcp-check connect port int(80)",
           "tcp-check connect addr 127.0.0.1",
           "tcp-check connect send-proxy linger default comment x",
           "tcp-check connect proto none",
           "tcp-check send foo",
           "tcp-check send foo comment bar",
           "tcp-check send-lf abc",
           "tcp-check send-binary 00",
           "tcp-check send-binary 00 comment x",
           "tcp-check comment foo",
           "tcp-check expect string foo",
           "tcp-check expect ! string foo",
           "tcp-check expect !string foo",
           "tcp-check expect ! ! string foo",
           "tcp-check expect rstring foo",
           "tcp-check expect binary 00ff",
           "tcp-check expect rbinary ^00",
           "tcp-check expect string-lf foo",
           "tcp-check expect binary-lf 00",
           "tcp-check expect min-recv 5 string foo",
           "tcp-check expect min-recv -1 string foo",
           "tcp-check expect string foo min-recv 5",
           "tcp-check expect string foo comment bar",
           "tcp-check expect ok-status L7OK string foo",
           "tcp-check expect error-status L7STS string foo",
           "tcp-check expect tout-status L6TOUT string foo",
           "tcp-check expect on-success foo string foo",
           "tcp-check expect on-error foo string foo",
           "tcp-check expect status-code int(3) string foo",
           "tcp-check set-var(check.x) str(a)",
           "tcp-check set-var(sess.x) int(3)",
           "tcp-check unset-var(check.x)",
           "tcp-check set-var-fmt(check.x) abc",
           "http-check disable-on-404",
           "http-check send-state",
           "http-check connect",
           "http-check connect port 80 proto h1",
           "http-check comment x",
           "http-check send",
           "http-check send meth GET",
           "http-check send uri / uri-lf /",
           "http-check send ver FOO",
           "http-check send hdr a b hdr c d",
           "http-check send body x body-lf y",
           "http-check send comment x",
           "http-check expect status 200-399",
           "http-check expect status 200,300-310",
           "http-check expect status 200,",
           "http-check expect status ,200",
           "http-check expect rstatus ^2",
           "http-check expect string foo",
           "http-check expect ! status 200",
           "http-check expect hdr name x",
           "http-check expect hdr name x value y",
           "http-check expect hdr name -m beg x value -m reg y",
           "http-check expect hdr name-lf x",
           "http-check expect hdr name x value-lf y",
           "http-check expect fhdr name x",
           "http-check expect hdr name x comment foo",
           "http-check expect comment foo hdr name x value -m end z",
           "http-check expect ok-status L7OKC status 200",
           "http-check set-var(check.x) str(a)",
       }) {
    EXPECT_EQ(proxy({line}).errors, "") << line;
  }
}

TEST(ProxyWords, AreRefused) {
  for (const char* line : {
           "option tcp-check foo",
           "no option tcp-check",
           "option httpchk GET / HTTP/1.1 foo",
           "no option httpchk",
           "option mysql-check user",
           "option mysql-check user u foo",
           "option mysql-check foo",
           "option mysql-check user u post-41 x",
           "option pgsql-check",
           "option pgsql-check user",
           "option pgsql-check user u x",
           "option pgsql-check foo u",
           "option redis-check x",
           "option smtpchk HELO d x",
           "option ldap-check x",
           "option ssl-hello-chk x",
           "option spop-check x",
           "option external-check",
           "option external-check x",
           "option log-health-checks x",
           "external-check command",
           "external-check command /bin/true x",
           "external-check path",
           "tcp-check",
           "tcp-check foo",
           "tcp-check connect port 0",
           "tcp-check connect port 70000",
           "tcp-check connect port abc",
           "tcp-check connect port",
           "tcp-check connect addr nosuch.invalid",
           "tcp-check connect foo",
           "tcp-check connect proto h2",
           "tcp-check connect comment",
           "tcp-check send",
           "tcp-check send foo bar",
           "tcp-check send \"\"",
           "tcp-check send foo comment",
           "tcp-check send foo comment a b",
           "tcp-check send-lf \"%[\"",
           "tcp-check send-lf",
           "tcp-check send-binary 0",
           "tcp-check send-binary zz",
           "tcp-check send-binary",
           "tcp-check comment",
           "tcp-check comment \"\"",
           "tcp-check expect",
           "tcp-check expect string",
           "tcp-check expect string \"\"",
           "tcp-check expect string foo bar",
           "tcp-check expect !",
           "tcp-check expect rstring (",
           "tcp-check expect binary 0",
           "tcp-check expect binary zz",
           "tcp-check expect rbinary (",
           "tcp-check expect status 200",
           "tcp-check expect hdr name x",
           "tcp-check expect foo bar",
           "tcp-check expect string foo string bar",
           "tcp-check expect min-recv -2 string foo",
           "tcp-check expect min-recv string foo",
           "tcp-check expect comment string foo",
           "tcp-check expect ok-status L7STS string foo",
           "tcp-check expect error-status L7OK string foo",
           "tcp-check expect tout-status L7OK string foo",
           "tcp-check expect on-success \"%[\" string foo",
           "tcp-check expect status-code foo string foo",
           "tcp-check expect min-recv 5",
           "tcp-check set-var(check.x)",
           "tcp-check set-var(foo) str(a)",
           "tcp-check set-var check.x",
           "tcp-check set-var()",
           "tcp-check set-var(check.x) nosuch",
           "http-check",
           "http-check foo",
           "http-check disable-on-404 x",
           "http-check send-state x",
           "http-check connect proto none",
           "http-check send meth",
           "http-check send hdr a",
           "http-check send hdr",
           "http-check send foo",
           "http-check send hdr a \"b%[\"",
           "http-check expect",
           "http-check expect status",
           "http-check expect status abc",
           "http-check expect status 300-200",
           "http-check expect status 200-",
           "http-check expect rstatus (",
           "http-check expect rstring (",
           "http-check expect binary 00",
           "http-check expect hdr",
           "http-check expect hdr name",
           "http-check expect hdr name x value",
           "http-check expect hdr value y",
           "http-check expect hdr name -m foo x",
           "http-check expect hdr name-lf -m reg x",
           "http-check expect hdr name -m reg (",
           "http-check expect fhdr name x value -m len 3",
           "http-check expect hdr x",
           "http-check expect hdr name -i x",
           // HAProxy lets these through to the wire.
           "http-check send meth \"G T\"",
           "http-check send uri \"/a b\"",
           "http-check send hdr \"a b\" c",
           // HAProxy ignores the rest.
           "tcp-check comment foo bar",
           "tcp-check unset-var(check.x) a",
           // Accepted by HAProxy; not done here.
           "tcp-check connect via-socks4",
           "tcp-check send-lf \"a%[be_name]\"",
           "tcp-check set-var(proc.x) str(a)",
           "tcp-check connect ssl",
       }) {
    EXPECT_NE(proxy({line}).errors, "") << line;
  }
}

TEST(ProxyWords, MakeTheRequestsOfHaproxy) {
  const auto sent = [](const std::vector<std::string>& lines) {
    const ProxyLines read = proxy(lines);
    EXPECT_EQ(read.errors, "") << lines[0];
    return play(read.check, {}).sent;
  };
  EXPECT_EQ(sent({"option httpchk"}), "OPTIONS / HTTP/1.0\r\n\r\n");
  EXPECT_EQ(sent({"option httpchk /uri"}), "OPTIONS /uri HTTP/1.0\r\n\r\n");
  EXPECT_EQ(sent({"option httpchk GET /x"}), "GET /x HTTP/1.0\r\n\r\n");
  EXPECT_EQ(sent({"option httpchk GET /x HTTP/1.1", "http-check send hdr Host www hdr x-y z body hello"}),
            "GET /x HTTP/1.1\r\nhost: www\r\nx-y: z\r\ncontent-length: 5\r\nconnection: close\r\n\r\nhello");
  EXPECT_EQ(sent({"option httpchk",
                  "http-check send meth POST uri /a?b ver HTTP/1.1 hdr HOST a.b hdr Connection "
                  "keep-alive hdr content-length 3 body abc"}),
            "POST /a?b HTTP/1.1\r\nhost: a.b\r\ncontent-length: 3\r\n\r\nabc");
  EXPECT_EQ(sent({"option httpchk GET / HTTP/1.1\\r\\nHost:\\ www\\r\\nX:\\ y"}),
            "GET / HTTP/1.1\r\nhost: www\r\nx: y\r\nconnection: close\r\n\r\n");
  EXPECT_EQ(sent({"option tcp-check", "tcp-check send PING\\r\\n", "tcp-check send-binary 00fF41"}),
            std::string("PING\r\n\0\xff"
                        "A",
                        9));
  EXPECT_EQ(sent({"option smtpchk EHLO d.org"}), "");
}

TEST(ProxyWords, WarnOfTheOldForm) {
  EXPECT_NE(proxy({"option httpchk GET / HTTP/1.1\\r\\nHost:\\ www"}).warnings, "");
  EXPECT_EQ(proxy({"option httpchk GET / HTTP/1.1"}).warnings, "");
}

TEST(ProxyWords, WarnOfRulesWithoutEffect) {
  EXPECT_NE(proxy({"tcp-check connect"}).warnings, "");
  EXPECT_NE(proxy({"option tcp-check", "http-check expect status 200"}).warnings, "");
  EXPECT_NE(proxy({"external-check command /bin/true"}).warnings, "");
  EXPECT_EQ(proxy({"option tcp-check", "tcp-check connect"}).warnings, "");
}

TEST(ProxyWords, WantConnectFirst) {
  EXPECT_NE(proxy({"option tcp-check", "tcp-check send x", "tcp-check connect"}).errors, "");
  EXPECT_EQ(proxy({"option tcp-check", "tcp-check comment a", "tcp-check set-var(check.x) str(a)",
                   "tcp-check connect", "tcp-check send x", "tcp-check connect port 1"})
                .errors,
            "");
  EXPECT_NE(proxy({"option httpchk", "http-check expect status 200", "http-check connect"}).errors, "");
}

TEST(ProxyWords, OwnRulesReplaceThoseOfDefaults) {
  const ProxyLines defaults = proxy({"option tcp-check", "tcp-check send old"});
  EXPECT_EQ(play(proxy({}, &defaults.section).check, {}).sent, "old");
  EXPECT_EQ(play(proxy({"tcp-check send new", "tcp-check send er"}, &defaults.section).check, {}).sent,
            "newer");
  EXPECT_EQ(proxy({"option httpchk"}, &defaults.section).warnings, "");
}

}  // namespace
}  // namespace evenkeel::health
