#include "frontends/log_forward_keywords.h"

#include <algorithm>
#include <array>

#include "frontends/bind_keywords.h"

namespace evenkeel::frontends {
namespace {

using conf::Args;
using conf::Keyword;

void bind(LogForwardDraft& draft, Args& args) {
  const std::size_t before = draft.def.binds.size();
  read_bind(draft.def.binds, draft.places, *draft.services, false, args);
  for (std::size_t i = before; i < draft.def.binds.size(); ++i) {
    const BindDef& bind = draft.def.binds[i];
    if (bind.netscaler_magic != 0)
      args.error("'accept-netscaler-cip' has no meaning in a log-forward section");
    if (bind.accept_proxy) args.error("'accept-proxy' has no meaning in a log-forward section");
    if (bind.datagram)
      args.error("dgram-type address not acceptable in '" + bind.text + "', that is for 'dgram-bind'");
    if (bind.kind != BindDef::Kind::address)
      args.error("inherited descriptors are not supported in log-forward sections by Evenkeel yet");
  }
}

// dgram-bind <address>:<port>
void dgram_bind(LogForwardDraft& draft, Args& args) {
  const std::string text(args.peek());
  const auto spec = args.address({.port_required = true, .port_zero = true, .datagram = true});
  if (!spec) return;
  const std::vector<Address> found = conf::resolve(*spec, draft.services->resolver);
  if (found.empty() || !found.front().is_ip()) {
    args.error("'dgram-bind' expects an IP address and a port");
    return;
  }
  if (!args.at_end()) {
    args.error_here("'" + std::string(args.peek()) + "' is not supported on 'dgram-bind' by Evenkeel yet");
    return;
  }
  BindDef bind;
  bind.address = found.front();
  bind.text = text;
  draft.def.datagrams.push_back(std::move(bind));
}

// The same words as elsewhere; without `format`, messages keep the form that they came in.
void log(LogForwardDraft& draft, Args& args) {
  static const conf::KeywordTable<LogDraft> table(log_keywords());
  const auto& words = args.statement().words;
  const bool given =
      std::any_of(words.begin(), words.end(), [](const conf::Word& w) { return w.text == "format"; });
  Args inner(args.statement(), conf::SectionKind::frontend, args.diagnostics());
  const std::size_t before = draft.log.def.targets.size();
  conf::apply_statement(table, draft.log, inner);
  args.rest();
  if (draft.log.def.targets.empty()) draft.def.format_given.clear();
  if (draft.log.def.targets.size() > before) draft.def.format_given.push_back(given);
}

void maxconn(LogForwardDraft& draft, Args& args) {
  if (const auto limit = args.integer(1, 1'000'000)) draft.def.maxconn = static_cast<std::uint32_t>(*limit);
}

void backlog(LogForwardDraft& draft, Args& args) {
  const auto length = args.integer(1, 1'000'000);
  if (!length) return;
  for (BindDef& bind : draft.def.binds) bind.listen.backlog = static_cast<int>(*length);
}

void timeout_client(LogForwardDraft& draft, Args& args) {
  if (const auto duration = args.duration_ms()) draft.def.client_timeout = *duration;
}

constexpr unsigned kForward = conf::mask_of(conf::SectionKind::log_forward);
constexpr std::array kKeywords{
    Keyword<LogForwardDraft>{"backlog", kForward, false, backlog,
                             "connections that may wait, behind the bind lines"},
    Keyword<LogForwardDraft>{"bind", kForward, false, bind, "where syslog comes in over streams"},
    Keyword<LogForwardDraft>{"dgram-bind", kForward, false, dgram_bind, "where syslog comes in over UDP"},
    Keyword<LogForwardDraft>{"log", kForward, true, log, "where messages go"},
    Keyword<LogForwardDraft>{"maxconn", kForward, false, maxconn, "connections at a time"},
    Keyword<LogForwardDraft>{"timeout client", kForward, false, timeout_client,
                             "how long a connection may be silent"},
};

}  // namespace

std::span<const Keyword<LogForwardDraft>> log_forward_keywords() noexcept { return kKeywords; }

}  // namespace evenkeel::frontends
