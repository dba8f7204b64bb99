// `cookie`: keeps a client on its server by a cookie (configuration manual 4.2, "cookie").
//
// Pure functions over header blocks. The bytes are those of HAProxy 2.6, see
// tests/backends/vectors/cookie.tsv.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/address.h"
#include "http/head.h"

namespace evenkeel::backends {

class Server;

enum class CookieMode : std::uint8_t { passive, rewrite, insert, prefix };

struct CookieDef {
  std::string name;  // empty: no persistence by cookie
  CookieMode mode = CookieMode::passive;
  bool indirect = false;
  bool nocache = false;
  bool postonly = false;
  bool preserve = false;
  bool httponly = false;
  bool secure = false;
  bool dynamic = false;
  std::uint32_t maxidle = 0;  // seconds, 0: no limit
  std::uint32_t maxlife = 0;
  std::vector<std::string> domains;
  std::vector<std::string> attributes;
  std::string dynamic_key;  // `dynamic-cookie-key`

  [[nodiscard]] bool on() const noexcept { return !name.empty(); }
  // The log shows the states below, else "-" for both.
  [[nodiscard]] bool logged() const noexcept { return on() && (mode != CookieMode::passive || indirect); }
  friend bool operator==(const CookieDef&, const CookieDef&) = default;
};

// The third and fourth character of the termination state (manual 8.5).
enum class RequestCookie : char {
  none = 'N',
  invalid = 'I',  // names no server
  down = 'D',     // its server is down, or was left on redispatch
  valid = 'V',
  expired = 'E',  // maxidle
  old = 'O',      // maxlife
  unused = 'U',   // use-server decided instead
};
enum class ResponseCookie : char {
  none = 'N',
  inserted = 'I',
  updated = 'U',    // inserted to renew its date
  preserved = 'P',  // the server set one, and it was left alone
  rewritten = 'R',
  deleted = 'D',
};

// What a session knows about its cookie from request to response.
struct CookieState {
  RequestCookie request = RequestCookie::none;
  ResponseCookie response = ResponseCookie::none;
  std::int64_t last_date = 0;  // seconds since the epoch, 0: none
  std::int64_t first_date = 0;
  Server* server = nullptr;  // whom the client asks for: usable, or down and insisted upon
};

// Whom a cookie value names: the first usable server with it, else the first with it.
struct CookieMatch {
  Server* server = nullptr;
  bool usable = false;
};
using FindByCookie = std::function<CookieMatch(std::string_view value)>;

// Reads the request's cookies and takes out of them what the server must not see. Call once for each request.
// insist: a server that is down is as good (`option persist`, `force-persist`). now: seconds since the epoch.
CookieState read_request_cookie(const CookieDef& def, http::HeaderBlock& headers, std::int64_t now,
                                bool insist, const FindByCookie& find);

// What the response's cookies need to know of the session.
struct CookieResponse {
  http::Method method = http::Method::get;
  std::string_view server_cookie{};  // of the server that answered; empty: it has none
  bool direct = false;               // it is CookieState::server
  std::int64_t now = 0;
};

// Inserts, rewrites, prefixes or deletes cookies of a server's response, and says so in state.response. Not
// for responses of our own, nor under `ignore-persist`.
void edit_response_cookies(const CookieDef& def, CookieState& state, http::ResponseHead& head,
                           const CookieResponse& session);

// The value of `cookie ... dynamic` for a server: 16 hexadecimal digits; empty without an IP address.
std::string dynamic_cookie(std::string_view key, const Address& address);

// Dates in cookies: five letters that count four-second ticks. decode: 0 for what is no date.
std::string encode_cookie_date(std::int64_t seconds);
std::int64_t decode_cookie_date(std::string_view text) noexcept;

// True when a shared cache may store the response, in HAProxy's reading: an explicit lifetime or a validator,
// a status and a method that are cacheable, and nothing that forbids it.
bool is_cacheable(http::Method method, const http::ResponseHead& head) noexcept;

}  // namespace evenkeel::backends
