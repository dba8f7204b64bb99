// A map of a million lines: what it may cost to load, and that it then answers.
#include <gtest/gtest.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <string>

#include "tests/rules/rule_tester.h"

namespace evenkeel::rules {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;  // their bookkeeping is not ours
#else
constexpr bool kSanitized = false;
#endif
#ifdef NDEBUG
constexpr bool kOptimised = true;
#else
constexpr bool kOptimised = false;
#endif
constexpr int kLines = 1'000'000;
constexpr double kMostSeconds = 2;
constexpr double kMostMegabytes = 120;

double resident_mb() {
  std::ifstream file("/proc/self/statm");
  double size = 0;
  double resident = 0;
  file >> size >> resident;
  return resident * static_cast<double>(sysconf(_SC_PAGESIZE)) / 1048576;
}

// Of the processor: what else the machine does meanwhile is no matter.
double cpu_seconds() {
  timespec t{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) / 1e9;
}

class MapFile {
 public:
  MapFile() {
    path_ = testing::TempDir() + "/map_load_XXXXXX";
    close(mkstemp(path_.data()));
    std::ofstream out(path_);
    for (int i = 0; i < kLines; ++i)
      out << "host" << i << ".customers.example.com backend_" << i % 500 << '\n';
  }
  MapFile(const MapFile&) = delete;
  MapFile& operator=(const MapFile&) = delete;
  ~MapFile() { std::remove(path_.c_str()); }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

TEST(MapLoad, AMillionLinesAreSoonThereAndSmall) {
  const MapFile file;
  const double memory = resident_mb();
  const double begin = cpu_seconds();
  const RuleTester rules("use_backend %[req.hdr(name),map(" + file.path() + ",none)]\n");
  const double seconds = cpu_seconds() - begin;
  const double megabytes = resident_mb() - memory;
  RecordProperty("milliseconds", static_cast<int>(seconds * 1000));
  RecordProperty("megabytes", static_cast<int>(megabytes));
  ASSERT_EQ(rules.said(), "");
  if (kOptimised && !kSanitized) {
    EXPECT_LT(seconds, kMostSeconds);
  }
  if (!kSanitized) {
    EXPECT_LT(megabytes, kMostMegabytes);
  }
  const auto route = [&](const std::string& name) {
    TestSession session("GET / HTTP/1.1\r\nHost: h\r\nName: " + name + "\r\n\r\n");
    return std::string(rules.draft.sets.use_backend.pick(session, [](std::string_view) { return true; }));
  };
  EXPECT_EQ(route("host0.customers.example.com"), "backend_0");
  EXPECT_EQ(route("host999999.customers.example.com"), "backend_499");
  EXPECT_EQ(route("host1000000.customers.example.com"), "none");
}

}  // namespace
}  // namespace evenkeel::rules
