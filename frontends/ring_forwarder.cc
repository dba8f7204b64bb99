#include "frontends/ring_forwarder.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <utility>

#include "core/fd_stream.h"
#include "core/log.h"
#include "core/socket_options.h"

namespace evenkeel::frontends {
namespace {

constexpr std::size_t kPiece = 16384;  // bytes collected at a time
constexpr Millis kAgain = 1000;        // between two attempts to connect

void frame(std::string_view line, bool octet_count, std::string& out) {
  if (octet_count) out.append(std::to_string(line.size())).append(1, ' ');
  out += line;
  if (!octet_count) out += '\n';
}

// The peer has closed: what is written now would be lost without a word.
bool closed(int fd) noexcept {
  char byte = 0;
  const ssize_t n = recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return n == 0 || (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR);
}

}  // namespace

RingForwarder::RingForwarder(std::shared_ptr<stats::LogRing> ring, std::size_t server)
    : ring_(std::move(ring)), server_(ring_->def().servers[server]) {
  reader_ = &ring_->add_reader([this] { context_->worker.post([this] { wake_.set(); }); },
                               [this] {
                                 log_warning("ring '" + ring_->def().name + "': server '" + server_.name +
                                             "' does not keep up, lines are lost; further losses are only "
                                             "counted (show events, DroppedLogs)");
                               });
}

void RingForwarder::stop() noexcept {
  stopping_ = true;
  wake_.set();
}

Task<void> RingForwarder::run(WorkerContext& context) {
  context_ = &context;
  const Resident resident(context);
  while (!stopping_) {
    // Nothing to say needs no connection.
    while (!stopping_ && !collect()) {
      wake_.reset();
      reader_->waits.store(true);
      if (ring_->next() == position_) co_await wake_;
    }
    if (stopping_) break;
    if (!co_await connect_and_send()) co_await pause(kAgain);
  }
}

Task<void> RingForwarder::pause(Millis duration) {
  wake_.reset();
  Deadline timer(
      context_->worker.timers(), [](void* event) noexcept { static_cast<Event*>(event)->set(); }, &wake_);
  timer.set(context_->worker.now() + duration);
  if (!stopping_) co_await wake_;
}

Task<bool> RingForwarder::connect_and_send() {
  const ConnectAttempt attempt = begin_connect(server_.address, ConnectOptions{});
  if (attempt.fd < 0) co_return false;
  FdStream stream(context_->worker, attempt.fd);
  const Resident waits(*context_, &stream);
  if (!attempt.established) {
    Deadline deadline(
        context_->worker.timers(),
        [](void* s) noexcept { static_cast<FdStream*>(s)->interrupt(IoStatus::timeout); }, &stream);
    if (ring_->def().connect_timeout > 0) deadline.set(context_->worker.now() + ring_->def().connect_timeout);
    stream.exhausted_write();
    const IoResult ready = co_await stream.writable();
    if (!ready.ok() || connect_error(stream.fd()) != 0) co_return false;
  }
  co_await send_lines(stream);
  co_return true;
}

bool RingForwarder::collect() {
  if (sent_ < pending_.size()) return true;
  pending_.clear();
  ends_.clear();
  sent_ = 0;
  std::uint64_t lost = 0;
  position_ = ring_->read(position_, lost, [this](std::string_view line) {
    if (pending_.size() >= kPiece) return false;
    frame(line, server_.octet_count, pending_);
    ends_.push_back(pending_.size());
    return true;
  });
  reader_->position.store(position_, std::memory_order_relaxed);
  return !pending_.empty();
}

Task<void> RingForwarder::send_lines(FdStream& stream) {
  while (!stopping_) {
    if (collect()) {
      if (closed(stream.fd()) || !co_await send_pending(stream)) break;
      continue;
    }
    wake_.reset();
    reader_->waits.store(true);
    if (ring_->next() == position_ && !stopping_) co_await wake_;
  }
  if (stopping_) send_rest(stream.fd());
  // A line that was cut goes out again as a whole.
  const auto cut = std::upper_bound(ends_.begin(), ends_.end(), sent_);
  sent_ = cut == ends_.begin() ? 0 : *std::prev(cut);
}

Task<bool> RingForwarder::send_pending(FdStream& stream) {
  Deadline deadline(
      context_->worker.timers(),
      [](void* s) noexcept { static_cast<FdStream*>(s)->interrupt(IoStatus::timeout); }, &stream);
  while (sent_ < pending_.size()) {
    if (ring_->def().server_timeout > 0) deadline.set(context_->worker.now() + ring_->def().server_timeout);
    const IoResult wrote = co_await stream.write(std::string_view(pending_).substr(sent_));
    if (!wrote.ok()) co_return false;
    sent_ += wrote.bytes;
  }
  co_return true;
}

void RingForwarder::send_rest(int fd) {
  while (collect()) {
    const ssize_t n = send(fd, pending_.data() + sent_, pending_.size() - sent_, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n <= 0) return;
    sent_ += static_cast<std::size_t>(n);
  }
}

}  // namespace evenkeel::frontends
