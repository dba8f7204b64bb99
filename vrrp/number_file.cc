#include "vrrp/number_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

namespace evenkeel::vrrp {

std::optional<unsigned long long> replace_file(int directory, const std::string& name,
                                               const std::string& text) {
  const std::size_t slash = name.rfind('/') + 1;  // npos + 1 is 0
  const std::string part = name.substr(0, slash) + "." + name.substr(slash) + "." + std::to_string(getpid());
  const int fd = openat(directory, part.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
  if (fd < 0) return std::nullopt;
  struct stat facts {};
  const bool written =
      ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && fstat(fd, &facts) == 0;
  const bool closed = ::close(fd) == 0;
  if (written && closed && renameat(directory, part.c_str(), directory, name.c_str()) == 0)
    return facts.st_ino;
  const int why = errno;
  unlinkat(directory, part.c_str(), 0);
  errno = why;
  return std::nullopt;
}

}  // namespace evenkeel::vrrp
