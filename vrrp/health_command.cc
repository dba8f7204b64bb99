#include "vrrp/health_command.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <optional>

#include "conf/units.h"
#include "vrrp/keywords.h"

namespace evenkeel::vrrp {
namespace {

constexpr const char* kUsage =
    "usage: evenkeel health [--socket <path>] [--timeout <time>] [--quorum <backend>:<servers>]...";

struct Request {
  std::string socket = "/run/evenkeel/admin.sock";
  int timeout_ms = 1000;
  std::vector<Quorum> quorum;
};

std::string take_option(Request& request, std::string_view name, std::string_view value) {
  if (name == "--socket") {
    if (value.empty() || value.size() >= sizeof(sockaddr_un::sun_path)) return "--socket: not a path";
    request.socket = value;
    return "";
  }
  if (name == "--timeout") {
    const auto time = conf::parse_duration_ms(value);
    if (!time || time.value < 1 || time.value > 60'000)
      return "--timeout: a time from 1ms to 60s is expected";
    request.timeout_ms = static_cast<int>(time.value);
    return "";
  }
  if (name != "--quorum") return "unknown option '" + std::string(name) + "'";
  const auto quorum = parse_quorum(value);
  if (!quorum) return "--quorum: '" + std::string(value) + "' is not <backend>:<servers>";
  request.quorum.push_back(*quorum);
  return "";
}

// Everything until the other side has nothing more to say. nullopt with `why`.
std::optional<std::string> ask(const Request& request, std::string_view commands, std::string& why) {
  using Clock = std::chrono::steady_clock;
  const auto deadline = Clock::now() + std::chrono::milliseconds(request.timeout_ms);
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return why = std::strerror(errno), std::nullopt;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  request.socket.copy(address.sun_path, sizeof address.sun_path - 1);
  // A full backlog would block for ever.
  const timeval limit{request.timeout_ms / 1000, request.timeout_ms % 1000 * 1000};
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  std::string answer;
  const auto fail = [&](const std::string& text) {
    why = text;
    close(fd);
    return std::nullopt;
  };
  if (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      send(fd, commands.data(), commands.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(commands.size()))
    return fail(std::strerror(errno == EAGAIN ? ETIMEDOUT : errno));
  for (std::array<char, 65536> bytes{};;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    pollfd wait{fd, POLLIN, 0};
    if (left <= 0 || poll(&wait, 1, static_cast<int>(left)) == 0)
      return fail("no answer within " + std::to_string(request.timeout_ms) + " ms");
    const ssize_t got = recv(fd, bytes.data(), bytes.size(), MSG_DONTWAIT);
    if (got == 0) break;
    if (got > 0) answer.append(bytes.data(), static_cast<std::size_t>(got));
    if (got < 0 && errno != EAGAIN && errno != EINTR) return fail(std::strerror(errno));
  }
  close(fd);
  return answer;
}

std::string_view take_line(std::string_view& rest) {
  const std::size_t end = std::min(rest.find('\n'), rest.size());
  const std::string_view line = rest.substr(0, end);
  rest.remove_prefix(std::min(rest.size(), end + 1));
  return line;
}

std::string_view column(std::string_view line, std::size_t index) {
  for (; index > 0; --index) {
    const std::size_t comma = line.find(',');
    if (comma == std::string_view::npos) return "";
    line.remove_prefix(comma + 1);
  }
  return line.substr(0, line.find(','));
}

struct Count {
  bool known = false;
  std::uint32_t usable = 0;
};

// "UP", "UP 1/2" and "no check" take traffic; DRAIN, NOLB, MAINT and DOWN do not.
Count count_usable(std::string_view table, std::string_view backend, std::size_t status) {
  Count count;
  while (!table.empty()) {
    const std::string_view line = take_line(table);
    if (column(line, 0) != backend || column(line, 1) == "FRONTEND") continue;
    count.known = true;
    const std::string_view state = column(line, status);
    if (column(line, 1) != "BACKEND" && (state.starts_with("UP") || state == "no check")) ++count.usable;
  }
  return count;
}

}  // namespace

Verdict judge(std::string_view answer, const std::vector<Quorum>& quorum) {
  if (answer.find("\nPid: ") == std::string_view::npos)
    return {false, "the answer is not that of a load balancer"};
  if (answer.find("\nStopping: 1") != std::string_view::npos) return {false, "the process is stopping"};
  const std::size_t head = answer.find("# pxname,svname,");
  if (quorum.empty()) return {true, "serving"};
  if (head == std::string_view::npos) return {false, "the answer has no statistics"};
  std::string_view table = answer.substr(head);
  const std::string_view names = take_line(table);
  std::size_t status = 0;
  while (!column(names, status).empty() && column(names, status) != "status") ++status;
  std::string seen;
  for (const Quorum& one : quorum) {
    const Count count = count_usable(table, one.backend, status);
    if (!count.known) return {false, "there is no backend '" + one.backend + "'"};
    const std::string text =
        "backend '" + one.backend + "' has " + std::to_string(count.usable) + " usable servers";
    if (count.usable < one.servers) return {false, text + ", its quorum is " + std::to_string(one.servers)};
    seen += ", " + text;
  }
  return {true, "serving" + seen};
}

int run_health(std::span<const std::string_view> args) {
  Request request;
  for (std::size_t i = 0; i < args.size(); i += 2) {
    const std::string error = i + 1 < args.size()
                                  ? take_option(request, args[i], args[i + 1])
                                  : "'" + std::string(args[i]) + "' expects something behind it";
    if (error.empty()) continue;
    std::fprintf(stderr, "evenkeel health: %s\n%s\n", error.c_str(), kUsage);
    return 2;
  }
  std::string why;
  const auto answer = ask(request, request.quorum.empty() ? "show info\n" : "show info;show stat\n", why);
  const Verdict verdict =
      answer ? judge(*answer, request.quorum) : Verdict{false, request.socket + ": " + why};
  std::fprintf(verdict.good ? stdout : stderr, "evenkeel health: %s\n", verdict.reason.c_str());
  return verdict.good ? 0 : 1;
}

}  // namespace evenkeel::vrrp
