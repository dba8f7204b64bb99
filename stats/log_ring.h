// Rings: the last log lines in memory (manual 3.9), for `show events` and for syslog servers over TCP that
// read them at their own speed. A ring never grows: new lines push the oldest out.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "core/address.h"
#include "core/clock.h"
#include "stats/syslog.h"

namespace evenkeel::stats {

// `server` of a ring section.
struct RingServerDef {
  std::string name;
  Address address;
  bool octet_count = false;  // log-proto octet-count (RFC 6587 section 3.4.1); else lines (3.4.2)
};

struct RingDef {
  std::string name;
  std::string description;
  SyslogFormat format = SyslogFormat::raw;
  std::uint32_t max_length = 65535;  // maxlen, bytes of a line
  std::size_t size = 16384;          // bytes of all lines
  std::string backing_file;          // where the bytes are kept; empty: in memory
  Millis connect_timeout = 0;        // 0: as long as the kernel tries
  Millis server_timeout = 0;         // how long a server may take no bytes; 0: for ever
  std::vector<RingServerDef> servers;
};

class RingStore;

// Shared by all threads. A lock is held while a line is copied, nothing else.
class LogRing {
 public:
  explicit LogRing(RingDef def);
  LogRing(const LogRing&) = delete;
  LogRing& operator=(const LogRing&) = delete;
  [[nodiscard]] const RingDef& def() const noexcept { return def_; }

  // Why the backing file cannot be used; empty: it can, or there is none.
  [[nodiscard]] const std::string& store_error() const noexcept;

  // Line without its end; cut to maxlen and to what the ring can hold at all.
  void append(std::string_view line);

  // Lines are numbered from 0 on. The first one that is still there, and the one to come.
  [[nodiscard]] std::uint64_t first() const;
  [[nodiscard]] std::uint64_t next() const;
  // Calls `take` with lines from number `from` on until it returns false or there are none left, and returns
  // the number of the next line to ask for. `lost` grows by the lines that were pushed out before they were
  // read. `take` runs under the lock: it copies, and does nothing else.
  std::uint64_t read(std::uint64_t from, std::uint64_t& lost,
                     const std::function<bool(std::string_view)>& take) const;

  // Lines that a server has not got.
  std::atomic<std::uint64_t> dropped{0};

  // One who wants to hear of new lines: sets `waits` before it looks for lines a last time; wake() is then
  // called once, by the thread that appends.
  // position: the first line that it has not taken; what goes out of the ring before that is counted as
  // dropped at once, because a reader that is stuck cannot tell. losing is called once, when that begins, by
  // the thread that appends.
  struct Reader {
    std::atomic<bool> waits{false};
    std::atomic<std::uint64_t> position{0};
    std::atomic<bool> warned{false};
    std::function<void()> wake;
    std::function<void()> losing;
  };
  // Before the first line. The reader lives as long as the ring.
  Reader& add_reader(std::function<void()> wake, std::function<void()> losing);

 private:
  void drop_oldest() noexcept;
  void copy_out(std::size_t at, char* to, std::size_t length) const noexcept;
  void copy_in(const char* from, std::size_t length) noexcept;

  const RingDef def_;
  mutable std::mutex mutex_;
  std::shared_ptr<RingStore> store_;
  char* bytes_;
  std::size_t capacity_;
  std::size_t head_ = 0;  // of the oldest line's length
  std::size_t used_ = 0;
  std::uint64_t first_ = 0;
  std::uint64_t next_ = 0;
  mutable std::string line_;
  std::deque<Reader> readers_;
};

}  // namespace evenkeel::stats
