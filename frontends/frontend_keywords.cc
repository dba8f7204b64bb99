#include "frontends/frontend_keywords.h"

#include <array>
#include <string>

#include "frontends/bind_keywords.h"

namespace evenkeel::frontends {
namespace {

using conf::Args;
using conf::Keyword;

template <bool FrontendDef::*Flag>
void flag(FrontendDraft& draft, Args& args) {
  draft.def.*Flag = args.prefix() == conf::Prefix::none;
}

void bind(FrontendDraft& draft, Args& args) {
  read_bind(draft.def.binds, draft.bind_places, *draft.services, false, args);
}

void default_backend(FrontendDraft& draft, Args& args) {
  const auto name = args.required("the name of a backend");
  if (!name) return;
  draft.def.default_backend = *name;
  draft.default_backend_at = args.location();
  // Words like "if ..." have been ignored in silence by all versions; conditions belong to use_backend.
  if (args.at_end()) return;
  args.warn_here("'default_backend' takes a name and nothing else, what follows has no effect")
      .modern("use_backend " + std::string(*name) + " " + std::string(args.peek()) + " ...");
  args.rest();
}

void maxconn(FrontendDraft& draft, Args& args) {
  if (const auto value = args.integer(0, INT32_MAX)) draft.def.maxconn = static_cast<std::uint32_t>(*value);
}

void backlog(FrontendDraft& draft, Args& args) {
  if (const auto value = args.integer(0, INT32_MAX)) draft.def.backlog = static_cast<int>(*value);
}

void rate_limit(FrontendDraft& draft, Args& args) {
  if (const auto value = args.integer(0, INT32_MAX))
    draft.def.rate_limit_sessions = static_cast<std::uint32_t>(*value);
}

void monitor_uri(FrontendDraft& draft, Args& args) {
  const auto uri = args.required("a URI");
  if (!uri) return;
  draft.def.monitor_uri = *uri;
  draft.proxy->places["monitor-uri"] = args.statement().location();
}

void capture_cookie(FrontendDraft& draft, Args& args) {
  const auto name = args.required("the name of a cookie");
  if (!name || !args.expect_word("len")) return;
  // HAProxy cuts at tune.http.cookielen without a word; what is asked for is what one gets here.
  const auto length = args.integer(1, 65535);
  if (length) draft.def.captured_cookie = {std::string(*name), static_cast<std::size_t>(*length)};
}

// No configuration of ours speaks HTTP/2 in clear text, so no connection is ever upgraded: the wish is
// granted.
void disable_h2_upgrade(FrontendDraft&, Args&) {}
// Traffic is always counted while it flows, which is what the option asks for.
void contstats(FrontendDraft&, Args&) {}

constexpr unsigned kFront = conf::kFrontendsAndDefaults;

constexpr std::array kKeywords = {
    Keyword<FrontendDraft>{"bind", conf::kFrontends, false, bind},
    Keyword<FrontendDraft>{"capture cookie", conf::kFrontends, false, capture_cookie},
    Keyword<FrontendDraft>{"default_backend", kFront, false, default_backend},
    Keyword<FrontendDraft>{"maxconn", kFront, false, maxconn},
    Keyword<FrontendDraft>{"backlog", kFront, false, backlog},
    Keyword<FrontendDraft>{"rate-limit sessions", kFront, false, rate_limit},
    Keyword<FrontendDraft>{"monitor-uri", kFront, false, monitor_uri},
    Keyword<FrontendDraft>{"option http-ignore-probes", kFront, true, flag<&FrontendDef::ignore_probes>},
    Keyword<FrontendDraft>{"option accept-unsafe-violations-in-http-request", kFront, true,
                           flag<&FrontendDef::accept_unsafe_request>},
    Keyword<FrontendDraft>{"option idle-close-on-response", kFront, true,
                           flag<&FrontendDef::idle_close_on_response>},
    Keyword<FrontendDraft>{"option tcp-smart-accept", kFront, true, flag<&FrontendDef::smart_accept>},
    Keyword<FrontendDraft>{"option socket-stats", kFront, true, flag<&FrontendDef::socket_stats>},
    Keyword<FrontendDraft>{"option disable-h2-upgrade", kFront, true, disable_h2_upgrade},
    Keyword<FrontendDraft>{"option contstats", kFront, true, contstats},
};

}  // namespace

std::span<const Keyword<FrontendDraft>> frontend_keywords() noexcept { return kKeywords; }

}  // namespace evenkeel::frontends
