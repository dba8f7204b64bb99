// set-method, set-uri, set-path, set-pathq, set-query, replace-uri, replace-path, replace-pathq.
#include "http/head.h"
#include "http/url.h"
#include "rules/action/families.h"
#include "rules/action/parse.h"
#include "rules/substitute.h"

namespace evenkeel::rules::action {
namespace {

// Which piece of the target an action replaces; the others stay as they are.
enum class Piece : std::uint8_t { uri, path, pathq, query };

std::string_view piece_of(std::string_view target, Piece piece) noexcept {
  const http::UrlParts parts = http::split_url(target);
  switch (piece) {
    case Piece::uri:
      return target;
    case Piece::path:
      return parts.path;
    case Piece::pathq:
      return parts.path_and_query();
    case Piece::query:
      return parts.query;
  }
  return {};
}

// The target with the piece replaced; empty where it has no such piece ("*" and "host:port" have no path).
std::string with_piece(std::string_view target, Piece piece, std::string_view value) {
  if (piece == Piece::uri) return std::string(value);
  const http::UrlParts parts = http::split_url(target);
  // What stands before the path: "http://host" or nothing.
  const std::size_t authority = parts.scheme.empty() ? 0 : parts.scheme.size() + 3 + parts.authority.size();
  if (authority == 0 && parts.path.empty()) return {};
  std::string result(target.substr(0, authority));
  if (piece != Piece::query) {
    result += value;
    if (piece == Piece::path && parts.has_query) result.append(1, '?').append(parts.query);
    return result;
  }
  result += parts.path;
  if (!value.empty() && value.front() == '?') value.remove_prefix(1);
  if (!value.empty()) result.append(1, '?').append(value);
  return result;
}

Verdict put_piece(http::RequestHead& request, Piece piece, std::string_view value) {
  const std::string target = with_piece(request.target(), piece, value);
  if (!http::is_valid_target(target)) return Verdict::failed;
  request.set_target(target);
  return Verdict::proceed;
}

class SetPiece final : public Action {
 public:
  SetPiece(Piece piece, LogFormat value) : piece_(piece), value_(std::move(value)) {}
  Verdict run(EvalContext& ctx) const override {
    return ctx.request == nullptr ? Verdict::proceed : put_piece(*ctx.request, piece_, value_.eval(ctx));
  }

 private:
  Piece piece_;
  LogFormat value_;
};

template <Piece kPiece>
ActionResult parse_set(Words& words, ActionEnv& env, std::string_view) {
  auto value = read_format(words, env, "a log-format text");
  if (!value) return value.error();
  return made<SetPiece>(kPiece, std::move(*value));
}

class ReplacePiece final : public Action {
 public:
  ReplacePiece(Piece piece, Regex regex, LogFormat value)
      : piece_(piece), regex_(std::move(regex)), value_(std::move(value)) {}
  Verdict run(EvalContext& ctx) const override {
    if (ctx.request == nullptr) return Verdict::proceed;
    std::string_view groups[10];
    const std::size_t found = regex_.match(piece_of(ctx.request->target(), piece_), groups);
    if (found == 0) return Verdict::proceed;
    std::string value;
    expand(value_.eval(ctx), std::span(groups).first(found), value);
    return put_piece(*ctx.request, piece_, value);
  }

 private:
  Piece piece_;
  Regex regex_;
  LogFormat value_;
};

template <Piece kPiece>
ActionResult parse_replace(Words& words, ActionEnv& env, std::string_view) {
  auto regex = read_regex(words);
  if (!regex) return regex.error();
  auto value = read_format(words, env, "a replacement");
  if (!value) return value.error();
  return made<ReplacePiece>(kPiece, std::move(*regex), std::move(*value));
}

class SetMethod final : public Action {
 public:
  explicit SetMethod(LogFormat value) : value_(std::move(value)) {}
  Verdict run(EvalContext& ctx) const override {
    if (ctx.request == nullptr) return Verdict::proceed;
    const std::string method(value_.eval(ctx));
    for (const char c : method) {
      if (c <= ' ' || c >= 0x7f) return Verdict::failed;
    }
    if (method.empty()) return Verdict::failed;
    ctx.request->set_method(method);
    return Verdict::proceed;
  }

 private:
  LogFormat value_;
};

ActionResult parse_method(Words& words, ActionEnv& env, std::string_view) {
  auto value = read_format(words, env, "a method");
  if (!value) return value.error();
  return made<SetMethod>(std::move(*value));
}

constexpr ActionSpec kActions[] = {
    {"set-method", kHttpRequest, parse_method},
    {"set-uri", kHttpRequest, parse_set<Piece::uri>},
    {"set-path", kHttpRequest, parse_set<Piece::path>},
    {"set-pathq", kHttpRequest, parse_set<Piece::pathq>},
    {"set-query", kHttpRequest, parse_set<Piece::query>},
    {"replace-uri", kHttpRequest, parse_replace<Piece::uri>},
    {"replace-path", kHttpRequest, parse_replace<Piece::path>},
    {"replace-pathq", kHttpRequest, parse_replace<Piece::pathq>},
};

}  // namespace

std::span<const ActionSpec> request_line() noexcept { return kActions; }

}  // namespace evenkeel::rules::action
