// Frontends, changed.
#include "control/commands/commands.h"
#include "control/lookup.h"
#include "control/on_worker.h"
#include "frontends/engine.h"

namespace evenkeel::control {
namespace {

using frontends::Frontend;
using frontends::FrontendState;

Frontend* frontend_of(Call& call, std::string& error) {
  if (call.arg(0).empty()) {
    error = "A frontend name is expected.\n";
    return nullptr;
  }
  Frontend* const frontend = find_frontend(call.engine, call.arg(0));
  if (frontend == nullptr) error = "No such frontend.\n";
  return frontend;
}

}  // namespace

Answer enable_frontend(Call& call) {
  std::string error;
  Frontend* const frontend = frontend_of(call, error);
  if (frontend == nullptr) return failed(std::move(error));
  switch (frontend->state.load()) {
    case FrontendState::stopped:
      return failed("Frontend was previously shut down, cannot enable.\n");
    case FrontendState::running:
      return failed("All sockets are already enabled.\n");
    case FrontendState::paused:
      break;
  }
  if (!call.engine.resume_frontend(*frontend)) {
    return failed("Failed to resume frontend, check logs for precise cause (port conflict?).\n");
  }
  return done();
}

Answer disable_frontend(Call& call) {
  std::string error;
  Frontend* const frontend = frontend_of(call, error);
  if (frontend == nullptr) return failed(std::move(error));
  switch (frontend->state.load()) {
    case FrontendState::stopped:
      return failed("Frontend was previously shut down, cannot disable.\n");
    case FrontendState::paused:
      return failed("All sockets are already disabled.\n");
    case FrontendState::running:
      break;
  }
  call.engine.pause_frontend(*frontend);
  return done();
}

// Answers when the ports are free: each worker closes its own descriptors, and an acceptor that was told to
// end does so one turn of its loop later.
Task<void> shutdown_frontend(Call& call, Output& out) {
  std::string error;
  Frontend* const frontend = frontend_of(call, error);
  if (frontend != nullptr && frontend->state.load() == FrontendState::stopped) {
    error = "Frontend was already shut down.\n";
  }
  if (!error.empty()) {
    out.refuse(std::move(error));
    co_return;
  }
  call.engine.stop_frontend(*frontend);
  for (int turn = 0; turn < 2; ++turn) {
    for (unsigned w = 0; w < call.engine.worker_count(); ++w) {
      co_await on_worker(call.engine.context(w).worker, on_worker::Turn::next, [] {});
    }
  }
}

// 0: the limit of the process alone counts.
Answer set_maxconn_frontend(Call& call) {
  std::string error;
  Frontend* const frontend = frontend_of(call, error);
  if (frontend == nullptr) return failed(std::move(error));
  const auto value = whole_number(call.arg(1));
  if (!value) return failed("Integer value expected.\n");
  if (*value < 0 || *value > INT32_MAX) return failed("Value out of range.\n");
  frontend->maxconn.store(static_cast<std::uint32_t>(*value));
  call.engine.room_made();
  return done();
}

}  // namespace evenkeel::control
