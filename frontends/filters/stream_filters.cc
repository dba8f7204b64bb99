#include "frontends/filters/stream_filters.h"

#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <random>
#include <string>

namespace evenkeel::frontends {
namespace {

// Long waits are cut into such pieces, because the session may end meanwhile.
constexpr Millis kLongestNap = 100;

// A line of stderr, written at once: traces of several workers must not mix.
void print(const backends::TraceDef& def, const std::string& text) {
  timeval now{};
  ::gettimeofday(&now, nullptr);
  char front[96];
  std::snprintf(front, sizeof front, "%lld.%06lld [", static_cast<long long>(now.tv_sec),
                static_cast<long long>(now.tv_usec));
  std::string line(front);
  std::string who = def.name + "/" + def.proxy;
  who.resize(std::max<std::size_t>(who.size(), 20), ' ');
  line.append(who).append("] ").append(text).append("\n");
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, line.data(), line.size());
}

std::string hexdump(std::string_view bytes) {
  constexpr std::size_t kRow = 16;
  std::string text;
  for (std::size_t at = 0; at < bytes.size(); at += kRow) {
    char cell[32];
    std::snprintf(cell, sizeof cell, "\n\t0x%06zx:", at);
    text += cell;
    std::string shown;
    for (std::size_t i = at; i < at + kRow; ++i) {
      if (i >= bytes.size()) {
        text += "   ";
        continue;
      }
      const auto byte = static_cast<unsigned char>(bytes[i]);
      std::snprintf(cell, sizeof cell, " %02x", byte);
      text += cell;
      shown += byte >= 0x20 && byte < 0x7f ? static_cast<char>(byte) : '.';
    }
    text.append("  |").append(shown).append("|");
  }
  return text;
}

template <class F>
void each_trace(const backends::FilterDefs* const (&watched)[2], F f) {
  for (const backends::FilterDefs* defs : watched) {
    if (defs == nullptr) continue;
    for (const backends::TraceDef& def : defs->traces)
      if (!def.quiet) f(def);
  }
}

std::string_view channel(bool to_server) noexcept {
  return to_server ? "channel=REQUEST " : "channel=RESPONSE";
}

}  // namespace

void StreamFilters::limit(const backends::BandwidthDef& def, std::optional<std::int64_t> limit,
                          std::optional<std::int64_t> period) {
  const std::uint64_t bytes = limit && *limit > 0 ? static_cast<std::uint64_t>(*limit) : def.limit;
  const Millis time = period && *period > 0 ? *period : def.period;
  for (Limit& known : limits_)
    if (known.def == &def) return known.bucket.change(bytes, time);
  limits_.push_back({&def, def.to_server, TokenBucket(bytes, time, def.min_size, worker_.now())});
}

void StreamFilters::watch(const backends::FilterDefs* defs) {
  if (defs == nullptr || defs->traces.empty() || defs == watched_[0] || defs == watched_[1]) return;
  watched_[watched_[0] == nullptr ? 0 : 1] = defs;
  for (const backends::TraceDef& def : defs->traces) {
    random_ = random_ || def.random_forwarding;
    if (def.max_forward != 0) most_ = std::min<std::size_t>(most_, def.max_forward);
  }
}

Task<std::size_t> StreamFilters::take(bool to_server, std::size_t wanted, const Stream& sink) {
  wanted = std::min(wanted, most_);
  if (random_ && wanted > 1) {
    thread_local std::minstd_rand engine{std::random_device{}()};
    wanted = 1 + engine() % wanted;
  }
  for (;;) {
    std::size_t allowed = wanted;
    Millis wait = 0;
    for (Limit& limit : limits_) {
      if (limit.to_server != to_server) continue;
      allowed = std::min(allowed, limit.bucket.admit(wanted, worker_.now()));
      if (allowed == 0) wait = std::max(wait, limit.bucket.wait(wanted));
    }
    if (allowed > 0) co_return allowed;
    if (sink.cancelled() != IoStatus::ok) co_return wanted;
    co_await worker_.sleep(std::min(wait, kLongestNap));
  }
}

void StreamFilters::passed(bool to_server, std::string_view bytes) {
  for (Limit& limit : limits_)
    if (limit.to_server == to_server) limit.bucket.spend(bytes.size());
  each_trace(watched_, [&](const backends::TraceDef& def) {
    print(def, "payload : " + std::string(channel(to_server)) + " - len=" + std::to_string(bytes.size()) +
                   (def.hexdump ? hexdump(bytes) : std::string()));
  });
}

void StreamFilters::head(bool to_server, std::string_view start_line, const http::HeaderBlock& headers) {
  each_trace(watched_, [&](const backends::TraceDef& def) {
    print(def, "headers : " + std::string(channel(to_server)) + "\t" + std::string(start_line));
    for (std::size_t i = 0; i < headers.size(); ++i)
      print(def, "\t" + std::string(headers.name(i)) + ": " + std::string(headers.value(i)));
  });
}

}  // namespace evenkeel::frontends
