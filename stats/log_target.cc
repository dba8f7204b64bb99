#include "stats/log_target.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <climits>
#include <cstring>

namespace evenkeel::stats {
namespace {

bool take_number(std::string_view& text, std::uint32_t& value) noexcept {
  const auto end = std::from_chars(text.data(), text.data() + text.size(), value);
  if (end.ec != std::errc() || value == 0) return false;
  text.remove_prefix(static_cast<std::size_t>(end.ptr - text.data()));
  return true;
}

bool take(std::string_view& text, char c) noexcept {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

bool writable_now(int fd) noexcept {
  pollfd p{fd, POLLOUT, 0};
  return poll(&p, 1, 0) == 1 && (p.revents & POLLOUT) != 0;
}

}  // namespace

bool parse_sample(std::string_view text, LogTargetDef& def) {
  def.sample.clear();
  do {
    SampleRange range;
    if (!take_number(text, range.low)) return false;
    range.high = range.low;
    if (take(text, '-') && !take_number(text, range.high)) return false;
    if (range.high < range.low) return false;
    def.sample.push_back(range);
  } while (take(text, ','));
  if (!take(text, ':') || !take_number(text, def.sample_size) || !text.empty()) return false;
  std::sort(def.sample.begin(), def.sample.end(),
            [](const SampleRange& a, const SampleRange& b) { return a.low < b.low; });
  for (std::size_t i = 1; i < def.sample.size(); ++i) {
    if (def.sample[i].low <= def.sample[i - 1].high) return false;
  }
  return def.sample.back().high <= def.sample_size;
}

bool LogTarget::sampled() noexcept {
  if (def_.sample.empty()) return true;
  const auto position =
      static_cast<std::uint32_t>(lines_.fetch_add(1, std::memory_order_relaxed) % def_.sample_size) + 1;
  return std::any_of(def_.sample.begin(), def_.sample.end(),
                     [&](const SampleRange& r) { return position >= r.low && position <= r.high; });
}

LogSender::LogSender(const SyslogIdentity& identity, const Clock& clock,
                     std::function<void(std::string_view)> warn)
    : identity_(identity), clock_(clock), warn_(std::move(warn)), line_(2048), text_(8192) {}

LogSender::~LogSender() {
  flush();
  for (const int fd : {udp4_, udp6_, unix_}) {
    if (fd >= 0) close(fd);
  }
}

void LogSender::send(const LogTargets& targets, int level, std::string_view tag, std::string_view text,
                     std::string_view structured, std::size_t header) {
  for (const auto& target : targets) {
    const LogTargetDef& def = target->def();
    if (level > def.max_level || !target->sampled()) continue;
    if (line_.size() <= def.max_length) line_.resize(def.max_length + 1);
    LineWriter line(line_.data(), def.max_length);
    put_syslog_header(line, def.format, def.facility, std::max(level, def.min_level), identity_,
                      tag.empty() ? std::string_view(identity_.tag) : tag, clock_.wall_us(), date_,
                      structured);
    const std::size_t before = std::min(line.size() + header, static_cast<std::size_t>(def.max_length));
    line.put(text);
    line_[line.size()] = '\n';
    deliver(target, std::string_view(line_.data(), line.size() + 1), before);
  }
}

void LogSender::send(const LogTargets& targets, const ProxyLogDef& def, const SessionRecord& record,
                     std::string_view structured) {
  if (targets.empty()) return;
  if (const std::optional<int> level = log_level_of(def.access, record))
    send(targets, def, record, *level, structured);
}

void LogSender::send(const LogTargets& targets, const ProxyLogDef& def, const SessionRecord& record,
                     int level, std::string_view structured) {
  std::uint32_t longest = 0;
  for (const auto& target : targets) longest = std::max(longest, target->def().max_length);
  send(targets, level, def.tag, render(def.access.format, record, longest), structured);
}

std::string_view LogSender::render(LogFormat format, const SessionRecord& record, std::size_t longest) {
  if (text_.size() < longest) text_.resize(longest);
  return {text_.data(), render_access_log(format, record, date_, text_.data(), longest)};
}

void LogSender::gather(std::function<void()> first) {
  send_gathered();
  gather_ = std::move(first);
}

void LogSender::put_aside(const std::shared_ptr<LogTarget>& target, std::string_view line,
                          std::size_t header) {
  if (gathered_.empty()) gather_();
  if (runs_.empty() || runs_.back().target != target) runs_.push_back({target, 0});
  ++runs_.back().lines;
  gathered_.push_back(
      {gathered_bytes_.size(), static_cast<std::uint32_t>(line.size()), static_cast<std::uint32_t>(header)});
  gathered_bytes_ += line;
  if (gathered_.size() >= kGathered || gathered_bytes_.size() >= kGatheredBytes) send_gathered();
}

// How many of the lines the kernel took; fewer than there are when it has no room or an error to tell.
std::size_t LogSender::send_together(LogTarget& target, const Gathered* lines, std::size_t count) noexcept {
  const Address& to = target.def().address;
  const int fd = socket_for(to.family());
  if (fd < 0) return 0;
  std::array<mmsghdr, kGathered> messages;
  std::array<iovec, kGathered> parts;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string_view bytes = bytes_of(lines[i]);
    parts[i] = {const_cast<char*>(bytes.data()), bytes.size()};
    messages[i] = {};
    messages[i].msg_hdr.msg_name = const_cast<sockaddr*>(to.data());
    messages[i].msg_hdr.msg_namelen = to.size();
    messages[i].msg_hdr.msg_iov = &parts[i];
    messages[i].msg_hdr.msg_iovlen = 1;
  }
  const int sent = sendmmsg(fd, messages.data(), static_cast<unsigned>(count), MSG_DONTWAIT | MSG_NOSIGNAL);
  return sent < 0 ? 0 : static_cast<std::size_t>(sent);
}

// What the kernel does not take together goes line by line, as if it had never been put aside.
void LogSender::send_gathered() {
  const Gathered* line = gathered_.data();
  for (const Run& run : runs_) {
    std::size_t left = run.lines;
    while (left > 0) {
      std::size_t sent = 0;
      if (left > 1 && queue_of(run.target.get()) == nullptr) sent = send_together(*run.target, line, left);
      line += sent;
      left -= sent;
      if (left == 0) break;
      deliver_now(run.target, bytes_of(*line), line->header);
      ++line;
      --left;
    }
  }
  runs_.clear();
  gathered_.clear();
  gathered_bytes_.clear();
}

void LogSender::flush() {
  send_gathered();
  for (Queue& queue : queues_) {
    while (!queue.lines.empty()) {
      const Outcome outcome = write(*queue.target, queue.lines.front().bytes, queue.lines.front().header);
      if (outcome == Outcome::full) break;
      if (outcome == Outcome::failed) drop(*queue.target, std::strerror(errno));
      queue.lines.pop_front();
      --waiting_;
    }
  }
  // A target of an old configuration is held no longer than its lines.
  std::erase_if(queues_, [](const Queue& queue) { return queue.lines.empty(); });
}

LogSender::Queue* LogSender::queue_of(const LogTarget* target) noexcept {
  for (Queue& queue : queues_) {
    if (queue.target.get() == target) return &queue;
  }
  return nullptr;
}

// Lines behind waiting ones wait too, so that their order is kept.
void LogSender::deliver(const std::shared_ptr<LogTarget>& target, std::string_view line, std::size_t header) {
  if (waiting_ != 0) flush();
  const LogTarget& to = *target;
  if (gather_ && !to.ring_ && !to.sink_ && to.def_.fd < 0 && queue_of(target.get()) == nullptr)
    return put_aside(target, line, header);
  deliver_now(target, line, header);
}

void LogSender::deliver_now(const std::shared_ptr<LogTarget>& target, std::string_view line,
                            std::size_t header) {
  Queue* queue = queue_of(target.get());
  if (queue == nullptr) {
    const Outcome outcome = write(*target, line, header);
    if (outcome == Outcome::sent) return;
    if (outcome == Outcome::failed) return drop(*target, std::strerror(errno));
    queue = &queues_.emplace_back(Queue{target, {}});
  }
  if (queue->lines.size() >= kQueueLines) return drop(*target, "it does not keep up");
  queue->lines.push_back({std::string(line), header});
  ++waiting_;
}

void LogSender::drop(LogTarget& target, std::string_view why) {
  target.dropped_.fetch_add(1, std::memory_order_relaxed);
  if (target.warned_.exchange(true, std::memory_order_relaxed) || !warn_) return;
  warn_("log target '" + target.def().name + "' loses lines: " + std::string(why) +
        "; further losses are only counted (DroppedLogs)");
}

LogSender::Outcome LogSender::write(LogTarget& target, std::string_view line, std::size_t header) {
  if (target.ring_) {
    target.ring_->append(line.substr(0, line.size() - 1));
    return Outcome::sent;
  }
  if (target.sink_) {
    const std::string_view message = line.substr(0, line.size() - 1);
    return target.sink_->deliver(*this, line, message.substr(std::min(header, message.size())));
  }
  return target.def().fd >= 0 ? write_descriptor(target, line) : send_datagram(target.def().address, line);
}

int LogSender::socket_for(int family) {
  int& fd = family == AF_INET ? udp4_ : family == AF_INET6 ? udp6_ : unix_;
  if (fd < 0) fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  return fd;
}

// Unconnected sockets: a syslog server that comes back is reached at once, and ICMP errors of one target do
// not fail the lines of another.
LogOutcome LogSender::send_datagram(const Address& to, std::string_view line) noexcept {
  const int fd = socket_for(to.family());
  if (fd < 0) return Outcome::failed;
  const ssize_t n = sendto(fd, line.data(), line.size(), MSG_DONTWAIT | MSG_NOSIGNAL, to.data(), to.size());
  if (n >= 0) return Outcome::sent;
  const bool full = errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS;
  return full ? Outcome::full : Outcome::failed;
}

// The descriptor is shared with other processes, so O_NONBLOCK is not ours to set. A writable pipe has room
// for PIPE_BUF bytes; a longer line goes in such pieces and is cut where there is no more room.
LogSender::Outcome LogSender::write_descriptor(LogTarget& target, std::string_view line) {
  if (target.writing_.test_and_set(std::memory_order_acquire)) return Outcome::full;
  Outcome outcome = Outcome::sent;
  bool began = false;
  while (!line.empty()) {
    if (!writable_now(target.def().fd)) {
      if (!began) outcome = Outcome::full;
      break;
    }
    const ssize_t n = ::write(target.def().fd, line.data(), std::min<std::size_t>(line.size(), PIPE_BUF));
    if (n < 0) {
      if (errno == EINTR) continue;
      outcome = errno == EAGAIN ? (began ? Outcome::sent : Outcome::full) : Outcome::failed;
      break;
    }
    began = true;
    line.remove_prefix(static_cast<std::size_t>(n));
  }
  target.writing_.clear(std::memory_order_release);
  return outcome;
}

}  // namespace evenkeel::stats
