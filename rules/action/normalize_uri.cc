// http-request normalize-uri (manual 4.2).
#include "http/head.h"
#include "http/url.h"
#include "rules/action/families.h"
#include "rules/action/parse.h"
#include "rules/uri_normalizers.h"

namespace evenkeel::rules::action {
namespace {

enum class Kind : std::uint8_t {
  fragment_encode,
  fragment_strip,
  merge_slashes,
  strip_dot,
  strip_dotdot,
  decode_unreserved,
  uppercase,
  sort_query,
};

struct Normalizer {
  std::string_view name;
  Kind kind;
  std::string_view option;  // the word that may follow
};
constexpr Normalizer kNormalizers[] = {
    {"fragment-encode", Kind::fragment_encode, ""},
    {"fragment-strip", Kind::fragment_strip, ""},
    {"path-merge-slashes", Kind::merge_slashes, ""},
    {"path-strip-dot", Kind::strip_dot, ""},
    {"path-strip-dotdot", Kind::strip_dotdot, "full"},
    {"percent-decode-unreserved", Kind::decode_unreserved, "strict"},
    {"percent-to-uppercase", Kind::uppercase, "strict"},
    {"query-sort-by-name", Kind::sort_query, ""},
};

class NormalizeUri final : public Action {
 public:
  NormalizeUri(Kind kind, bool option) : kind_(kind), option_(option) {}

  Verdict run(EvalContext& ctx) const override {
    if (ctx.request == nullptr) return Verdict::proceed;
    const std::string_view target = ctx.request->target();
    std::string result;
    if (!normalize(target, result)) {
      ctx.reply.clear();
      ctx.reply.kind = Reply::Kind::standard;
      ctx.reply.status = 400;
      return Verdict::deny;
    }
    if (result == target) return Verdict::proceed;
    if (!http::is_valid_target(result)) return Verdict::failed;
    ctx.request->set_target(result);
    return Verdict::proceed;
  }

 private:
  // False: the target is broken and `strict` was asked for.
  bool normalize(std::string_view target, std::string& out) const {
    if (kind_ == Kind::fragment_encode || kind_ == Kind::fragment_strip) {
      out = kind_ == Kind::fragment_encode ? uri::fragment_encode(target) : uri::fragment_strip(target);
      return true;
    }
    const http::UrlParts parts = http::split_url(target);
    out = std::string(target);
    if (parts.path.empty()) return true;  // "*", "host:port"
    const auto begin = static_cast<std::size_t>(parts.path.data() - target.data());
    std::string path(parts.path);
    std::string query(parts.query);
    if (!change(path, query)) return false;
    const std::size_t end = begin + parts.path_and_query().size();
    out = std::string(target.substr(0, begin)) + path;
    if (parts.has_query) out.append("?").append(query);
    out += target.substr(end);
    return true;
  }

  bool change(std::string& path, std::string& query) const {
    std::string changed;
    switch (kind_) {
      case Kind::merge_slashes:
        path = uri::merge_slashes(path);
        return true;
      case Kind::strip_dot:
        path = uri::strip_dot(path);
        return true;
      case Kind::strip_dotdot:
        path = uri::strip_dotdot(path, option_);
        return true;
      case Kind::sort_query:
        query = uri::sort_query(query);
        return true;
      default: {
        const auto f = kind_ == Kind::uppercase ? uri::uppercase_escapes : uri::decode_unreserved;
        if (!f(path, option_, changed)) return false;
        path = changed;
        if (!f(query, option_, changed)) return false;
        query = changed;
        return true;
      }
    }
  }

  Kind kind_;
  bool option_;
};

ActionResult parse(Words& words, ActionEnv&, std::string_view) {
  for (const Normalizer& normalizer : kNormalizers) {
    if (!words.accept(normalizer.name)) continue;
    const bool option = !normalizer.option.empty() && words.accept(normalizer.option);
    return made<NormalizeUri>(normalizer.kind, option);
  }
  return words.error(
      "a normaliser is expected: fragment-encode, fragment-strip, path-merge-slashes, path-strip-dot, "
      "path-strip-dotdot, percent-decode-unreserved, percent-to-uppercase or query-sort-by-name");
}

constexpr ActionSpec kActions[] = {
    {"normalize-uri", kHttpRequest, parse},
};

}  // namespace

std::span<const ActionSpec> normalize_uri() noexcept { return kActions; }

}  // namespace evenkeel::rules::action
