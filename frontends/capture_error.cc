#include "frontends/capture_error.h"

#include "frontends/engine.h"

namespace evenkeel::frontends {

void capture_error(WorkerContext& context, Frontend& frontend, backends::Server* server, const Address& peer,
                   std::string_view bytes, std::size_t position) {
  backends::CapturedError error;
  error.wall_us = SystemClock().wall_us();
  error.event = context.engine.captured_errors.fetch_add(1);
  error.frontend = frontend.name();
  error.frontend_id = frontend.def().id;
  error.peer = peer;
  error.bytes = bytes;
  error.position = position;
  const std::size_t capacity = context.worker.buffers().block_size();
  error.room_left = capacity > bytes.size() ? capacity - bytes.size() : 0;
  if (server == nullptr) {
    frontend.last_request_error.store(std::move(error));
    return;
  }
  backends::Backend& backend = server->backend();
  error.response = true;
  error.backend = backend.name();
  error.backend_id = backend.def().id;
  error.server = server->name;
  error.server_id = server->id;
  backend.last_response_error.store(std::move(error));
}

}  // namespace evenkeel::frontends
