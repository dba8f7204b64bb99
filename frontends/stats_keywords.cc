#include "frontends/stats_keywords.h"

#include <array>
#include <optional>

#include "stats/auth.h"

namespace evenkeel::frontends {
namespace {

using conf::Args;
using conf::Keyword;

// Any of these words turns the page on, as in HAProxy; `stats enable` is for those who like all defaults.
stats::StatsPageDef& page(StatsDraft& draft) noexcept {
  draft.def.enabled = true;
  return draft.def;
}

void enable(StatsDraft& draft, Args&) { page(draft); }
void hide_version(StatsDraft& draft, Args&) { page(draft).hide_version = true; }
void show_legends(StatsDraft& draft, Args&) { page(draft).show_legends = true; }
void show_modules(StatsDraft& draft, Args&) { page(draft).show_modules = true; }

void uri(StatsDraft& draft, Args& args) {
  if (const auto prefix = args.required("a URI prefix")) page(draft).uri = *prefix;
}

// The rest of the line as one text. Written for HAProxy 1.x, which took the line as it stood, such texts
// often have neither quotes nor escapes.
std::string joined(Args& args) {
  std::string text;
  for (const conf::Word& word : args.rest()) {
    if (!text.empty()) text += ' ';
    text += word.text;
  }
  return text;
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\' || c == '$') out += '\\';
    out += c;
  }
  return out + '"';
}

void realm(StatsDraft& draft, Args& args) {
  const auto first = args.required("an authentication realm");
  if (!first) return;
  std::string text(*first);
  if (!args.at_end()) {
    text += ' ' + joined(args);
    args.warn(
            "'stats realm': the words after the first belong to the realm only when it is quoted; taken as "
            "such")
        .modern("stats realm " + quoted(text));
  }
  page(draft).realm = std::move(text);
  draft.login_at = args.statement().location();
}

void auth(StatsDraft& draft, Args& args) {
  const auto word = args.required("a user and a password, as user:password");
  if (!word) return;
  std::optional<stats::Credential> credential = stats::parse_credential(*word);
  if (!credential) {
    if (word->front() == ':') {
      args.error("'stats auth' expects a user in front of ':'");
      return;
    }
    args.warn("'stats auth': '" + std::string(*word) + "' has no ':'; the password of this user is empty");
    credential = stats::Credential{std::string(*word), {}};
  }
  page(draft).users.push_back(*std::move(credential));
  draft.login_at = args.statement().location();
}

void refresh(StatsDraft& draft, Args& args) {
  const auto ms = args.duration_ms(conf::TimeUnit::s);
  if (!ms) return;
  page(draft).refresh_s = static_cast<std::uint32_t>((*ms + 999) / 1000);
}

void scope(StatsDraft& draft, Args& args) {
  if (const auto name = args.required("the name of a proxy, or '.'")) page(draft).scopes.emplace_back(*name);
}

void show_node(StatsDraft& draft, Args& args) {
  page(draft).show_node = true;
  draft.def.node = args.next();
}

void show_desc(StatsDraft& draft, Args& args) {
  page(draft).show_description = true;
  draft.def.description = joined(args);
}

constexpr std::array kKeywords{
    Keyword<StatsDraft>{"stats enable", conf::kProxiesAndDefaults, false, enable, "a page with all defaults"},
    Keyword<StatsDraft>{"stats uri", conf::kProxiesAndDefaults, false, uri, "where the page is"},
    Keyword<StatsDraft>{"stats realm", conf::kProxiesAndDefaults, false, realm,
                        "what browsers show when they ask"},
    Keyword<StatsDraft>{"stats auth", conf::kProxiesAndDefaults, false, auth, "a user who may see the page"},
    Keyword<StatsDraft>{"stats refresh", conf::kProxiesAndDefaults, false, refresh,
                        "how often it renews itself"},
    Keyword<StatsDraft>{"stats scope", conf::kProxiesAndDefaults, false, scope, "a proxy that it shows"},
    Keyword<StatsDraft>{"stats hide-version", conf::kProxiesAndDefaults, false, hide_version, ""},
    Keyword<StatsDraft>{"stats show-desc", conf::kProxiesAndDefaults, false, show_desc, ""},
    Keyword<StatsDraft>{"stats show-legends", conf::kProxiesAndDefaults, false, show_legends, ""},
    Keyword<StatsDraft>{"stats show-modules", conf::kProxiesAndDefaults, false, show_modules, ""},
    Keyword<StatsDraft>{"stats show-node", conf::kProxiesAndDefaults, false, show_node, ""},
};

}  // namespace

std::span<const Keyword<StatsDraft>> stats_keywords() noexcept { return kKeywords; }

}  // namespace evenkeel::frontends
