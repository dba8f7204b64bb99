// Every fetch and converter has a value that somebody other than its author has told: the RFCs, the manual,
// the oracle.
#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <span>
#include <sstream>

#include "rules/acl.h"
#include "rules/captures.h"
#include "rules/compile_env.h"
#include "rules/expression.h"
#include "rules/text.h"
#include "tests/rules/test_session.h"

namespace evenkeel::rules {
namespace {

struct Vector {
  std::string session;
  std::string expression;
  std::string expected;
};

std::vector<Vector> read_vectors() {
  std::vector<Vector> vectors;
  for (const char* const name : {"expressions.tsv", "catalog.tsv"}) {
    std::ifstream table(std::string(EVENKEEL_SOURCE_DIR "/tests/rules/vectors/") + name);
    EXPECT_TRUE(table) << name;
    for (std::string line; std::getline(table, line);) {
      if (line.empty() || line.front() == '#') continue;
      const std::size_t one = line.find('\t');
      const std::size_t two = line.rfind('\t');
      vectors.push_back({line.substr(0, one), line.substr(one + 1, two - one - 1), line.substr(two + 1)});
    }
  }
  return vectors;
}

// What the data plane would tell: each number is 1000 and its place in the list, so that no two are alike.
class KnowingSession final : public TestSession {
 public:
  using TestSession::TestSession;
  std::optional<std::int64_t> number(Number what, std::string_view name) const override {
    if (name == "nobody") return std::nullopt;
    return 1000 + static_cast<std::int64_t>(what);
  }
  std::optional<std::string_view> text(Text what) const override {
    static const std::string kTexts[] = {"text0", "text1", "text2", "text3",  "text4",  "text5", "text6",
                                         "text7", "text8", "text9", "text10", "text11", "text12"};
    return kTexts[static_cast<std::size_t>(what)];
  }
  std::optional<std::string_view> proxy_field(std::uint8_t type) const override {
    return type == 2 ? std::optional<std::string_view>("authority") : std::nullopt;
  }
  Address server_end(bool ours) const override {
    return *Address::from_ip(ours ? "192.0.2.1" : "192.0.2.2", ours ? 1 : 80);
  }
  std::string saved_syn() override { return std::string("\x45\0\0", 3); }
  std::string debug_state(bool server_side, std::int64_t layers) override {
    return (server_side ? "back " : "front ") + std::to_string(layers);
  }
  std::string_view unique_id() override { return "id-1"; }
  std::uint64_t random() override { return 0x0123456789abcdefU; }
};

constexpr std::string_view kRequest =
    "POST http://192.0.2.9:81/a/b?x=1&y=two HTTP/1.1\r\nHost: 192.0.2.9:81\r\nX: one, two\r\nN: 42\r\n"
    "X-IP: 192.0.2.7\r\nCookie: a=1; b=2\r\nAuthorization: Basic dXNlcjpwYXNz\r\nContent-Length: "
    "9\r\n\r\nk=v&n=123";
constexpr std::string_view kBasic = "GET / HTTP/1.1\r\nHost: h\r\nAuthorization: Basic dXNlcjpwYXNz\r\n\r\n";
constexpr std::string_view kBearer = "GET / HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer tok.en\r\n\r\n";
constexpr std::string_view kResponse =
    "HTTP/1.1 404 Gone\r\nServer: s, t\r\nN: 7\r\nX-IP: 2001:db8::1\r\nSet-Cookie: c=3; Path=/\r\n\r\n";

// A request, a response and their connections, all at once: the scopes say where a fetch has a meaning, and
// are tested elsewhere.
struct World {
  explicit World(const std::string& name)
      : session(name == "bearer" ? kBearer : (name == "basic" ? kBasic : kRequest)) {
    response_text = std::string(kResponse);
    EXPECT_TRUE(
        http::parse_response_head({response_text.data(), response_text.size()}, http::Limits{}, response)
            .is_complete());
    response.headers.rebase(response_text.data());
    session.response = &response;
    session.response_body = {"answer", true};
    session.response_body_size = 6;
    session.fc_src = &session.src;
    session.fc_dst = &session.dst;
    session.captured_response_version = "HTTP/1.1";
    session.inspection_ended = true;
    session.last_rule_file = "t.cfg";
    session.last_rule_line = 12;
    session.waiting_rule_file = "t.cfg";
    session.waiting_rule_line = 13;
    session.session_record.compressed_with = "gzip";
    session.session_record.cache_hit = "static";
    session.session_record.accepted_wall_us = session.session_record.request_wall_us = 1'700'000'000'123'456;
    requests.values = {std::string("kept"), std::nullopt};
    responses.values = {std::string("kept too")};
    session.request_captures = &requests;
    session.response_captures = &responses;
    if (name == "hello" || name == "rdp" || name == "bytes" || name == "distcc") see_bytes(name);
    if (name == "response") session.in_response = true;
  }

  void see_bytes(const std::string& name) {
    static const std::string kDistcc =
        "DIST00000001ARGC00000002ARGV00000003gccARGV00000002-cDOTI00000004code";
    static const std::string kRdp(
        "\x03\x00\x00\x2a\x25\xe0\x00\x00\x00\x00\x00"
        "Cookie: mstshash=user\r\n",
        34);
    session.mode_http = false;
    session.request = nullptr;
    if (name == "hello") {
      std::ifstream file(EVENKEEL_SOURCE_DIR "/tests/rules/vectors/client_hello.hex");
      std::string hex;
      EXPECT_TRUE(std::getline(file, hex));
      EXPECT_TRUE(text::unhex(hex, bytes));
    } else {
      bytes = name == "rdp" ? kRdp : (name == "distcc" ? kDistcc : std::string("\x02hello", 6));
    }
    session.request_bytes = session.response_bytes = {bytes, true};
  }

  KnowingSession session;
  http::ResponseHead response;
  std::string response_text;
  std::string bytes;
  CaptureSlots requests, responses;
};

std::string value_of(const std::string& text, EvalContext& ctx, CompileEnv& env) {
  const auto expression = Expression::compile(text, env);
  if (!expression) return "error: " + expression.error().message;
  Sample sample;
  if (!expression->eval(ctx, sample)) return "(none)";
  return std::string(as_text(sample, *ctx.scratch));
}

void prepare_env(CompileEnv& env) {
  env.read_file = [](const std::string& path, std::string& content) {
    if (path == "m.map") content = "key value\n";
    if (path == "i.map") content = "key 7\n";
    if (path == "a.map") content = "key 10.0.0.1\n";
    if (path == "int.map") content = "1 7\n";
    if (path == "int-ip.map") content = "1 10.0.0.1\n";
    if (path == "ip.map") content = "127.0.0.0/8 7\n";
    if (path == "ip-ip.map") content = "127.0.0.0/8 10.0.0.1\n";
    const bool known = path.ends_with(".map");
    return known || CompileEnv::read_from_disk(EVENKEEL_SOURCE_DIR "/tests/rules/vectors/" + path, content);
  };
  env.request_captures = {64, 64};
  env.response_captures = {64};
  auto list = std::make_shared<Userlist>();
  User user;
  user.name = "user";
  user.password = "pass";
  user.encrypted = false;
  user.groups = {"admins"};
  list->name = "users";
  list->groups = {"admins"};
  list->users.push_back(std::move(user));
  env.userlists.add(list);
}

TEST(Vectors, AreWhatTheCatalogAnswers) {
  int wrong = 0;
  for (const Vector& vector : read_vectors()) {
    if (vector.session == "plain" || vector.session == "post") continue;  // expression_test.cc asks these
    CompileEnv env;
    prepare_env(env);
    World world(vector.session);
    AclTable acls;
    const std::string_view lines[][3] = {{"posted", "method", "POST"}, {"nobody", "always_false", ""}};
    for (const auto& line : lines) {
      Words words(std::span<const std::string_view>(line).first(line[2].empty() ? 2 : 3));
      ASSERT_TRUE(acls.declare(words, env, 1));
    }
    env.acls = &acls;
    const std::string value = value_of(vector.expression, world.session, env);
    if (value != vector.expected && ++wrong < 200)
      ADD_FAILURE() << vector.session << ' ' << vector.expression << "\n  expected " << vector.expected
                    << "\n  got      " << value;
  }
  EXPECT_EQ(wrong, 0);
}

TEST(Vectors, LeaveNoFetchAndNoConverterOut) {
  std::set<std::string, std::less<>> fetches;
  std::set<std::string, std::less<>> converters;
  for (const Vector& vector : read_vectors()) {
    std::string_view rest = vector.expression;
    int depth = 0;
    char quote = 0;
    std::string name;
    bool first = true;
    const auto finish = [&] {
      (first ? fetches : converters).insert(name);
      first = false;
      name.clear();
    };
    for (const char c : rest) {
      if (quote != 0) {
        if (c == quote) quote = 0;
      } else if (c == '\'' || c == '"') {
        quote = c;
      } else if (c == '(') {
        ++depth;
      } else if (c == ')') {
        --depth;
      } else if (depth == 0 && c == ',') {
        finish();
      } else if (depth == 0) {
        name += c;
      }
    }
    finish();
  }
  for (const auto& family : fetch_families()) {
    for (const FetchSpec& spec : family)
      EXPECT_TRUE(fetches.contains(spec.name)) << "no vector for the fetch " << spec.name;
  }
  for (const auto& family : converter_families()) {
    for (const ConverterSpec& spec : family)
      EXPECT_TRUE(converters.contains(spec.name)) << "no vector for the converter " << spec.name;
  }
}

}  // namespace
}  // namespace evenkeel::rules
