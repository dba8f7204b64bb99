#include "rules/expression.h"

#include <algorithm>
#include <array>

#include "http/head.h"
#include "rules/compile_env.h"

namespace evenkeel::rules {
namespace {

struct AclAlias {
  std::string_view name, fetch, method;
};
// ACL keywords that are another fetch's name, or imply a method that their type does not (keyword list, first
// part).
constexpr AclAlias kAclAliases[] = {
    {"cook", "req.cook", "str"},
    {"hdr", "req.hdr", "str"},
    {"http_auth_group", "http_auth_group", "str"},
    {"method", "method", "str"},
    {"payload", "req.payload", "bin"},
    {"payload_lv", "req.payload_lv", "bin"},
    {"req.ssl_ver", "req.ssl_ver", "int"},
    {"req_rdp_cookie", "req.rdp_cookie", "str"},
    {"req_rdp_cookie_cnt", "req.rdp_cookie_cnt", "int"},
    {"req_ssl_sni", "req.ssl_sni", "str"},
    {"req_ssl_ver", "req.ssl_ver", "int"},
    {"req_ver", "req.ver", "str"},
    {"resp_ver", "res.ver", "str"},
    {"scook", "res.cook", "str"},
    {"shdr", "res.hdr", "str"},
};
constexpr std::string_view kDerivable[] = {"base", "cook", "hdr",  "path",      "scook",
                                           "shdr", "url",  "urlp", "ssl_fc_sni"};
constexpr std::string_view kDerivedMethods[] = {"beg", "dir", "dom", "end", "len", "reg", "sub"};

bool name_char(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
         c == '-' || c == '+';
}

std::string_view name_at(std::string_view text, std::size_t from) noexcept {
  std::size_t end = from;
  while (end < text.size() && name_char(text[end])) ++end;
  return text.substr(from, end - from);
}

ExpressionError error_at(std::size_t offset, std::size_t length, std::string message) {
  return {offset, length, std::move(message)};
}

// The arguments after a name, if there are any; `at` moves behind them.
Result<Args, std::string> read_args(std::string_view text, std::size_t& at, std::string_view signature) {
  std::vector<std::string> words;
  if (at < text.size() && text[at] == '(') {
    std::size_t used = 0;
    auto split = split_args(text.substr(at + 1), used);
    if (!split) return split.error();
    words = std::move(*split);
    at += 1 + used;
  }
  return type_args(std::move(words), signature);
}

// What tells expressions apart that yield different things: "hdr(host)" of an ACL is "req.hdr(host)".
void add_to_identity(std::string& identity, std::string_view name, const Args& args) {
  identity.append(name);
  for (std::size_t i = 0; i < args.size(); ++i) identity.append(1, '\1').append(args.text(i));
  identity += '\2';
}

}  // namespace

AclFetchName resolve_acl_fetch(std::string_view name) noexcept {
  std::string_view method;
  const std::size_t bar = name.rfind('_');
  if (bar != std::string_view::npos) {
    const std::string_view stem = name.substr(0, bar);
    const std::string_view suffix = name.substr(bar + 1);
    const bool derived =
        std::find(std::begin(kDerivable), std::end(kDerivable), stem) != std::end(kDerivable) &&
        std::find(std::begin(kDerivedMethods), std::end(kDerivedMethods), suffix) !=
            std::end(kDerivedMethods);
    if (derived) {
      name = stem;
      method = suffix;
    }
  }
  for (const AclAlias& alias : kAclAliases) {
    if (alias.name == name) return {alias.fetch, method.empty() ? alias.method : method};
  }
  return {name, method};
}

Result<Expression, ExpressionError> Expression::compile(std::string_view text, CompileEnv& env,
                                                        std::size_t* used, std::string_view* implied_method) {
  Expression result;
  const std::string_view name = name_at(text, 0);
  if (name.empty()) return error_at(0, text.size(), "a sample expression is expected here");
  AclFetchName resolved{name, {}};
  if (implied_method != nullptr) resolved = resolve_acl_fetch(name);
  const FetchSpec* const fetch = find_fetch(resolved.fetch);
  if (fetch == nullptr) return error_at(0, name.size(), env.unknown_fetch(name));
  std::size_t at = name.size();
  auto args = read_args(text, at, fetch->signature);
  if (!args)
    return error_at(name.size(), at - name.size(), "fetch '" + std::string(name) + "': " + args.error());
  result.fetch_ = fetch->fetch;
  result.fetch_args_ = std::move(*args);
  result.out_ = fetch->out;
  result.scope_ = fetch->scope;
  if (fetch->prepare != nullptr) {
    const std::string error = fetch->prepare(result.fetch_args_, env);
    if (!error.empty())
      return error_at(name.size(), at - name.size(), "fetch '" + std::string(name) + "': " + error);
  }
  bool remember = can_remember_fetch(fetch->name);
  std::string identity;
  add_to_identity(identity, fetch->name, result.fetch_args_);
  while (at < text.size() && text[at] == ',') {
    const std::size_t from = at + 1;
    const std::string_view converter_name = name_at(text, from);
    const std::string label = "converter '" + std::string(converter_name) + "'";
    const ConverterSpec* const spec = find_converter(converter_name);
    if (spec == nullptr) return error_at(from, converter_name.size(), env.unknown_converter(converter_name));
    at = from + converter_name.size();
    auto converter_args = read_args(text, at, spec->signature);
    if (!converter_args) return error_at(from, at - from, label + ": " + converter_args.error());
    Step step{spec->convert, spec->in, std::move(*converter_args)};
    if (!castable(result.out_, spec->in)) {
      return error_at(from, at - from,
                      label + " takes " + std::string(to_string(spec->in)) + ", which nothing makes of " +
                          std::string(to_string(result.out_)));
    }
    if (spec->prepare != nullptr) {
      const std::string error = spec->prepare(step.args, env);
      if (!error.empty()) return error_at(from, at - from, label + ": " + error);
    }
    if (spec->out != SampleType::any) result.out_ = spec->out;
    remember = remember && can_remember_converter(converter_name);
    add_to_identity(identity, converter_name, step.args);
    result.steps_.push_back(std::move(step));
  }
  if (used != nullptr) {
    *used = at;
  } else if (at != text.size()) {
    return error_at(at, text.size() - at,
                    "'" + std::string(text.substr(at)) + "' does not belong to the expression");
  }
  if (remember && !(result.steps_.empty() && is_cheap_fetch(fetch->name))) {
    const auto next = static_cast<std::uint32_t>(env.remembered.size() + 1);
    result.memo_number_ = env.remembered.try_emplace(std::move(identity), next).first->second;
    result.memo_fields_ = fields_of_fetch(
        fetch->name, result.fetch_args_.size() > 0 ? result.fetch_args_.text(0) : std::string_view());
  }
  if (implied_method != nullptr)
    *implied_method = result.steps_.empty() ? resolved.method : std::string_view();
  result.source_ = std::string(text.substr(0, at));
  return result;
}

bool Expression::remembered(EvalContext& ctx, FetchState& state, Sample& out) const noexcept {
  if (ctx.request == nullptr || ctx.in_response) return eval(ctx, state, out);
  const http::HeaderBlock& head = ctx.request->headers;
  using Kind = FetchMemo::Entry::Kind;
  FetchMemo::Entry& entry = ctx.memo.place_of(memo_number_, head, *ctx.scratch);
  if (entry.number != 0 && entry.kind != Kind::several) {
    out.type = entry.type;
    out.text = entry.text;
    return entry.kind == Kind::one;
  }
  const bool found = eval(ctx, state, out);
  if (entry.number != 0 || state.pending || (found && !out.is_text())) return found;
  if (state.more) {
    // Cookies and parameters do not say that they have told their last.
    FetchState ahead = state;
    Sample second;
    ahead.more = false;
    if (!found || eval(ctx, ahead, second) || ahead.more || ahead.pending) {
      entry.number = memo_number_;
      entry.kind = Kind::several;
      return found;
    }
    state.more = false;
  }
  if (found && out.text.size() > FetchMemo::kLongest) return found;
  ctx.memo.note_fields(memo_fields_);
  if (found) out.text = ctx.scratch->copy(out.text);
  entry = {memo_number_, found ? out.type : SampleType::none, found ? Kind::one : Kind::none,
           found ? out.text : std::string_view()};
  return found;
}

bool Expression::convert(EvalContext& ctx, Sample& out) const noexcept {
  for (const Step& step : steps_) {
    if (out.type != step.in && !cast(out, step.in, *ctx.scratch)) return false;
    if (!step.convert(step.args, ctx, out)) return false;
  }
  return true;
}

}  // namespace evenkeel::rules
