// The cases of tests/e2e/smuggling, judged without a socket: never more messages taken than HAProxy takes.
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "http/chunked.h"
#include "http/framing.h"
#include "http/parser.h"

namespace evenkeel::http {
namespace {

const std::string kFolder = std::string(EVENKEEL_SOURCE_DIR) + "/tests/e2e/smuggling/";

struct Case {
  std::string kind;
  std::string name;
  std::string data;
};

char unescape(const std::string& s, std::size_t& i) {
  if (s[i] != '\\') return s[i];
  switch (s[++i]) {
    case 'r':
      return '\r';
    case 'n':
      return '\n';
    case 't':
      return '\t';
    case 'x': {
      const char c = static_cast<char>(std::stoi(s.substr(i + 1, 2), nullptr, 16));
      i += 2;
      return c;
    }
    default:
      return s[i];
  }
}

std::string replace_all(std::string text, const std::string& from, const std::string& to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
    text.replace(at, from.size(), to);
  }
  return text;
}

// "..."*7 "..." as in cases.txt.
std::string read_pieces(const std::string& line, std::size_t i) {
  std::string data;
  while ((i = line.find('"', i)) != std::string::npos) {
    std::string piece;
    for (++i; line[i] != '"'; ++i) piece += unescape(line, i);
    ++i;
    int times = 1;
    if (i < line.size() && line[i] == '*') times = std::stoi(line.substr(i + 1));
    while (times-- > 0) data += piece;
  }
  data = replace_all(data, "{H}", "Host: a\r\n");
  return replace_all(data, "{NEXT}", "GET /next HTTP/1.1\r\nHost: a\r\n\r\n");
}

std::vector<Case> read_cases() {
  std::vector<Case> cases;
  std::ifstream file(kFolder + "cases.txt");
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line[0] == '#') continue;
    const std::size_t kind_end = line.find(' ');
    const std::size_t name = line.find_first_not_of(' ', kind_end);
    const std::size_t name_end = line.find(' ', name);
    cases.push_back(
        {line.substr(0, kind_end), line.substr(name, name_end - name), read_pieces(line, name_end)});
  }
  return cases;
}

struct Recorded {
  int requests = 0;
  int status = 0;  // of the first response; 0: none that could be read
};

std::map<std::string, Recorded> read_recorded() {
  std::map<std::string, Recorded> all;
  std::ifstream file(kFolder + "haproxy-2.6.txt");
  for (std::string line; std::getline(file, line);) {
    if (line[0] == '#') continue;
    Recorded& r = all[line.substr(0, line.find(' '))];
    r.requests = std::stoi(line.substr(line.find("\"requests\": ") + 12));
    const std::size_t responses = line.find("\"responses\": [[");
    if (responses != std::string::npos) r.status = std::atoi(line.c_str() + responses + 15);
  }
  return all;
}

// Skips a body; false when it is incomplete or bad.
bool skip_body(const Framing& f, std::span<char>& bytes, const Limits& limits) {
  if (f.kind == BodyKind::length) {
    if (bytes.size() < f.length) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(f.length));
  }
  if (f.kind != BodyKind::chunked) return true;
  ChunkDecoder decoder(limits);
  for (;;) {
    const ChunkDecoder::Step step = decoder.next(bytes);
    if (step.kind == ChunkDecoder::Kind::bad || step.kind == ChunkDecoder::Kind::need_more) return false;
    bytes = bytes.subspan(step.consumed);
    if (step.kind == ChunkDecoder::Kind::end) return true;
  }
}

// How many requests of this stream would be forwarded whole, with a buffer of tune.bufsize.
int taken_requests(std::string stream) {
  int taken = 0;
  for (std::span<char> bytes(stream); !bytes.empty();) {
    RequestHead head;
    const auto room = bytes.first(std::min<std::size_t>(bytes.size(), 16384 - 1024));
    const ParseResult r = parse_request_head(room, {}, head);
    if (!r.is_complete()) break;
    const Framing f = frame_request(head);
    if (f.error != ErrorCode::none) break;
    bytes = bytes.subspan(r.offset);
    if (head.method == Method::connect) return taken + 1;
    if (!skip_body(f, bytes, {})) break;
    ++taken;
    if (!f.keep_alive) break;
  }
  return taken;
}

// The status that the client would see first: of the response, or 502. Interim ones are passed over.
int answered_status(const std::string& kind, std::string stream) {
  RequestFacts facts;
  if (kind == "head") facts.method = Method::head;
  if (kind == "connect") facts.method = Method::connect;
  facts.upgrade = kind == "upgrade";
  std::span<char> bytes(stream);
  for (;;) {
    ResponseHead head;
    const auto room = bytes.first(std::min<std::size_t>(bytes.size(), 16384 - 1024));
    const ParseResult r = parse_response_head(room, kResponseLimits, head);
    if (!r.is_complete()) return 502;
    const Framing f = frame_response(head, facts);
    if (f.error != ErrorCode::none) return 502;
    bytes = bytes.subspan(r.offset);
    if (head.status < 200 && head.status != 101) continue;
    return head.status;
  }
}

TEST(Smuggling, IsNeverEasierThanWithHaproxy) {
  const std::map<std::string, Recorded> recorded = read_recorded();
  int stricter = 0;
  int count = 0;
  for (const Case& c : read_cases()) {
    ASSERT_TRUE(recorded.contains(c.name)) << c.name;
    const Recorded& oracle = recorded.at(c.name);
    ++count;
    if (c.kind == "request") {
      const int taken = taken_requests(c.data);
      EXPECT_LE(taken, oracle.requests) << c.name;
      stricter += taken < oracle.requests ? 1 : 0;
      continue;
    }
    const int status = answered_status(c.kind, c.data);
    // A bad body behind a good head: the head may have been forwarded before the body was seen.
    if (oracle.status == 502 && c.name.starts_with("r-chunk")) continue;
    if (oracle.status == 502) {
      EXPECT_EQ(status, 502) << c.name;
    }
    stricter += status == 502 && oracle.status != 502 ? 1 : 0;
  }
  EXPECT_GE(count, 150);
  std::printf("%d cases, in %d of them stricter than HAProxy\n", count, stricter);
}

}  // namespace
}  // namespace evenkeel::http
