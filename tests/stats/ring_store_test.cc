#include "stats/ring_store.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace evenkeel::stats {
namespace {

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

}  // namespace
}  // namespace evenkeel::stats
