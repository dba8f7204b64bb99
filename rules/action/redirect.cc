#include "rules/action/redirect.h"

#include "http/head.h"
#include "http/url.h"

namespace evenkeel::rules::action {
namespace {

enum class Form : std::uint8_t { none, location, prefix, scheme };

struct Options {
  Form form = Form::none;
  int code = 302;
  bool drop_query = false;
  bool keep_query = false;
  bool append_slash = false;
  bool ignore_empty = false;
  bool has_cookie = false;
  LogFormat target;
  LogFormat cookie;  // the whole value of Set-Cookie
};

class Redirect final : public Action {
 public:
  explicit Redirect(Options options) : options_(std::move(options)) {}

  Verdict run(EvalContext& ctx) const override {
    std::string location;
    options_.target.append(ctx, location);
    if (location.empty() && options_.ignore_empty) return Verdict::proceed;
    if (options_.form != Form::location) {
      complete(ctx, location);
    } else if (options_.keep_query) {
      append_query(ctx, location);
    }
    if (!safe_value(location)) return Verdict::failed;
    fill(ctx, std::move(location));
    return Verdict::respond;
  }
  [[nodiscard]] bool ends() const noexcept override { return !options_.ignore_empty; }

 private:
  // What prefix and scheme put before the path of the request.
  void complete(EvalContext& ctx, std::string& location) const {
    if (ctx.request == nullptr) return;
    const http::UrlParts parts = http::split_url(ctx.request->target());
    std::string_view rest = options_.drop_query ? parts.path : parts.path_and_query();
    if (options_.form == Form::scheme) {
      location += "://";
      location += ctx.request->headers.get(http::HeaderId::host);
      if (rest.empty()) rest = "/";
    } else if (location == "/") {
      location.clear();
    }
    location += rest;
    const bool slash = !location.empty() && location.back() == '/';
    if (options_.append_slash && options_.drop_query && !slash) location += '/';
  }

  static void append_query(EvalContext& ctx, std::string& location) {
    if (ctx.request == nullptr) return;
    const http::UrlParts parts = http::split_url(ctx.request->target());
    if (!parts.has_query) return;
    location += location.find('?') == std::string::npos ? '?' : '&';
    location += parts.query;
  }

  void fill(EvalContext& ctx, std::string location) const {
    Reply& reply = ctx.reply;
    reply.clear();
    reply.kind = Reply::Kind::built;
    reply.status = options_.code;
    if (options_.code == 302) reply.reason = "Found";  // elsewhere it is "Moved Temporarily", as in HAProxy
    reply.headers.emplace_back("content-length", "0");
    reply.headers.emplace_back("location", std::move(location));
    // Permanent redirections may be cached; the others must not be, even by caches that are older than RFC
    // 9111.
    if (options_.code != 301 && options_.code != 308) reply.headers.emplace_back("cache-control", "no-cache");
    if (!options_.has_cookie) return;
    std::string cookie;
    options_.cookie.append(ctx, cookie);
    if (safe_value(cookie)) reply.headers.emplace_back("set-cookie", std::move(cookie));
  }

  Options options_;
};

Result<LogFormat, RuleError> read_target(Words& words, ActionEnv& env, bool formats) {
  constexpr std::string_view kWhat = "the target of the redirect";
  if (formats) return read_format(words, env, kWhat);
  auto word = read_word(words, kWhat);
  if (!word) return word.error();
  return LogFormat::literal(std::move(*word));
}

Form form_of(std::string_view word) noexcept {
  if (word == "location") return Form::location;
  if (word == "prefix") return Form::prefix;
  return word == "scheme" ? Form::scheme : Form::none;
}

Result<bool, RuleError> read_cookie(std::string_view word, Words& words, ActionEnv& env, Options& options) {
  options.has_cookie = true;
  if (word == "set-cookie-fmt") {
    auto cookie = read_format(words, env, "a cookie");
    if (!cookie) return cookie.error();
    options.cookie = std::move(*cookie);
    return true;
  }
  auto cookie = read_word(words, "a cookie");
  if (!cookie) return cookie.error();
  options.cookie =
      LogFormat::literal(*cookie + (word == "set-cookie" ? "; path=/;" : "; path=/; Max-Age=0;"));
  return true;
}

Result<bool, RuleError> read_option(Words& words, ActionEnv& env, Options& options) {
  const std::string_view word = words.next();
  if (word == "drop-query") {
    options.drop_query = true;
  } else if (word == "keep-query") {
    options.keep_query = true;
  } else if (word == "append-slash") {
    options.append_slash = true;
  } else if (word == "ignore-empty") {
    options.ignore_empty = true;
  } else if (word == "set-cookie" || word == "clear-cookie" || word == "set-cookie-fmt") {
    return read_cookie(word, words, env, options);
  } else if (word == "code") {
    const auto code = read_integer(words, "the code", 301, 308);
    if (!code) return code.error();
    if (*code > 303 && *code < 307) return words.error_before("the code must be 301, 302, 303, 307 or 308");
    options.code = static_cast<int>(*code);
  } else {
    return words.error_before("unexpected '" + std::string(word) + "' in a redirect");
  }
  return true;
}

}  // namespace

ActionResult parse_redirect(Words& words, ActionEnv& env, bool formats) {
  Options options;
  while (!words.done() && !words.at_condition()) {
    const Form form = form_of(words.peek());
    if (form == Form::none) {
      const auto taken = read_option(words, env, options);
      if (!taken) return taken.error();
      continue;
    }
    if (options.form != Form::none) return words.error("the redirect has a target already");
    words.next();
    auto target = read_target(words, env, formats);
    if (!target) return target.error();
    options.form = form;
    options.target = std::move(*target);
  }
  if (options.form == Form::none) return words.error("a redirect needs 'location', 'prefix' or 'scheme'");
  return made<Redirect>(std::move(options));
}

}  // namespace evenkeel::rules::action
