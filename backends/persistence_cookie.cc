#include "backends/persistence_cookie.h"

#include <array>
#include <charconv>

#include "core/hash.h"
#include "http/cookie.h"

namespace evenkeel::backends {

namespace {

constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr int kDateLetters = 5;
constexpr std::int64_t kTick = 4;                  // seconds
constexpr std::int64_t kMaxFuture = 24 * 60 * 60;  // seconds by which a clock may be wrong
constexpr char kPrefixMark = '~';
constexpr char kDateMark = '|';

// "B|last|first"
struct DatedValue {
  std::string_view id;
  std::int64_t last = 0;
  std::int64_t first = 0;
};

DatedValue read_dated(std::string_view value) noexcept {
  DatedValue out;
  const std::size_t mark = value.find(kDateMark);
  out.id = value.substr(0, mark);
  if (mark == std::string_view::npos) return out;
  const std::string_view dates = value.substr(mark + 1);
  const std::size_t second = dates.find(kDateMark);
  out.last = decode_cookie_date(dates.substr(0, second));
  if (second != std::string_view::npos) out.first = decode_cookie_date(dates.substr(second + 1));
  return out;
}

bool outlived(std::int64_t date, std::uint32_t limit, std::int64_t now) noexcept {
  return limit != 0 && date != 0 && (now - date > limit || date - now > kMaxFuture);
}

// The server's name in a prefixed value: all of it when there is no mark.
std::string_view prefix_of(std::string_view value) noexcept {
  return value.substr(0, value.find(kPrefixMark));
}

class RequestReader {
 public:
  RequestReader(const CookieDef& def, std::int64_t now, bool insist, const FindByCookie& find)
      : def_(def), now_(now), insist_(insist), find_(find) {}

  // Judges one cookie; the first valid one counts.
  void judge(std::string_view value) {
    if (state_.server != nullptr) return;
    std::string_view id = value;
    if (def_.mode == CookieMode::prefix) {
      id = prefix_of(value);
    } else {
      const DatedValue dated = read_dated(value);
      id = dated.id;
      state_.last_date = dated.last;
      state_.first_date = dated.first;
      if (outlived(dated.first, def_.maxlife, now_)) return give_up(RequestCookie::old);
      if (outlived(dated.last, def_.maxidle, now_)) return give_up(RequestCookie::expired);
    }
    const CookieMatch match = id.empty() ? CookieMatch{} : find_(id);
    if (match.server == nullptr) {
      state_.request = RequestCookie::invalid;
    } else if (match.usable) {
      state_.request = RequestCookie::valid;
      state_.server = match.server;
    } else {
      state_.request = RequestCookie::down;
      if (insist_) state_.server = match.server;
    }
  }
  [[nodiscard]] const CookieState& state() const noexcept { return state_; }

 private:
  void give_up(RequestCookie why) {
    state_.request = why;
    state_.last_date = state_.first_date = 0;
  }

  const CookieDef& def_;
  const std::int64_t now_;
  const bool insist_;
  const FindByCookie& find_;
  CookieState state_;
};

// Takes all our cookies out of a field. False: nothing is left of it.
bool strip_cookies(std::string_view name, std::string& field) {
  http::CookieSpan cookie;
  while (http::find_cookie(field, name, cookie)) field = http::without_cookie(field, cookie);
  return !field.empty();
}

void strip_prefixes(std::string_view name, std::string& field) {
  std::string changed;
  std::size_t copied = 0;
  http::CookieReader reader(field);
  for (http::CookieSpan cookie; reader.next(cookie);) {
    if (cookie.name != name) continue;
    const std::size_t mark = cookie.value.find(kPrefixMark);
    if (mark == std::string_view::npos) continue;
    changed.append(field, copied, cookie.value_begin - copied);
    copied = cookie.value_begin + mark + 1;
  }
  changed.append(field, copied);
  field = std::move(changed);
}

}  // namespace

std::string encode_cookie_date(std::int64_t seconds) {
  const auto ticks = static_cast<std::uint64_t>(seconds / kTick);
  std::string text;
  for (int i = kDateLetters - 1; i >= 0; --i) text += kDigits[(ticks >> (6 * i)) & 63];
  return text;
}

std::int64_t decode_cookie_date(std::string_view text) noexcept {
  if (text.size() < kDateLetters) return 0;
  std::int64_t ticks = 0;
  for (const char c : text.substr(0, kDateLetters)) {
    const std::size_t digit = kDigits.find(c);
    if (digit == std::string_view::npos) return 0;
    ticks = ticks << 6 | static_cast<std::int64_t>(digit);
  }
  return ticks * kTick;
}

CookieState read_request_cookie(const CookieDef& def, http::HeaderBlock& headers, std::int64_t now,
                                bool insist, const FindByCookie& find) {
  RequestReader reader(def, now, insist, find);
  const bool hide = def.mode == CookieMode::insert && def.indirect;
  const bool unprefix = def.mode == CookieMode::prefix;
  std::size_t i = def.on() ? headers.find(http::HeaderId::cookie) : http::HeaderBlock::npos;
  while (i != http::HeaderBlock::npos) {
    bool ours = false;
    http::CookieReader cookies(headers.value(i));
    for (http::CookieSpan cookie; cookies.next(cookie);) {
      if (cookie.name != def.name) continue;
      ours = true;
      reader.judge(cookie.value);
    }
    bool keep = true;
    if (ours && (hide || unprefix)) {
      std::string field(headers.value(i));
      if (hide) {
        keep = strip_cookies(def.name, field);
      } else {
        strip_prefixes(def.name, field);
      }
      if (keep && field != headers.value(i)) headers.replace_value(i, field);
    }
    if (!keep) headers.remove(i);
    i = headers.find(http::HeaderId::cookie, keep ? i + 1 : i);
  }
  return reader.state();
}

namespace {

// What HAProxy would put in the place of a cookie that the server sets.
enum class Fate { leave, remove, rewrite, prefix };

Fate fate_of_set_cookie(const CookieDef& def, const CookieResponse& session) noexcept {
  if (def.preserve) return Fate::leave;
  if (def.mode == CookieMode::insert || (session.direct && def.indirect)) return Fate::remove;
  if (session.server_cookie.empty()) return Fate::leave;
  if (def.mode == CookieMode::rewrite) return Fate::rewrite;
  return def.mode == CookieMode::prefix ? Fate::prefix : Fate::leave;
}

// The field with another value, without blanks around '='. A ',' ends the old value, too: behind it stands
// another cookie (RFC 2109).
std::string with_value(std::string_view field, const http::CookieSpan& cookie, std::string_view value,
                       bool prefixed) {
  std::string changed(cookie.name);
  changed.append("=").append(value);
  std::size_t rest = cookie.value_begin;
  if (prefixed) {
    changed += kPrefixMark;
  } else {
    bool quoted = false;
    for (; rest < cookie.value_end && (quoted || field[rest] != ','); ++rest) {
      if (field[rest] == '"') quoted = !quoted;
    }
  }
  changed.append(field.substr(rest));
  return changed;
}

ResponseCookie edit_set_cookies(const CookieDef& def, http::HeaderBlock& headers,
                                const CookieResponse& session) {
  ResponseCookie result = ResponseCookie::none;
  const Fate fate = fate_of_set_cookie(def, session);
  for (std::size_t i = 0; i < headers.size();) {
    const std::string_view name = headers.name(i);
    http::CookieSpan cookie;
    std::string_view attributes;
    if ((name != "set-cookie" && name != "set-cookie2") ||
        !http::parse_set_cookie(headers.value(i), cookie, attributes) || cookie.name != def.name) {
      ++i;
      continue;
    }
    switch (fate) {
      case Fate::leave:
        result = ResponseCookie::preserved;
        break;
      case Fate::remove:
        headers.remove(i);
        result = ResponseCookie::deleted;
        continue;
      case Fate::rewrite:
      case Fate::prefix:
        headers.replace_value(
            i, with_value(headers.value(i), cookie, session.server_cookie, fate == Fate::prefix));
        result = ResponseCookie::rewritten;
        break;
    }
    ++i;
  }
  return result;
}

// The client lacks a cookie for this server, or the dates in it should change.
bool should_insert(const CookieDef& def, const CookieState& state, const CookieResponse& session) noexcept {
  if (def.mode != CookieMode::insert) return false;
  if (state.response == ResponseCookie::preserved && def.preserve) return false;
  if (def.postonly && session.method != http::Method::post) return false;
  if (!session.direct) return true;
  const bool dated = def.maxidle != 0 || state.last_date != 0;
  if (dated && (state.last_date == 0 || state.last_date < session.now)) return true;
  return (def.maxlife != 0) != (state.first_date != 0);
}

std::string set_cookie(const CookieDef& def, const CookieState& state, const CookieResponse& session) {
  std::string field = def.name + "=";
  if (session.server_cookie.empty()) {
    field += "; Expires=Thu, 01-Jan-1970 00:00:01 GMT";
  } else {
    field += session.server_cookie;
    if (def.maxidle != 0 || def.maxlife != 0) field += kDateMark + encode_cookie_date(session.now);
    if (def.maxlife != 0) {
      field += kDateMark + encode_cookie_date(state.first_date != 0 ? state.first_date : session.now);
    }
  }
  field += "; path=/";
  for (const std::string& domain : def.domains) field += "; domain=" + domain;
  if (def.httponly) field += "; HttpOnly";
  if (def.secure) field += "; Secure";
  for (const std::string& attribute : def.attributes) field += "; " + attribute;
  return field;
}

}  // namespace

void edit_response_cookies(const CookieDef& def, CookieState& state, http::ResponseHead& head,
                           const CookieResponse& session) {
  if (!def.logged()) return;
  // Judged before we change anything.
  const bool cacheable = def.nocache && is_cacheable(session.method, head);
  state.response = edit_set_cookies(def, head.headers, session);
  if (!should_insert(def, state, session)) return;
  head.headers.add(http::HeaderId::set_cookie, set_cookie(def, state, session));
  state.response = session.direct ? ResponseCookie::updated : ResponseCookie::inserted;
  // "private" and not 'no-cache="set-cookie"', which some caches do not understand.
  if (cacheable) head.headers.add(http::HeaderId::cache_control, "private");
}

namespace {

bool cacheable_status(int status) noexcept {
  constexpr std::array kStatuses{200, 203, 204, 206, 300, 301, 404, 405, 410, 414, 501};
  for (const int known : kStatuses) {
    if (known == status) return true;
  }
  return false;
}

bool cacheable_method(http::Method method) noexcept {
  return method == http::Method::get || method == http::Method::head || method == http::Method::options ||
         method == http::Method::trace;
}

struct Caching {
  bool forbidden = false;
  bool lifetime = false;
};

// One directive of Cache-Control.
void read_directive(std::string_view directive, Caching& caching) noexcept {
  const std::size_t equals = directive.find('=');
  const std::string_view name = directive.substr(0, equals);
  const bool quoted = equals != std::string_view::npos && directive.substr(equals + 1).starts_with('"');
  if (http::iequals(directive, "no-store") || http::iequals(directive, "private") ||
      http::iequals(directive, "no-cache")) {
    caching.forbidden = true;
  } else if (http::iequals(name, "max-age") || http::iequals(name, "s-maxage")) {
    const bool zero = !quoted && equals != std::string_view::npos && directive.substr(equals + 1) == "0";
    if (zero) {
      caching.forbidden = true;
    } else {
      caching.lifetime = true;
    }
  }
}

}  // namespace

bool is_cacheable(http::Method method, const http::ResponseHead& head) noexcept {
  if (!cacheable_method(method) || !cacheable_status(head.status)) return false;
  Caching caching;
  bool validator = false;
  for (std::size_t i = 0; i < head.headers.size(); ++i) {
    const std::string_view name = head.headers.name(i);
    const std::string_view value = head.headers.value(i);
    if (name == "cache-control") {
      http::ListReader list(value);
      for (std::string_view directive; list.next(directive);) read_directive(directive, caching);
    } else if (name == "pragma") {
      if (http::iequals(value.substr(0, value.find(',')), "no-cache")) caching.forbidden = true;
    } else if (name == "expires" || name == "etag" || name == "last-modified") {
      validator = true;
    }
  }
  return !caching.forbidden && (caching.lifetime || validator);
}

std::string dynamic_cookie(std::string_view key, const Address& address) {
  if (!address.is_ip()) return {};
  std::string bytes(key);
  bytes.append(address.ip_bytes());
  const std::uint16_t port = address.port();
  bytes.append({'\0', '\0', static_cast<char>(port >> 8), static_cast<char>(port & 0xFF)});
  std::array<char, 16> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), hash_xxh64(bytes, 0), 16).ptr;
  const auto length = static_cast<std::size_t>(end - digits.data());
  return std::string(digits.size() - length, '0').append(digits.data(), length);
}

}  // namespace evenkeel::backends
