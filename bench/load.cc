// The load: many connections from one thread, closed loop or at a fixed rate.
//
// Closed loop (default): every connection sends its next request when the last answer is complete.
// Fixed rate (--rate R): requests fall due R times a second whether or not a connection is free; latency
// counts from the due time, so a stall is charged to every request that it delayed (no coordinated omission).
// Idle (--idle): opens all connections one after the other with one request each, prints READY, and holds
// them.
//
// With --targets FILE ("host path" a line) requests go round over its lines.
//
// usage: load --port P [--connections N] [--seconds S] [--rate R] [--close] [--path /x] [--header "A: b"]
// [--targets FILE] [--idle] Prints one line of JSON.
#include <time.h>

#include <algorithm>
#include <deque>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "net.h"

namespace {

constexpr std::string_view kLastChunk = "\r\n0\r\n\r\n";

struct Options {
  uint16_t port = 0;
  size_t connections = 64;
  double seconds = 2;
  double rate = 0;
  bool close = false;
  bool idle = false;
  std::string path = "/";
  std::string header;
  std::string targets;
};

struct Connection {
  int fd = -1;
  bool connected = false;
  bool busy = false;
  bool in_body = false;
  bool chunked = false;
  size_t body_left = 0;
  uint64_t due = 0;
  std::string head;
};

uint64_t now_ns() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<uint64_t>(t.tv_sec) * 1'000'000'000ULL + static_cast<uint64_t>(t.tv_nsec);
}

class Load {
 public:
  explicit Load(const Options& options) : options_(options), epoll_(epoll_create1(EPOLL_CLOEXEC)) {
    if (options.targets.empty()) {
      requests_.push_back(request("bench.example", options.path));
    } else {
      std::ifstream lines(options.targets);
      for (std::string host, path; lines >> host >> path;) requests_.push_back(request(host, path));
      if (requests_.empty()) bench::die("no targets");
    }
    latencies_.reserve(1 << 20);
  }

  int run() {
    begin_ = now_ns();
    end_ = begin_ + static_cast<uint64_t>(options_.seconds * 1e9);
    for (size_t i = 0; i < options_.connections; ++i) {
      pool_.push_back(std::make_unique<Connection>());
      free_.push_back(pool_.back().get());
      if (options_.rate == 0) start_next(begin_);
      if (options_.idle) settle_last();
    }
    if (options_.idle) {
      std::printf("READY\n");
      std::fflush(stdout);
    }
    while (now_ns() < end_) {
      if (options_.rate > 0) fall_due();
      poll();
    }
    report();
    return 0;
  }

 private:
  std::string request(const std::string& host, const std::string& path) const {
    return "GET " + path + " HTTP/1.1\r\nHost: " + host + "\r\nUser-Agent: load\r\nAccept: */*\r\n" +
           options_.header + (options_.close ? "Connection: close\r\n\r\n" : "\r\n");
  }

  void poll() {
    epoll_event events[256];
    timespec wait{0, 1'000'000};
    if (options_.rate > 0) {
      auto due = due_time(issued_), now = now_ns();
      wait.tv_nsec = due <= now ? 0 : static_cast<long>(std::min<uint64_t>(due - now, 1'000'000));
    }
    int n = epoll_pwait2(epoll_, events, 256, &wait, nullptr);
    for (int i = 0; i < n; ++i) on_event(*static_cast<Connection*>(events[i].data.ptr), events[i].events);
  }

  uint64_t due_time(uint64_t index) const {
    return begin_ + static_cast<uint64_t>(static_cast<double>(index) * 1e9 / options_.rate);
  }

  void fall_due() {
    auto now = now_ns();
    while (due_time(issued_) <= now) waiting_.push_back(due_time(issued_++));
    while (!waiting_.empty() && !free_.empty()) {
      auto due = waiting_.front();
      waiting_.pop_front();
      start_next(due);
    }
  }

  void start_next(uint64_t due) {
    Connection& c = *free_.back();
    free_.pop_back();
    c.busy = true;
    c.due = due;
    c.head.clear();
    c.in_body = c.chunked = false;
    if (c.fd < 0) return open(c);
    send_request(c);
  }

  // Many source addresses, so that a connection per request does not run out of ports.
  void open(Connection& c) {
    c.connected = false;
    c.fd = bench::connect_to(options_.port, INADDR_LOOPBACK + 1 + (opened_++ % 16));
    if (c.fd < 0) return fail(c);
    bench::watch(epoll_, EPOLL_CTL_ADD, c.fd, EPOLLOUT, &c);
  }

  void send_request(Connection& c) {
    const std::string& text = requests_[next_request_];
    if (++next_request_ == requests_.size()) next_request_ = 0;
    auto n = send(c.fd, text.data(), text.size(), MSG_NOSIGNAL);
    if (n != static_cast<ssize_t>(text.size())) fail(c);
  }

  void fail(Connection& c) {
    ++errors_;
    drop(c);
    done(c);
  }

  void drop(Connection& c) {
    if (c.fd >= 0) close(c.fd);
    c.fd = -1;
  }

  void done(Connection& c) {
    c.busy = false;
    free_.push_back(&c);
    if (options_.rate == 0 && !options_.idle) start_next(now_ns());
  }

  void on_event(Connection& c, uint32_t events) {
    if (c.fd < 0) return;
    if (!c.connected && (events & EPOLLOUT) && !(events & EPOLLERR)) {
      c.connected = true;
      bench::watch(epoll_, EPOLL_CTL_MOD, c.fd, EPOLLIN, &c);
      return send_request(c);
    }
    if (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) receive(c);
  }

  void receive(Connection& c) {
    static char buffer[256 * 1024];
    auto n = recv(c.fd, buffer, sizeof buffer, 0);
    if (n < 0 && errno == EAGAIN) return;
    if (n <= 0) {
      if (c.busy) return fail(c);
      ++closed_idle_;
      return drop(c);
    }
    bytes_ += static_cast<uint64_t>(n);
    if (!c.busy) return fail_idle(c);
    if (c.chunked) {
      // One answer at a time: what ends like a last chunk is the end.
      if (std::string_view(buffer, static_cast<size_t>(n)).ends_with(kLastChunk)) c.body_left = 0;
    } else if (c.in_body) {
      c.body_left -= std::min(c.body_left, static_cast<size_t>(n));
    } else if (!take_head(c, {buffer, static_cast<size_t>(n)})) {
      return;
    }
    if (c.body_left == 0) complete(c);
  }

  void fail_idle(Connection& c) {
    ++errors_;
    drop(c);
  }

  bool take_head(Connection& c, std::string_view data) {
    c.head.append(data);
    auto end = c.head.find("\r\n\r\n");
    if (end == std::string::npos) return false;
    if (c.head.compare(9, 3, "200") != 0) ++bad_status_;
    auto at = c.head.find("ontent-");
    while (at != std::string::npos && c.head.compare(at + 7, 1, "L") != 0 &&
           c.head.compare(at + 7, 1, "l") != 0)
      at = c.head.find("ontent-", at + 7);
    const std::string_view lines(c.head.data(), end);
    if (lines.find("ncoding: chunked") != std::string_view::npos) {
      c.chunked = true;
      c.body_left = data.ends_with(kLastChunk) ? 0 : 1;
      return true;
    }
    size_t length = at == std::string::npos ? 0 : std::strtoull(c.head.c_str() + at + 15, nullptr, 10);
    size_t have = c.head.size() - end - 4;
    c.body_left = length > have ? length - have : 0;
    c.in_body = true;
    return true;
  }

  void complete(Connection& c) {
    auto now = now_ns();
    ++completed_;
    latencies_.push_back(static_cast<uint32_t>(std::min<uint64_t>((now - c.due) / 1000, UINT32_MAX)));
    if (options_.close) drop(c);
    done(c);
  }

  void settle_last() {
    while (free_.empty()) poll();
    if (now_ns() > end_) bench::die("idle connections took too long");
    free_.clear();  // each connection speaks once, then only holds its place
  }

  void report() {
    std::sort(latencies_.begin(), latencies_.end());
    auto at = [&](double q) {
      if (latencies_.empty()) return 0U;
      return latencies_[std::min(latencies_.size() - 1,
                                 static_cast<size_t>(q * static_cast<double>(latencies_.size())))];
    };
    double seconds = static_cast<double>(now_ns() - begin_) / 1e9;
    std::printf(
        "{\"requests\": %llu, \"seconds\": %.4f, \"errors\": %llu, \"bad_status\": %llu, \"bytes\": %llu, "
        "\"late\": %zu, \"p50_us\": %u, \"p90_us\": %u, \"p99_us\": %u, \"p999_us\": %u, \"max_us\": %u}\n",
        static_cast<unsigned long long>(completed_), seconds, static_cast<unsigned long long>(errors_),
        static_cast<unsigned long long>(bad_status_), static_cast<unsigned long long>(bytes_),
        waiting_.size(), at(.5), at(.9), at(.99), at(.999), latencies_.empty() ? 0U : latencies_.back());
  }

  Options options_;
  int epoll_;
  std::vector<std::string> requests_;
  size_t next_request_ = 0;
  std::vector<std::unique_ptr<Connection>> pool_;
  std::vector<Connection*> free_;
  std::deque<uint64_t> waiting_;
  std::vector<uint32_t> latencies_;
  uint64_t begin_ = 0, end_ = 0, issued_ = 0, completed_ = 0, errors_ = 0, bad_status_ = 0, bytes_ = 0;
  uint64_t closed_idle_ = 0, opened_ = 0;
};

Options parse(int argc, char** argv) {
  Options o;
  for (int i = 1; i < argc; ++i) {
    std::string_view word = argv[i];
    auto next = [&] { return i + 1 < argc ? argv[++i] : "0"; };
    if (word == "--port")
      o.port = static_cast<uint16_t>(std::atoi(next()));
    else if (word == "--connections")
      o.connections = static_cast<size_t>(std::atoi(next()));
    else if (word == "--seconds")
      o.seconds = std::atof(next());
    else if (word == "--rate")
      o.rate = std::atof(next());
    else if (word == "--path")
      o.path = next();
    else if (word == "--header")
      o.header = std::string(next()) + "\r\n";
    else if (word == "--targets")
      o.targets = next();
    else if (word == "--close")
      o.close = true;
    else if (word == "--idle")
      o.idle = true;
    else {
      std::fprintf(stderr, "load: unknown word %s\n", argv[i]);
      std::exit(2);
    }
  }
  return o;
}

}  // namespace

int main(int argc, char** argv) {
  bench::raise_descriptor_limit();
  return Load(parse(argc, argv)).run();
}
