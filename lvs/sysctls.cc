#include "lvs/sysctls.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>

namespace evenkeel::lvs {
namespace {

constexpr std::array kSettings = {
    Setting{"expire_nodest_conn", "1"},
    Setting{"expire_quiescent_template", "1"},
    Setting{"conn_reuse_mode", "1"},
};

std::string path_of(std::string_view name) { return "/proc/sys/net/ipv4/vs/" + std::string(name); }

}  // namespace

std::span<const Setting> settings() noexcept { return kSettings; }

SysctlAccess SysctlAccess::of_this_namespace() {
  SysctlAccess access;
  access.read = [](std::string_view name) -> std::optional<std::string> {
    const int fd = open(path_of(name).c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return std::nullopt;
    std::array<char, 64> text{};
    const ssize_t size = ::read(fd, text.data(), text.size());
    close(fd);
    if (size <= 0) return std::nullopt;
    std::string value(text.data(), static_cast<std::size_t>(size));
    while (!value.empty() && value.back() == '\n') value.pop_back();
    return value;
  };
  access.write = [](std::string_view name, std::string_view value) {
    const int fd = open(path_of(name).c_str(), O_WRONLY | O_CLOEXEC);
    if (fd < 0) return false;
    const bool good = ::write(fd, value.data(), value.size()) == static_cast<ssize_t>(value.size());
    close(fd);
    return good;
  };
  return access;
}

std::string apply_settings(const SysctlAccess& access, std::map<std::string, std::string>& before) {
  std::string failed;
  for (const Setting& setting : kSettings) {
    const auto now = access.read(setting.name);
    if (now && *now == setting.value) continue;
    if (!now || !access.write(setting.name, setting.value)) {
      failed += (failed.empty() ? "" : ", ") + std::string(setting.name);
      continue;
    }
    before.try_emplace(std::string(setting.name), *now);
  }
  return failed;
}

void restore_settings(const SysctlAccess& access, std::map<std::string, std::string>& before) {
  for (const auto& [name, value] : before) access.write(name, value);
  before.clear();
}

}  // namespace evenkeel::lvs
