#include "backends/option_keywords.h"

#include <array>
#include <string>

namespace evenkeel::backends {
namespace {

using conf::Args;
using conf::Keyword;
using conf::Prefix;

bool on(const Args& args) noexcept { return args.prefix() == Prefix::none; }

template <bool ProxyDef::*Flag>
void common(ProxyDraft& draft, Args& args) {
  draft.common.*Flag = on(args);
}

template <bool BackendDef::*Flag>
void backend(ProxyDraft& draft, Args& args) {
  draft.backend.*Flag = on(args);
}

// The three words exclude each other; the last one of a section counts. "no" takes back only its own word.
template <HttpMode Mode>
void http_mode(ProxyDraft& draft, Args& args) {
  if (on(args)) {
    draft.common.http_mode = Mode;
  } else if (draft.common.http_mode == Mode) {
    draft.common.http_mode = HttpMode::keep_alive;
  }
}

void redispatch(ProxyDraft& draft, Args& args) {
  draft.backend.redispatch = on(args);
  draft.backend.redispatch_interval = -1;
  if (!on(args) || args.at_end()) return;
  const auto interval = args.integer(INT32_MIN, INT32_MAX);
  if (!interval) return;
  draft.backend.redispatch_interval = static_cast<int>(*interval);
  if (*interval == 0) draft.backend.redispatch = false;
}

// ---- TCP keep-alive

void tcpka(ProxyDraft& draft, Args&) {
  draft.common.client_keep_alive.on = true;
  draft.common.server_keep_alive.on = true;
}
void clitcpka(ProxyDraft& draft, Args& args) { draft.common.client_keep_alive.on = on(args); }
void srvtcpka(ProxyDraft& draft, Args& args) { draft.common.server_keep_alive.on = on(args); }

// ---- headers that tell who asks

std::optional<Network> network(Args& args) {
  const auto text = args.required("a network");
  if (!text) return std::nullopt;
  const std::size_t slash = text->find('/');
  const auto address = Address::from_ip(text->substr(0, slash), 0);
  if (!address) {
    args.error("'" + std::string(*text) + "' is not an IPv4 or IPv6 network");
    return std::nullopt;
  }
  const int longest = address->family() == AF_INET ? 32 : 128;
  int prefix = longest;
  if (slash != std::string_view::npos) {
    const auto length = conf::parse_integer(text->substr(slash + 1), 0, longest);
    if (!length) {
      args.error("the prefix length of '" + std::string(*text) + "' has to lie between 0 and " +
                 std::to_string(longest));
      return std::nullopt;
    }
    prefix = static_cast<int>(length.value);
  }
  return Network{*address, prefix};
}

void forward_for(ForwardForDef& def, bool& seen, std::string_view header, Args& args) {
  def = ForwardForDef{true, std::string(header), std::nullopt, false};
  seen = true;
  while (!args.at_end()) {
    if (args.accept("except")) {
      def.except = network(args);
      if (!def.except) return;
    } else if (args.accept("header")) {
      const auto name = args.required("a header name behind 'header'");
      if (!name) return;
      def.header = *name;
    } else if (args.accept("if-none")) {
      def.if_none = true;
    } else {
      args.error_here("'" + args.keyword() + "' only supports 'except', 'header' and 'if-none', not '" +
                      std::string(args.peek()) + "'");
      return;
    }
  }
}

void forwardfor(ProxyDraft& draft, Args& args) {
  bool seen = false;
  forward_for(draft.common.forward_for, seen, "x-forwarded-for", args);
  if (seen) draft.places["option forwardfor"] = args.statement().location();
}

void originalto(ProxyDraft& draft, Args& args) {
  bool seen = false;
  forward_for(draft.common.original_to, seen, "x-original-to", args);
  if (args.failed() || !draft.common.original_to.if_none) return;
  args.error("'option originalto' only supports 'except' and 'header'");
}

// Without arguments: "proto for" (manual 4.2, option forwarded).
void forwarded(ProxyDraft& draft, Args& args) {
  ForwardedDef def;
  def.on = on(args);
  if (args.at_end()) def.proto = def.for_ = true;
  while (!args.at_end()) {
    const std::string_view word = args.next();
    if (word == "proto") {
      def.proto = true;
    } else if (word == "host") {
      def.host = true;
    } else if (word == "by") {
      def.by = true;
    } else if (word == "by_port") {
      def.by_port = true;
    } else if (word == "for") {
      def.for_ = true;
    } else if (word == "for_port") {
      def.for_port = true;
    } else if (word == "host-expr" || word == "by-expr" || word == "for-expr" || word == "by_port-expr" ||
               word == "for_port-expr") {
      args.error("known HAProxy keyword, not supported by Evenkeel yet: '" + std::string(word) +
                 "' of 'option forwarded'");
      return;
    } else {
      args.error("'option forwarded' supports 'proto', 'host', 'by', 'by_port', 'for' and 'for_port', not '" +
                 std::string(word) + "'");
      return;
    }
  }
  if ((def.by_port && !def.by) || (def.for_port && !def.for_)) {
    args.error("'by_port' needs 'by' and 'for_port' needs 'for'");
    return;
  }
  draft.common.forwarded = def;
}

void transparent(ProxyDraft& draft, Args& args) {
  draft.backend.transparent = on(args);
  draft.places["option transparent"] = args.statement().location();
}

constexpr unsigned kAll = conf::kProxiesAndDefaults;
constexpr unsigned kFront = conf::kFrontendsAndDefaults;
constexpr unsigned kBack = conf::kBackendsAndDefaults;

constexpr std::array kKeywords = {
    Keyword<ProxyDraft>{"option abortonclose", kAll, true, common<&ProxyDef::abort_on_close>},
    Keyword<ProxyDraft>{"option http-buffer-request", kAll, true, common<&ProxyDef::buffer_request>},
    Keyword<ProxyDraft>{"option http-no-delay", kAll, true, common<&ProxyDef::http_no_delay>},
    Keyword<ProxyDraft>{"option http-use-proxy-header", kFront, true,
                        common<&ProxyDef::http_use_proxy_header>},
    Keyword<ProxyDraft>{"option independent-streams", kAll, true, common<&ProxyDef::independent_streams>},
    Keyword<ProxyDraft>{"option nolinger", kAll, true, common<&ProxyDef::nolinger>},
    Keyword<ProxyDraft>{"option splice-auto", kAll, true, common<&ProxyDef::splice_auto>},
    Keyword<ProxyDraft>{"option splice-request", kAll, true, common<&ProxyDef::splice_request>},
    Keyword<ProxyDraft>{"option splice-response", kAll, true, common<&ProxyDef::splice_response>},
    Keyword<ProxyDraft>{"option http-keep-alive", kAll, true, http_mode<HttpMode::keep_alive>},
    Keyword<ProxyDraft>{"option http-server-close", kAll, true, http_mode<HttpMode::server_close>},
    Keyword<ProxyDraft>{"option httpclose", kAll, true, http_mode<HttpMode::close>},
    Keyword<ProxyDraft>{"option forwardfor", kAll, false, forwardfor},
    Keyword<ProxyDraft>{"option originalto", kAll, false, originalto},
    Keyword<ProxyDraft>{"option forwarded", kBack, true, forwarded},
    Keyword<ProxyDraft>{"option tcpka", kAll, false, tcpka},
    Keyword<ProxyDraft>{"option clitcpka", kFront, true, clitcpka},
    Keyword<ProxyDraft>{"option srvtcpka", kBack, true, srvtcpka},
    Keyword<ProxyDraft>{"option allbackups", kBack, true, backend<&BackendDef::all_backups>},
    Keyword<ProxyDraft>{"option accept-unsafe-violations-in-http-response", kBack, true,
                        backend<&BackendDef::accept_unsafe_response>},
    Keyword<ProxyDraft>{"option http-pretend-keepalive", kBack, true,
                        backend<&BackendDef::pretend_keepalive>},
    Keyword<ProxyDraft>{"option persist", kBack, true, backend<&BackendDef::persist>},
    Keyword<ProxyDraft>{"option prefer-last-server", kBack, true, backend<&BackendDef::prefer_last_server>},
    Keyword<ProxyDraft>{"option redispatch", kBack, true, redispatch},
    Keyword<ProxyDraft>{"option tcp-smart-connect", kBack, true, backend<&BackendDef::smart_connect>},
    Keyword<ProxyDraft>{"option transparent", kBack, true, transparent},
};

}  // namespace

std::span<const Keyword<ProxyDraft>> option_keywords() noexcept { return kKeywords; }

}  // namespace evenkeel::backends
