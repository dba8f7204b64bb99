#include "stats/ring_store.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

namespace evenkeel::stats {

std::shared_ptr<RingStore> RingStore::open(const std::string& path, std::size_t size) {
  std::shared_ptr<RingStore> store(new RingStore);
  if (!path.empty() && store->map(path, size)) return store;
  store->memory_.resize(size);
  store->bytes_ = store->memory_.data();
  store->capacity_ = size;
  return store;
}

void RingStore::keep_old(const std::string& path) noexcept {
  struct stat info = {};
  if (::stat(path.c_str(), &info) != 0 || !S_ISREG(info.st_mode) || info.st_size == 0) return;
  (void)std::rename(path.c_str(), (path + ".bak").c_str());
}

// A file of its own, never the old one cut: what an older process has mapped stays whole.
bool RingStore::map(const std::string& path, std::size_t size) {
  keep_old(path);
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) {
    error_ = std::strerror(errno);
    return false;
  }
  // Space that is promised now cannot be missing when a line is written, which would kill the process.
  const int full = size > sizeof(RingHeader) ? posix_fallocate(fd, 0, static_cast<off_t>(size)) : EINVAL;
  void* const at = full == 0 ? mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) : MAP_FAILED;
  if (at == MAP_FAILED) error_ = std::strerror(full != 0 ? full : errno);
  ::close(fd);
  if (at == MAP_FAILED) return false;
  header_ = static_cast<RingHeader*>(at);
  mapped_ = size;
  bytes_ = static_cast<char*>(at) + sizeof(RingHeader);
  capacity_ = size - sizeof(RingHeader);
  *header_ = {};
  std::memcpy(header_->magic, RingHeader::kMagic, sizeof header_->magic);
  header_->capacity = capacity_;
  return true;
}

void RingStore::place(std::size_t head, std::size_t used, std::uint64_t first) noexcept {
  if (header_ == nullptr) return;
  header_->head = head;
  header_->used = used;
  header_->first = first;
}

RingStore::~RingStore() {
  if (header_ != nullptr) munmap(header_, mapped_);
}

}  // namespace evenkeel::stats
