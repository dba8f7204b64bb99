// Descriptors: how many a configuration needs, how many there are, and how to say so.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "frontends/config.h"

namespace evenkeel::app {

struct DescriptorLimits {
  std::uint64_t soft = 0;
  std::uint64_t hard = 0;
};
DescriptorLimits current_descriptor_limits() noexcept;

// Descriptors apart from connections: listeners on every worker, checks, event loops, logs and some to spare.
std::uint64_t descriptors_for_itself(const frontends::Config& config, unsigned workers) noexcept;

// Connections that fit: each takes two descriptors. At least 100, as in HAProxy, whose users expect a start
// on small machines; then raising the limit fails with a message.
std::uint32_t maxconn_for(std::uint64_t limit, std::uint64_t for_itself) noexcept;

struct DescriptorPlan {
  std::uint64_t wanted = 0;   // RLIMIT_NOFILE to ask for
  std::uint32_t maxconn = 0;  // connections the process may hold
  std::string error;          // not empty: does not fit; what to do about it
};
// maxconn_given: the user has said how many connections; otherwise it is made to fit. may_raise: the hard
// limit is not the end (root).
DescriptorPlan plan_descriptors(const frontends::GlobalDef& global, bool maxconn_given,
                                std::uint64_t for_itself, const DescriptorLimits& limits, bool may_raise);

// Sets the soft limit, and the hard one where it must grow. False: the kernel refused.
bool raise_descriptor_limit(std::uint64_t wanted) noexcept;

// -m: the limit of data memory, in megabytes. Threads made afterwards get small stacks, because a stack
// counts in full. False: refused by the kernel.
bool limit_memory(std::uint32_t megabytes) noexcept;

// Cores that this process may run on, at least 1.
unsigned usable_cores() noexcept;

}  // namespace evenkeel::app
