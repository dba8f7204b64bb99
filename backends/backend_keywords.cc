#include "backends/backend_keywords.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string>

#include "backends/source_keywords.h"

namespace evenkeel::backends {
namespace {

using conf::Args;
using conf::Keyword;

void retries(ProxyDraft& draft, Args& args) {
  if (const auto value = args.integer(INT32_MIN, INT32_MAX)) {
    draft.backend.retries = static_cast<int>(std::max<std::int64_t>(*value, 0));
    if (*value < 0) args.warn("a negative number of retries counts as 0");
  }
}

bool retry_word(RetryOn& on, std::string_view word) {
  if (word == "conn-failure") {
    on.conn_failure = true;
  } else if (word == "empty-response") {
    on.empty_response = true;
  } else if (word == "junk-response") {
    on.junk_response = true;
  } else if (word == "response-timeout") {
    on.response_timeout = true;
  } else if (word == "all-retryable-errors") {
    // Manual 4.2, retry-on: the four above, 0rtt-rejected, and 500, 502, 503, 504 among the statuses.
    on.conn_failure = on.empty_response = on.junk_response = on.response_timeout = true;
    on.statuses.insert(on.statuses.end(), {500, 502, 503, 504});
  } else if (word == "0rtt-rejected") {
    // No connection to a server begins with early data as long as there is no TLS, so none can be rejected.
  } else {
    return false;
  }
  return true;
}

bool retry_status(RetryOn& on, std::string_view word) {
  constexpr std::array kStatuses = {401, 403, 404, 408, 421, 425, 429, 500, 501, 502, 503, 504};
  const auto status = conf::parse_integer(word, 0, 999);
  if (!status || std::find(kStatuses.begin(), kStatuses.end(), status.value) == kStatuses.end()) return false;
  on.statuses.push_back(static_cast<int>(status.value));
  return true;
}

void retry_on(ProxyDraft& draft, Args& args) {
  if (!args.required("'none' or a list of conditions")) return;
  RetryOn on;
  on.conn_failure = false;
  std::string_view word = args.statement().words[1].text;
  if (word == "none" && !args.at_end()) {
    args.error("'none' can only stand alone in 'retry-on'");
    return;
  }
  while (word != "none" && !word.empty()) {
    if (!retry_word(on, word) && !retry_status(on, word)) {
      args.error("'retry-on': unknown condition '" + std::string(word) + "'");
      return;
    }
    word = args.next();
  }
  draft.backend.retry_on = std::move(on);
  draft.places["retry-on"] = args.statement().location();
}

void http_reuse(ProxyDraft& draft, Args& args) {
  const auto word = args.one_of({"never", "safe", "aggressive", "always"});
  if (word) draft.backend.reuse = static_cast<Reuse>(*word);
}

void fullconn(ProxyDraft& draft, Args& args) {
  if (const auto value = args.integer(0, INT32_MAX))
    draft.backend.fullconn = static_cast<std::uint32_t>(*value);
}

void max_keep_alive_queue(ProxyDraft& draft, Args& args) {
  if (const auto value = args.integer(-1, INT32_MAX))
    draft.backend.max_keep_alive_queue = static_cast<int>(*value);
}

void source(ProxyDraft& draft, Args& args) {
  if (const auto def = read_source(*draft.services, false, args)) draft.backend.source = *def;
}

void http_send_name_header(ProxyDraft& draft, Args& args) {
  const auto header = args.required("a header name");
  if (!header) return;
  std::string lower(*header);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  if (lower == "content-length" || lower == "transfer-encoding" || lower == "connection") {
    args.error("'" + std::string(*header) + "' frames messages, servers' names cannot go there");
    return;
  }
  draft.backend.send_name_header = *header;
}

void persist(ProxyDraft& draft, Args& args) {
  const auto word = args.required("'rdp-cookie' or 'rdp-cookie(<name>)'");
  if (!word) return;
  if (*word == "rdp-cookie") {
    draft.backend.rdp_persist = "msts";
  } else if (word->starts_with("rdp-cookie(") && word->size() > 12 && word->back() == ')') {
    draft.backend.rdp_persist = word->substr(11, word->size() - 12);
  } else {
    args.error("'persist' only knows 'rdp-cookie' and 'rdp-cookie(<name>)'");
  }
}

void dispatch(ProxyDraft& draft, Args& args) {
  const auto spec = args.address({.port_required = true});
  if (!spec) return;
  const auto found = conf::resolve(*spec, draft.services->resolver);
  if (found.empty()) {
    args.error("could not resolve address '" + spec->host + "'");
    return;
  }
  draft.backend.dispatch = found.front();
  draft.places["dispatch"] = args.statement().location();
}

constexpr unsigned kBack = conf::kBackendsAndDefaults;

void load_server_state(ProxyDraft& proxy, Args& args) {
  using Source = ProxyDraft::StateSource;
  constexpr std::array kSources = {Source::global, Source::local, Source::none};
  if (const auto word = args.one_of({"global", "local", "none"})) proxy.state_source = kSources[*word];
}

void server_state_file_name(ProxyDraft& proxy, Args& args) {
  proxy.state_file.clear();
  if (!args.accept("use-backend-name")) proxy.state_file = args.next();
}

constexpr std::array kKeywords = {
    Keyword<ProxyDraft>{"load-server-state-from-file", kBack, false, load_server_state},
    Keyword<ProxyDraft>{"server-state-file-name", kBack, false, server_state_file_name},
    Keyword<ProxyDraft>{"retries", kBack, false, retries},
    Keyword<ProxyDraft>{"retry-on", kBack, false, retry_on},
    Keyword<ProxyDraft>{"http-reuse", kBack, false, http_reuse},
    Keyword<ProxyDraft>{"fullconn", kBack, false, fullconn},
    Keyword<ProxyDraft>{"max-keep-alive-queue", kBack, false, max_keep_alive_queue},
    Keyword<ProxyDraft>{"source", kBack, false, source},
    Keyword<ProxyDraft>{"http-send-name-header", kBack, false, http_send_name_header},
    Keyword<ProxyDraft>{"persist", kBack, false, persist},
    Keyword<ProxyDraft>{"dispatch", conf::kBackends, false, dispatch},
};

}  // namespace

std::span<const Keyword<ProxyDraft>> backend_keywords() noexcept { return kKeywords; }

}  // namespace evenkeel::backends
