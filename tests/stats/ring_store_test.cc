#include "stats/ring_store.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "stats/log_ring.h"

namespace evenkeel::stats {
namespace {

// The lines as a reader of the file finds them, by what its head says; a word in brackets when it says
// nonsense.
std::string lines_in(const std::string& file) {
  RingHeader header;
  if (file.size() < sizeof header) return "[short]";
  std::memcpy(&header, file.data(), sizeof header);
  if (std::memcmp(header.magic, RingHeader::kMagic, sizeof header.magic) != 0) return "[magic]";
  if (header.capacity + sizeof header != file.size()) return "[capacity]";
  const auto at = [&](std::uint64_t i) { return file[sizeof header + (header.head + i) % header.capacity]; };
  std::string lines = std::to_string(header.first) + ":";
  for (std::uint64_t i = 0; i < header.used;) {
    char raw[sizeof(std::uint32_t)];
    for (char& byte : raw) byte = at(i++);
    std::uint32_t length = 0;
    std::memcpy(&length, raw, sizeof length);
    if (i + length > header.used) return "[length]";
    for (std::uint32_t n = 0; n < length; ++n) lines.push_back(at(i++));
    lines.push_back('|');
  }
  return lines;
}

class RingStoreTest : public ::testing::Test {
 protected:
  RingStoreTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "evenkeel-ring.XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    path_ = folder_ + "/ring";
  }
  ~RingStoreTest() override { std::filesystem::remove_all(folder_); }

  static std::string content(const std::string& path) {
    std::ostringstream text;
    text << std::ifstream(path, std::ios::binary).rdbuf();
    return text.str();
  }
  static void write(const std::string& path, const std::string& text) {
    std::ofstream(path, std::ios::binary) << text;
  }

  [[nodiscard]] RingDef ring(std::size_t size) const {
    RingDef def;
    def.size = size;
    def.backing_file = path_;
    return def;
  }

  std::string folder_;
  std::string path_;
};

TEST_F(RingStoreTest, IsMemoryWithoutAPath) {
  const auto store = RingStore::open("", 100);
  EXPECT_EQ(store->capacity(), 100U);
  EXPECT_EQ(store->error(), "");
  std::memset(store->bytes(), 'x', store->capacity());
  store->place(1, 2, 3);  // nobody to tell
}

TEST_F(RingStoreTest, AnotherProgramFindsTheLinesInTheFile) {
  const auto store = RingStore::open(path_, 4096);
  ASSERT_EQ(store->error(), "");
  EXPECT_EQ(store->capacity(), 4096 - sizeof(RingHeader));
  std::memcpy(store->bytes() + 7, "a line", 6);
  store->place(7, 6, 42);
  const std::string text = content(path_);
  ASSERT_EQ(text.size(), 4096U);
  RingHeader header;
  std::memcpy(&header, text.data(), sizeof header);
  EXPECT_EQ(std::string_view(header.magic, sizeof header.magic), "EKRING01");
  EXPECT_EQ(header.capacity, store->capacity());
  EXPECT_EQ(header.head, 7U);
  EXPECT_EQ(header.used, 6U);
  EXPECT_EQ(header.first, 42U);
  EXPECT_EQ(text.substr(sizeof header + 7, 6), "a line");
  EXPECT_EQ(std::filesystem::status(path_).permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

TEST_F(RingStoreTest, ASuccessorLeavesTheLinesOfTheOldProcessAlone) {
  const auto old = RingStore::open(path_, 4096);
  std::memcpy(old->bytes(), "before", 6);
  const auto next = RingStore::open(path_, 2048);
  EXPECT_EQ(next->error(), "");
  std::memcpy(old->bytes() + 6, " and after", 10);  // the old process still writes
  EXPECT_EQ(content(path_ + ".bak").substr(sizeof(RingHeader), 16), "before and after");
  EXPECT_EQ(std::count(next->bytes(), next->bytes() + next->capacity(), '\0'),
            static_cast<std::ptrdiff_t>(next->capacity()));
}

TEST_F(RingStoreTest, AnEmptyFileIsNotKept) {
  write(path_, "");
  RingStore::keep_old(path_);
  EXPECT_FALSE(std::filesystem::exists(path_ + ".bak"));
  RingStore::keep_old(folder_ + "/nowhere");
  write(path_, "lines");
  write(path_ + ".bak", "older ones");
  RingStore::keep_old(path_);
  EXPECT_EQ(content(path_ + ".bak"), "lines");
}

// Logs are no reason not to start: all that fails is memory, and says why.
TEST_F(RingStoreTest, FailuresFallBackToMemory) {
  const auto expect_memory = [](const std::string& path, std::size_t size, const std::string& why) {
    const auto store = RingStore::open(path, size);
    EXPECT_EQ(store->error(), why);
    EXPECT_EQ(store->capacity(), size);
    std::memset(store->bytes(), 'x', size);
    store->place(0, 0, 0);
  };
  expect_memory(folder_ + "/no/where", 4096, "No such file or directory");
  expect_memory(path_, sizeof(RingHeader), "Invalid argument");  // no room for lines
  // Not through a link that somebody has laid there.
  ASSERT_EQ(::symlink((folder_ + "/elsewhere").c_str(), (folder_ + "/link").c_str()), 0);
  expect_memory(folder_ + "/link", 4096, "Too many levels of symbolic links");
  EXPECT_FALSE(std::filesystem::exists(folder_ + "/elsewhere"));
}

TEST_F(RingStoreTest, AFullRingKeepsTheLast) {
  LogRing kept(ring(sizeof(RingHeader) + 30));  // three lines of six bytes, with four for each one's length
  for (int i = 0; i < 3; ++i) kept.append("line " + std::to_string(i));
  EXPECT_EQ(lines_in(content(path_)), "0:line 0|line 1|line 2|");
  for (int i = 3; i < 10; ++i) {
    kept.append("line " + std::to_string(i));
    const std::string n = std::to_string(i);
    EXPECT_EQ(lines_in(content(path_)), std::to_string(i - 2) + ":line " + std::to_string(i - 2) + "|line " +
                                            std::to_string(i - 1) + "|line " + n + "|");
  }
  // Lengths and lines that go around the end, and one that leaves room for nothing else.
  kept.append("abcdefghi");
  EXPECT_EQ(lines_in(content(path_)), "9:line 9|abcdefghi|");
  kept.append(std::string(40, 'x'));
  EXPECT_EQ(lines_in(content(path_)), "11:" + std::string(26, 'x') + "|");
}

TEST_F(RingStoreTest, ADamagedFileStandsAsideToo) {
  for (const std::string& damaged : {std::string("x"), std::string(1024, '\xff'), std::string(1024, '\0')}) {
    write(path_, damaged);
    LogRing kept(ring(1024));
    EXPECT_EQ(kept.store_error(), "");
    kept.append("new");
    EXPECT_EQ(lines_in(content(path_)), "0:new|");
    EXPECT_EQ(content(path_ + ".bak"), damaged);
  }
}

// Manual 3.9: failures to rotate are silently ignored; the file is used again.
TEST_F(RingStoreTest, AnOldFileThatCannotStandAsideIsUsedAgain) {
  std::filesystem::create_directories(path_ + ".bak/full");
  write(path_, std::string(512, 'o'));
  LogRing kept(ring(1024));
  EXPECT_EQ(kept.store_error(), "");
  kept.append("new");
  EXPECT_EQ(lines_in(content(path_)), "0:new|");
}

// What is no file was never written by a ring, and others need it where it is.
TEST_F(RingStoreTest, AFolderStaysWhereItIs) {
  std::filesystem::create_directories(path_ + "/full");
  LogRing kept(ring(1024));
  EXPECT_EQ(kept.store_error(), "Is a directory");
  kept.append("in memory");
  EXPECT_EQ(kept.next(), 1U);
  EXPECT_TRUE(std::filesystem::is_directory(path_ + "/full"));
  EXPECT_FALSE(std::filesystem::exists(path_ + ".bak"));
}

}  // namespace
}  // namespace evenkeel::stats
