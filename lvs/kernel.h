// The kernel's IPVS as an interface: what the bridge and the commands ask of it. Tests put a simulated one in
// its place.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lvs/table.h"

namespace evenkeel::lvs {

// An error as the kernel tells it.
struct KernelError {
  int code = 0;  // errno; 0: none
  explicit operator bool() const noexcept { return code != 0; }
};
// In words, by what was tried: "Service already exists".
std::string describe(KernelError error, Operation::Kind tried);
std::string describe(KernelError error);

// Every call blocks for as long as the kernel takes, microseconds; not to be called from a worker's thread.
class Kernel {
 public:
  virtual ~Kernel() = default;
  virtual KernelError read(Table& table) = 0;
  // The services without their servers: a fraction of the cost of read().
  virtual KernelError list(std::map<ServiceKey, Service>& services) = 0;
  // One service; no error where it is not there. As cheap as a question to the kernel can be.
  virtual KernelError find(const ServiceKey& key, bool& present) = 0;
  virtual KernelError apply(const Operation& operation) = 0;
  virtual KernelError info(Info& info) = 0;
  virtual KernelError timeouts(Timeouts& timeouts) = 0;
  virtual KernelError set_timeouts(const Timeouts& timeouts) = 0;  // a 0 leaves that one as it is
  virtual KernelError daemons(std::vector<Daemon>& daemons) = 0;
  virtual KernelError start_daemon(const Daemon& daemon) = 0;
  virtual KernelError stop_daemon(const Daemon& daemon) = 0;
  virtual KernelError zero(const std::optional<ServiceKey>& key) = 0;  // counters of one service or of all
};

}  // namespace evenkeel::lvs
