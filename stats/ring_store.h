// Where a ring keeps its bytes: in memory, or in a mapped file that outlives the process (`backing-file`,
// manual 3.9).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace evenkeel::stats {

// The first bytes of a backing file; numbers are the machine's. The lines follow, each behind its length (32
// bits), from `head` on for `used` bytes, around the end of the area. The format is Evenkeel's own: HAProxy's
// is the memory of its structures.
struct RingHeader {
  static constexpr char kMagic[8] = {'E', 'K', 'R', 'I', 'N', 'G', '0', '1'};
  char magic[8];
  std::uint64_t capacity;  // bytes behind the header
  std::uint64_t head;
  std::uint64_t used;
  std::uint64_t first;  // number of the oldest line
};

class RingStore {
 public:
  RingStore(const RingStore&) = delete;
  RingStore& operator=(const RingStore&) = delete;
  ~RingStore();

  // path: empty for memory. A file that cannot be had is memory too, with error() set: logs are no reason not
  // to start.
  static std::shared_ptr<RingStore> open(const std::string& path, std::size_t size);
  // A file with lines of an earlier process becomes `<path>.bak`; failures are not told, as the manual says.
  // What is no file stays where it is: HAProxy renames folders, too.
  static void keep_old(const std::string& path) noexcept;

  [[nodiscard]] char* bytes() noexcept { return bytes_; }
  [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }
  [[nodiscard]] const std::string& error() const noexcept { return error_; }
  // What a reader of the file has to know. Nothing without a file.
  void place(std::size_t head, std::size_t used, std::uint64_t first) noexcept;

 private:
  RingStore() = default;
  bool map(const std::string& path, std::size_t size);

  std::vector<char> memory_;
  RingHeader* header_ = nullptr;  // of the mapped file
  std::size_t mapped_ = 0;
  char* bytes_ = nullptr;
  std::size_t capacity_ = 0;
  std::string error_;
};

}  // namespace evenkeel::stats
