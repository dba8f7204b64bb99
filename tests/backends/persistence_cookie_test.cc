#include "backends/persistence_cookie.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

namespace evenkeel::backends {
namespace {

constexpr std::int64_t kNow = 1'800'000'000;  // a multiple of four

std::vector<std::string> split(const std::string& text, char by) {
  std::vector<std::string> out{""};
  for (const char c : text) {
    if (c == by) {
      out.emplace_back();
    } else {
      out.back() += c;
    }
  }
  return out;
}
std::vector<std::string> fields_of(const std::string& text) {
  return text.empty() ? std::vector<std::string>{} : split(text, '^');
}

// {n}: a date n seconds from now.
std::string with_dates(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::size_t end = text[i] == '{' ? text.find('}', i) : std::string::npos;
    if (end == std::string::npos) {
      out += text[i];
    } else {
      out += encode_cookie_date(kNow + std::stoll(text.substr(i + 1, end - i - 1)));
      i = end;
    }
  }
  return out;
}

CookieDef definition(const std::string& text) {
  CookieDef def{.name = "SRV"};
  std::istringstream words(text);
  std::string word;
  const auto value = [&] {
    words >> word;
    if (word.front() == '"') {
      std::string rest;
      std::getline(words, rest, '"');
      word = word.substr(1) + rest;
    }
    return word;
  };
  const auto seconds = [&] {
    const std::string text = value();
    return static_cast<std::uint32_t>(std::stoul(text) * (text.back() == 'h' ? 3600 : 60));
  };
  while (words >> word) {
    if (word == "rewrite") def.mode = CookieMode::rewrite;
    if (word == "insert") def.mode = CookieMode::insert;
    if (word == "prefix") def.mode = CookieMode::prefix;
    if (word == "indirect") def.indirect = true;
    if (word == "nocache") def.nocache = true;
    if (word == "postonly") def.postonly = true;
    if (word == "preserve") def.preserve = true;
    if (word == "httponly") def.httponly = true;
    if (word == "secure") def.secure = true;
    if (word == "domain") def.domains.push_back(value());
    if (word == "attr") def.attributes.push_back(value());
    if (word == "maxidle") def.maxidle = seconds();
    if (word == "maxlife") def.maxlife = seconds();
  }
  return def;
}

// Three servers that are only addresses: the functions under test never look inside.
alignas(64) char servers[3];
Server* server(int i) { return reinterpret_cast<Server*>(&servers[i]); }

struct Row {
  explicit Row(const std::vector<std::string>& f)
      : definition(f[0]),
        method(f[1]),
        status(std::stoi(f[2])),
        cookies(fields_of(f[3])),
        fields(fields_of(f[4])),
        server(std::stoi(f[5])),
        seen(fields_of(f[6])),
        response(fields_of(f[7])),
        letters(f[8]) {}
  std::string definition, method;
  int status;
  std::vector<std::string> cookies, fields;
  int server;
  std::vector<std::string> seen, response;
  std::string letters;
};

std::string join(const std::vector<std::string>& parts) {
  std::string out;
  for (const std::string& part : parts) out += (out.empty() ? "" : " ^ ") + with_dates(part);
  return out;
}
std::string join(const http::HeaderBlock& headers, bool names) {
  std::string out;
  for (std::size_t i = 0; i < headers.size(); ++i) {
    out += out.empty() ? "" : " ^ ";
    if (names) out.append(headers.name(i)).append(": ");
    out.append(headers.value(i));
  }
  return out;
}

std::string trimmed(std::string_view text) { return std::string(http::trim_ows(text)); }

// What we do with the row: server asked for, Cookie fields, response fields, letters.
std::string ours(const Row& row) {
  const bool down = row.definition.find("down") != std::string::npos;
  const CookieDef def = definition(row.definition);
  http::HeaderBlock request;
  for (const std::string& cookie : row.cookies) request.add("cookie", trimmed(with_dates(cookie)));
  CookieState state = read_request_cookie(def, request, kNow, row.definition.starts_with("persist"),
                                          [&](std::string_view value) -> CookieMatch {
                                            if (value == "A") return {server(0), !down};
                                            if (value == "B") return {server(1), true};
                                            return {};
                                          });
  http::ResponseHead head;
  head.status = static_cast<std::uint16_t>(row.status);
  for (const std::string& field : row.fields) {
    const std::size_t colon = field.find(':');
    head.headers.add(field.substr(0, colon), trimmed(field.substr(colon + 1)));
  }
  constexpr std::string_view kValues[] = {"A", "B", ""};
  edit_response_cookies(def, state, head,
                        {.method = http::method_of(row.method),
                         .server_cookie = kValues[row.server],
                         .direct = state.server == server(row.server),
                         .now = kNow});
  const std::string asked = state.server == nullptr              ? "any"
                            : state.server == server(row.server) ? "same"
                                                                 : "other";
  const std::string letters =
      def.logged() ? std::string{static_cast<char>(state.request), static_cast<char>(state.response)} : "--";
  return asked + "\n  " + join(request, false) + "\n  " + join(head.headers, true) + "\n  " + letters;
}

std::string theirs(const Row& row) {
  return join(row.seen) + "\n  " + join(row.response) + "\n  " + row.letters;
}

TEST(PersistenceCookie, DoesWithEveryMessageWhatHaproxyDoes) {
  std::ifstream in(EVENKEEL_SOURCE_DIR "/tests/backends/vectors/cookie.tsv");
  int rows = 0;
  int wrong = 0;
  for (std::string line; std::getline(in, line); ++rows) {
    const Row row(split(line, '\t'));
    const std::string mine = ours(row);
    const std::string asked = mine.substr(0, mine.find('\n'));
    if (asked != "other" && mine.substr(mine.find('\n') + 3) == theirs(row)) continue;
    if (++wrong <= 30) {
      ADD_FAILURE() << line << "\nours: " << mine << "\nHAProxy:\n  " << theirs(row);
    }
  }
  EXPECT_GT(rows, 1500);
  EXPECT_EQ(wrong, 0);
}

TEST(PersistenceCookie, CodesDates) {
  EXPECT_EQ(encode_cookie_date(1'795'222'147), "awDqg");
  EXPECT_EQ(decode_cookie_date("awDqg"), 1'795'222'144);
  EXPECT_EQ(decode_cookie_date("awDqgX"), 1'795'222'144);
  EXPECT_EQ(decode_cookie_date("awDq"), 0);
  EXPECT_EQ(decode_cookie_date("aw-qg"), 0);
}

// The expected values are what haproxy 2.6 inserted for these servers.
TEST(PersistenceCookie, ComputesDynamicValues) {
  EXPECT_EQ(dynamic_cookie("secretkey", *Address::from_ip("127.0.0.1", 39125)), "6eceb10ec05e4ea9");
  EXPECT_EQ(dynamic_cookie("k2", *Address::from_ip("127.0.0.1", 39125)), "75b398dc818713a6");
  EXPECT_EQ(dynamic_cookie("key", *Address::from_unix_path("/run/x")), "");
}

TEST(PersistenceCookie, DoesNothingWithoutADefinition) {
  http::HeaderBlock request;
  request.add("cookie", "SRV=A");
  const CookieState state = read_request_cookie({}, request, kNow, false, [](std::string_view) {
    return CookieMatch{server(0), true};
  });
  EXPECT_EQ(state.server, nullptr);
  EXPECT_EQ(request.size(), 1U);
}

}  // namespace
}  // namespace evenkeel::backends
