#include "backends/cookie_keywords.h"

#include <algorithm>
#include <array>

#include "conf/nearest.h"

namespace evenkeel::backends {

namespace {

using conf::Args;
using conf::Keyword;

// The line being read, with what has to be judged at its end.
struct CookieLine {
  CookieDef def;
  bool mode_given = false;
};

void set_mode(CookieLine& line, Args& args, CookieMode mode) {
  if (line.mode_given && line.def.mode != mode) {
    args.error("'rewrite', 'insert' and 'prefix' exclude each other");
    return;
  }
  line.mode_given = true;
  line.def.mode = mode;
}

void domain(CookieLine& line, Args& args) {
  const auto name = args.required("a domain name");
  if (!name) return;
  const bool odd = std::any_of(name->begin(), name->end(), [](char c) {
    return !(c == '.' || c == '-' || c == '_' || (c >= '0' && c <= '9') ||
             ((c | 32) >= 'a' && (c | 32) <= 'z'));
  });
  if (odd) {
    args.error("'" + std::string(*name) + "' is not a domain name");
    return;
  }
  if (name->find('.', 1) == std::string_view::npos) {
    args.warn("browsers may refuse a cookie for the domain '" + std::string(*name) +
              "', which has no dot inside");
  }
  line.def.domains.emplace_back(*name);
}

void attribute(CookieLine& line, Args& args) {
  const auto text = args.required("a value");
  if (!text) return;
  const bool odd = std::any_of(text->begin(), text->end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7F || c == ';';
  });
  if (odd) {
    args.error("a cookie attribute cannot hold control characters or ';'");
    return;
  }
  line.def.attributes.emplace_back(*text);
}

// Seconds, unless a unit says otherwise.
void limit(std::uint32_t& seconds, Args& args) {
  const auto value = args.duration_ms(conf::TimeUnit::s);
  if (value) seconds = static_cast<std::uint32_t>(std::min<std::int64_t>(*value / 1000, INT32_MAX));
}

constexpr std::array kOptions{
    Keyword<CookieLine>{"rewrite", conf::kAnySection, false,
                        [](CookieLine& l, Args& a) { set_mode(l, a, CookieMode::rewrite); }},
    Keyword<CookieLine>{"insert", conf::kAnySection, false,
                        [](CookieLine& l, Args& a) { set_mode(l, a, CookieMode::insert); }},
    Keyword<CookieLine>{"prefix", conf::kAnySection, false,
                        [](CookieLine& l, Args& a) { set_mode(l, a, CookieMode::prefix); }},
    Keyword<CookieLine>{"indirect", conf::kAnySection, false,
                        [](CookieLine& l, Args&) { l.def.indirect = true; }},
    Keyword<CookieLine>{"nocache", conf::kAnySection, false,
                        [](CookieLine& l, Args&) { l.def.nocache = true; }},
    Keyword<CookieLine>{"postonly", conf::kAnySection, false,
                        [](CookieLine& l, Args&) { l.def.postonly = true; }},
    Keyword<CookieLine>{"preserve", conf::kAnySection, false,
                        [](CookieLine& l, Args&) { l.def.preserve = true; }},
    Keyword<CookieLine>{"httponly", conf::kAnySection, false,
                        [](CookieLine& l, Args&) { l.def.httponly = true; }},
    Keyword<CookieLine>{"secure", conf::kAnySection, false,
                        [](CookieLine& l, Args&) { l.def.secure = true; }},
    Keyword<CookieLine>{"dynamic", conf::kAnySection, false,
                        [](CookieLine& l, Args&) { l.def.dynamic = true; }},
    Keyword<CookieLine>{"domain", conf::kAnySection, false, domain},
    Keyword<CookieLine>{"attr", conf::kAnySection, false, attribute},
    Keyword<CookieLine>{"maxidle", conf::kAnySection, false,
                        [](CookieLine& l, Args& a) { limit(l.def.maxidle, a); }},
    Keyword<CookieLine>{"maxlife", conf::kAnySection, false,
                        [](CookieLine& l, Args& a) { limit(l.def.maxlife, a); }},
};

// What goes together, as HAProxy judges it.
void judge(const CookieDef& def, Args& args) {
  if (def.mode == CookieMode::rewrite && def.indirect) {
    args.error("'rewrite' and 'indirect' exclude each other");
  }
  if (def.preserve && def.mode != CookieMode::insert && !def.indirect) {
    args.error("'preserve' needs 'insert' or 'indirect'");
  }
  if ((def.maxidle != 0 || def.maxlife != 0) && def.mode != CookieMode::insert) {
    args.warn("'maxidle' and 'maxlife' need the dates that only 'insert' puts into cookies");
  }
}

}  // namespace

void parse_cookie(CookieDef& def, Args& args) {
  static const conf::KeywordTable<CookieLine> options{std::span<const Keyword<CookieLine>>(kOptions)};
  const auto name = args.required("the name of a cookie");
  if (!name) return;
  CookieLine line;
  line.def.name = *name;
  line.def.dynamic_key = def.dynamic_key;
  while (!args.at_end()) {
    const auto match = options.find(args);
    if (match.keyword == nullptr) {
      args.error_here("'cookie' does not know '" + std::string(args.peek()) + "'")
          .did_you_mean(conf::nearest(args.peek(), options.names()));
      args.skip();
      continue;
    }
    args.begin_keyword(match.words);
    match.keyword->apply(line, args);
  }
  if (!args.failed()) judge(line.def, args);
  if (!args.failed()) def = std::move(line.def);
}

void parse_dynamic_cookie_key(CookieDef& def, Args& args) {
  if (const auto key = args.required("a secret key")) def.dynamic_key = *key;
}

std::span<const Keyword<CookieDef>> cookie_keywords() {
  static constexpr std::array kKeywords{
      Keyword<CookieDef>{"cookie", conf::kBackendsAndDefaults, false, parse_cookie,
                         "the cookie that keeps a client on its server"},
      Keyword<CookieDef>{"dynamic-cookie-key", conf::kBackendsAndDefaults, false, parse_dynamic_cookie_key,
                         "the secret behind the values of 'cookie ... dynamic'"},
  };
  return kKeywords;
}

}  // namespace evenkeel::backends
