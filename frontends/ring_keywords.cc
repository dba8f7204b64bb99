#include "frontends/ring_keywords.h"

#include <array>

namespace evenkeel::frontends {
namespace {

using conf::Args;
using conf::Keyword;

constexpr std::int64_t kSmallestRing = 1024;
constexpr std::uint64_t kLargestRing = std::uint64_t{1} << 31U;

void description(RingDraft& draft, Args& args) {
  if (const auto text = args.required("a text")) draft.def.description = *text;
}

void format(RingDraft& draft, Args& args) {
  const auto word = args.required("a log format");
  if (!word) return;
  const auto known = stats::syslog_format(*word);
  if (known) {
    draft.def.format = *known;
  } else {
    args.error("unknown log format '" + std::string(*word) +
               "', known are rfc3164, rfc5424, local, priority, short, timed, iso and raw");
  }
}

void max_length(RingDraft& draft, Args& args) {
  if (const auto length = args.integer(1, 65535)) draft.def.max_length = static_cast<std::uint32_t>(*length);
}

void size(RingDraft& draft, Args& args) {
  const auto bytes = args.size(kLargestRing);
  if (!bytes) return;
  if (*bytes < static_cast<std::uint64_t>(kSmallestRing)) {
    args.error("a ring has at least " + std::to_string(kSmallestRing) + " bytes");
    return;
  }
  draft.def.size = static_cast<std::size_t>(*bytes);
}

template <Millis stats::RingDef::*kTimeout>
void timeout(RingDraft& draft, Args& args) {
  if (const auto duration = args.duration_ms()) draft.def.*kTimeout = *duration;
}

// Renamed and mapped when the process starts, not while the file is read: `-c` takes nothing from a process
// that runs.
void backing_file(RingDraft& draft, Args& args) {
  if (const auto path = args.required("a path")) draft.def.backing_file = *path;
}

// server <name> <address> [log-proto legacy|octet-count]
void server(RingDraft& draft, Args& args) {
  stats::RingServerDef def;
  const auto name = args.required("a name and an address");
  if (!name) return;
  def.name = *name;
  const auto spec = args.address({.port_required = true});
  if (!spec) return;
  const std::vector<Address> found = conf::resolve(*spec, draft.resolver);
  if (found.empty()) {
    args.error("could not resolve address '" + spec->text + "'");
    return;
  }
  def.address = found.front();
  while (!args.at_end()) {
    if (!args.accept("log-proto")) {
      args.error_here("'" + std::string(args.peek()) +
                      "' is not supported on servers of rings by Evenkeel yet, there is 'log-proto'");
      return;
    }
    const auto proto = args.one_of({"legacy", "octet-count"});
    if (!proto) return;
    def.octet_count = *proto == 1;
  }
  draft.def.servers.push_back(std::move(def));
}

constexpr unsigned kRing = conf::mask_of(conf::SectionKind::ring);
constexpr std::array kKeywords{
    Keyword<RingDraft>{"description", kRing, false, description, "shown by 'show events'"},
    Keyword<RingDraft>{"format", kRing, false, format, "the header of each line"},
    Keyword<RingDraft>{"maxlen", kRing, false, max_length, "bytes of a line at most"},
    Keyword<RingDraft>{"size", kRing, false, size, "bytes of all lines together"},
    Keyword<RingDraft>{"timeout connect", kRing, false, timeout<&stats::RingDef::connect_timeout>,
                       "how long a server may take to accept the connection"},
    Keyword<RingDraft>{"timeout server", kRing, false, timeout<&stats::RingDef::server_timeout>,
                       "how long a server may take nothing"},
    Keyword<RingDraft>{"server", kRing, false, server, "a syslog server over TCP that gets all lines"},
    Keyword<RingDraft>{"backing-file", kRing, false, backing_file,
                       "a file that keeps the lines after the process has gone"},
};

}  // namespace

std::span<const Keyword<RingDraft>> ring_keywords() noexcept { return kKeywords; }

}  // namespace evenkeel::frontends
