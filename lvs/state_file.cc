#include "lvs/state_file.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>

namespace evenkeel::lvs {
namespace {

constexpr std::size_t kLargest = 4U << 20U;

template <class Number>
bool read_number(std::string_view text, Number& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

std::string_view take_word(std::string_view& line) {
  const std::string_view word = line.substr(0, line.find(' '));
  line.remove_prefix(std::min(line.size(), word.size() + 1));
  return word;
}

void parse_service(std::string_view line, State& state) {
  const std::string_view kind = take_word(line);
  if (kind == "mark") {
    std::uint32_t mark = 0;
    const std::string_view number = take_word(line);
    if (read_number(number, mark) && mark != 0)
      state.services.insert(mark_key(mark, line == "IPv6" ? AF_INET6 : AF_INET));
    return;
  }
  std::uint8_t protocol = 0;
  const auto endpoint = parse_endpoint(line);
  if (read_number(kind, protocol) && endpoint) state.services.insert(service_key(protocol, *endpoint));
}

}  // namespace

std::string format_state(const State& state) {
  std::string text = "owner " + std::to_string(state.owner) + "\n";
  for (const ServiceKey& key : state.services) {
    text += key.fwmark != 0
                ? "service mark " + std::to_string(key.fwmark) + (key.family == AF_INET6 ? " IPv6" : "")
                : "service " + std::to_string(key.protocol) + " " + to_string(endpoint_of(key));
    text += '\n';
  }
  for (const auto* settings : {&state.sysctls, &state.interfaces})
    for (const auto& [name, value] : *settings) text += "sysctl " + name + " " + value + "\n";
  return text;
}

State parse_state(std::string_view text) {
  State state;
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    const std::string_view word = take_word(line);
    if (word == "owner") {
      read_number(line, state.owner);
    } else if (word == "service") {
      parse_service(line, state);
    } else if (word == "sysctl") {
      const std::string name(take_word(line));
      if (!name.empty() && !line.empty())
        (name.starts_with("net.") ? state.interfaces : state.sysctls)[name] = line;
    }
  }
  return state;
}

StateFile::~StateFile() {
  if (fd_ >= 0) close(fd_);
}

std::string StateFile::default_path() {
  struct stat status {};
  const bool known = stat("/proc/self/ns/net", &status) == 0;
  return "/run/evenkeel-lvs." + std::to_string(known ? status.st_ino : 0);
}

bool StateFile::open(const std::string& path, std::string& why) {
  fd_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd_ < 0) why = path + ": " + std::strerror(errno);
  return fd_ >= 0;
}

State StateFile::read() const {
  std::string text;
  std::array<char, 4096> piece{};
  while (fd_ >= 0 && text.size() < kLargest) {
    const ssize_t got = pread(fd_, piece.data(), piece.size(), static_cast<off_t>(text.size()));
    if (got <= 0) break;
    text.append(piece.data(), static_cast<std::size_t>(got));
  }
  return parse_state(text);
}

void StateFile::write(const State& state) const {
  if (fd_ < 0) return;
  const std::string text = format_state(state);
  if (pwrite(fd_, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size()))
    (void)!ftruncate(fd_, static_cast<off_t>(text.size()));
}

}  // namespace evenkeel::lvs
