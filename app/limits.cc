#include "app/limits.h"

#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>

#include <algorithm>

namespace evenkeel::app {
namespace {

constexpr std::uint64_t kPerWorker = 4;        // epoll, timer, wake-up, a spare
constexpr std::uint64_t kReserve = 24;         // standard streams, signals, logs, files read while running
constexpr std::uint64_t kPerStatsSocket = 11;  // itself and its ten clients (stats maxconn)
constexpr std::uint32_t kSmallestMaxconn = 100;

}  // namespace

DescriptorLimits current_descriptor_limits() noexcept {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return {1024, 1024};
  return {limit.rlim_cur, limit.rlim_max};
}

std::uint64_t descriptors_for_itself(const frontends::Config& config, unsigned workers) noexcept {
  std::uint64_t count =
      kReserve + kPerWorker * workers + kPerStatsSocket * config.global.stats_sockets.size();
  for (const auto& frontend : config.frontends) count += frontend->binds.size() * workers * 2;
  std::uint64_t checks = 0;
  for (const auto& backend : config.backends) checks += backend->servers.size();
  // Checks last milliseconds of their interval; a bounded number runs at a time.
  return count + std::min<std::uint64_t>(checks, 256);
}

std::uint32_t maxconn_for(std::uint64_t limit, std::uint64_t for_itself) noexcept {
  if (limit <= for_itself) return kSmallestMaxconn;
  return static_cast<std::uint32_t>(
      std::clamp<std::uint64_t>((limit - for_itself) / 2, kSmallestMaxconn, 1'000'000));
}

DescriptorPlan plan_descriptors(const frontends::GlobalDef& global, bool maxconn_given,
                                std::uint64_t for_itself, const DescriptorLimits& limits, bool may_raise) {
  DescriptorPlan plan;
  const std::uint64_t ceiling = global.ulimit_n > 0 ? global.ulimit_n : limits.hard;
  plan.maxconn = maxconn_given ? global.maxconn : std::min(global.maxconn, maxconn_for(ceiling, for_itself));
  plan.wanted = std::max<std::uint64_t>(global.ulimit_n, 2ULL * plan.maxconn + for_itself);
  if (plan.wanted <= limits.hard || may_raise) return plan;
  const std::uint64_t fits = limits.hard > for_itself ? (limits.hard - for_itself) / 2 : 0;
  plan.error = "Cannot raise FD limit to " + std::to_string(plan.wanted) + ", limit is " +
               std::to_string(limits.hard) + ". ";
  if (global.ulimit_n > limits.hard) {
    plan.error += "'ulimit-n " + std::to_string(global.ulimit_n) + "' asks for more than the hard limit";
  } else {
    plan.error += "maxconn " + std::to_string(plan.maxconn) +
                  " needs 2 descriptors per connection, listeners, "
                  "checks and threads " +
                  std::to_string(for_itself) + " more";
    if (fits > 0) plan.error += "; 'maxconn " + std::to_string(fits) + "' would fit";
  }
  plan.error += ". Raise the hard limit (ulimit -Hn, systemd: LimitNOFILE=) or lower 'maxconn'.";
  if (fits > 0) plan.maxconn = static_cast<std::uint32_t>(std::min<std::uint64_t>(plan.maxconn, fits));
  return plan;
}

bool raise_descriptor_limit(std::uint64_t wanted) noexcept {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return false;
  if (limit.rlim_cur >= wanted) return true;
  limit.rlim_cur = wanted;
  limit.rlim_max = std::max<rlim_t>(limit.rlim_max, wanted);
  return setrlimit(RLIMIT_NOFILE, &limit) == 0;
}

bool limit_memory(std::uint32_t megabytes) noexcept {
  const rlim_t bytes = static_cast<rlim_t>(megabytes) << 20;
  const rlimit limit{bytes, bytes};
  if (setrlimit(RLIMIT_DATA, &limit) != 0) return false;
  pthread_attr_t attributes;
  if (pthread_attr_init(&attributes) != 0) return true;
  pthread_attr_setstacksize(&attributes, 1U << 20);
  pthread_setattr_default_np(&attributes);
  pthread_attr_destroy(&attributes);
  return true;
}

unsigned usable_cores() noexcept {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) != 0) return 1;
  return static_cast<unsigned>(std::max(1, CPU_COUNT(&set)));
}

}  // namespace evenkeel::app
