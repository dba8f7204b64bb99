// publish backend, unpublish backend: whether use_backend and default_backend may name one.
#include "control/commands/commands.h"
#include "frontends/engine.h"

namespace evenkeel::control {
namespace {

Answer publish(Call& call, bool on) {
  if (call.arg(0).empty()) return failed("A backend name is expected.\n");
  backends::Backend* const backend = call.engine.find_backend(call.arg(0));
  if (backend == nullptr) return failed("No such backend.\n");
  backend->published.store(on, std::memory_order_relaxed);
  return done();
}

}  // namespace

Answer publish_backend(Call& call) { return publish(call, true); }
Answer unpublish_backend(Call& call) { return publish(call, false); }

}  // namespace evenkeel::control
