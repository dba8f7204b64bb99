// What the runtime socket of a worker and that of the master have in common: sockets, connections, lines.
#pragma once

#include <string>
#include <string_view>

#include "control/command.h"
#include "core/buffer.h"
#include "core/fd_stream.h"
#include "frontends/frontend_def.h"

namespace evenkeel::control {

// A listening, non-blocking descriptor for this address; -1 with a line for people in `error`.
int open_cli_socket(const frontends::BindDef& def, std::string& error);
// Its line of `show cli sockets`.
std::string cli_socket_line(int fd, Level level);

// One connection: lines in, pieces out, and the deadline that ends it when the other side is silent for
// longer than session.timeout says.
class CliConnection final : public Output {
 public:
  CliConnection(Worker& worker, int fd, CliSession& session);

  // Sets view to the next line without its end; valid until the next call. False at the end of input, after a
  // timeout, and for a line (with its payload) that does not fit into a buffer.
  Task<bool> read_line(std::string_view& view);
  // Turns a line that read_line() gave into a command and its payload, whose lines it reads; valid as long.
  Task<bool> read_payload(std::string_view& line, std::string_view& payload);
  [[nodiscard]] bool has_line() const noexcept {
    return in_.held() && in_.view().find('\n', used_) != std::string_view::npos;
  }
  Task<bool> flush() override;
  [[nodiscard]] bool disturbed() const noexcept override;

  FdStream stream;

 private:
  static void expire(void* self) noexcept {
    static_cast<CliConnection*>(self)->stream.interrupt(IoStatus::timeout);
  }
  void arm() noexcept {
    if (session_.timeout > 0) deadline_.set(stream.worker().now() + session_.timeout);
  }
  // The line behind the first `from` bytes of what has been read.
  Task<bool> extend_line(std::size_t from, std::string_view& view);

  CliSession& session_;
  Buffer in_;
  std::size_t used_ = 0;
  Deadline deadline_;
};

}  // namespace evenkeel::control
