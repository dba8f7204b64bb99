// Words of the global section that name HAProxy's own machinery: its pollers, pools, schedulers and TLS
// library. Configurations are full of them, copied from one to the next; refusing them would refuse people
// for nothing.
#include <algorithm>
#include <array>
#include <string>

#include "conf/known_keywords.h"
#include "frontends/global_keywords.h"

namespace evenkeel::frontends {
namespace {

constexpr std::array<std::string_view, 27> kKnobs = {"busy-polling",
                                                     "cpu-affinity",
                                                     "cpu-map",
                                                     "cpu-policy",
                                                     "cpu-set",
                                                     "force-cfg-parser-pause",
                                                     "max-threads-per-group",
                                                     "no-memory-trimming",
                                                     "noepoll",
                                                     "noevports",
                                                     "nogetaddrinfo",
                                                     "nokqueue",
                                                     "noktls",
                                                     "nopoll",
                                                     "numa-cpu-mapping",
                                                     "nosepoll",
                                                     "prealloc-fd",
                                                     "profiling.memory",
                                                     "shm-stats-file",
                                                     "shm-stats-file-max-objects",
                                                     "stats bind-process",
                                                     "stress-level",
                                                     "thread-group",
                                                     "thread-groups",
                                                     "thread-hard-limit",
                                                     "warn-blocked-traffic-after",
                                                     "harden.reject-privileged-ports.tcp"};

// Of versions before 3.5, all of them gone today.
constexpr std::array<std::string_view, 3> kRemoved = {"tune.chksize", "tune.pattern.cache-size",
                                                      "tune.maxpollevents"};

constexpr std::array<std::string_view, 13> kTlsDefaults = {"ca-base",
                                                           "crt-base",
                                                           "key-base",
                                                           "issuers-chain-path",
                                                           "maxsslconn",
                                                           "maxsslrate",
                                                           "ssl-server-verify",
                                                           "ssl-dh-param-file",
                                                           "ssl-load-extra-files",
                                                           "ssl-load-extra-del-ext",
                                                           "ssl-skip-self-issued-ca",
                                                           "ssl-security-level",
                                                           "ssl-mode-async"};

bool has(std::span<const std::string_view> list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

bool is_knob(std::string_view word) {
  if (has(kKnobs, word) || has(kRemoved, word)) return true;
  if (!word.starts_with("tune.")) return false;
  const std::array words = {word};
  return !conf::known_keyword(conf::KnownKind::global, words).empty();
}

}  // namespace

bool take_tuning_knob(conf::Args& args) {
  const std::string_view word = args.peek();
  const std::string two = std::string(word) + " " + std::string(args.peek(1));
  const std::string_view name = two == "stats bind-process" ? std::string_view(two) : word;
  const bool tls =
      has(kTlsDefaults, word) || word.starts_with("ssl-default-") || word.starts_with("tune.ssl.");
  if (!tls && !is_knob(name)) return false;
  args.diagnostics().warn_once(
      tls ? "TLS settings, without an effect because nothing here uses TLS"
          : "settings of HAProxy's inner workings, which have no counterpart here and can be removed",
      name, args.statement().location());
  args.rest();
  return true;
}

}  // namespace evenkeel::frontends
