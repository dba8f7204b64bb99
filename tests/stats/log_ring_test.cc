#include "stats/log_ring.h"

#include <gtest/gtest.h>

#include <thread>

namespace evenkeel::stats {
namespace {

RingDef ring_of(std::size_t size, std::uint32_t max_length = 65535) {
  RingDef def;
  def.size = size;
  def.max_length = max_length;
  return def;
}

std::string all_from(const LogRing& ring, std::uint64_t from, std::uint64_t* lost = nullptr) {
  std::string text;
  std::uint64_t gone = 0;
  ring.read(from, gone, [&](std::string_view line) {
    text.append(line).append(1, '|');
    return true;
  });
  if (lost != nullptr) *lost = gone;
  return text;
}

TEST(LogRing, KeepsTheLastLines) {
  LogRing ring(ring_of(30));  // three lines of six bytes, with four for each one's length
  for (const char* line : {"line 0", "line 1", "line 2"}) ring.append(line);
  EXPECT_EQ(all_from(ring, 0), "line 0|line 1|line 2|");
  ring.append("line 3");
  std::uint64_t lost = 0;
  EXPECT_EQ(all_from(ring, 0, &lost), "line 1|line 2|line 3|");
  EXPECT_EQ(lost, 1u);
  EXPECT_EQ(all_from(ring, 3, &lost), "line 3|");
  EXPECT_EQ(lost, 0u);
  EXPECT_EQ(ring.first(), 1u);
  EXPECT_EQ(ring.next(), 4u);
  EXPECT_EQ(all_from(ring, 4), "");
}

TEST(LogRing, CutsLines) {
  LogRing ring(ring_of(1024, 5));
  ring.append("0123456789");
  EXPECT_EQ(all_from(ring, 0), "01234|");
  LogRing tiny(ring_of(12));
  tiny.append("a");
  tiny.append("0123456789");
  EXPECT_EQ(all_from(tiny, 0), "01234567|");
}

TEST(LogRing, StopsWhereTheReaderSaysSo) {
  LogRing ring(ring_of(1024));
  ring.append("a");
  ring.append("b");
  std::uint64_t lost = 0;
  bool first = true;
  EXPECT_EQ(ring.read(0, lost, [&](std::string_view) { return std::exchange(first, false); }), 1u);
}

TEST(LogRing, WakesAReaderOnce) {
  LogRing ring(ring_of(1024));
  int woken = 0;
  LogRing::Reader& reader = ring.add_reader([&] { ++woken; }, [] {});
  ring.append("a");
  EXPECT_EQ(woken, 0);
  reader.waits = true;
  ring.append("b");
  ring.append("c");
  EXPECT_EQ(woken, 1);
}

// Every line that comes out is one that went in, whole, whatever its place in the ring.
TEST(LogRing, SurvivesAllThreadsAtOnce) {
  LogRing ring(ring_of(997));
  std::thread writers[2];
  for (int t = 0; t < 2; ++t) {
    writers[t] = std::thread([&ring, t] {
      for (std::size_t i = 0; i < 5000; ++i) ring.append(std::string(1 + i % 61, static_cast<char>('a' + t)));
    });
  }
  std::uint64_t position = 0;
  std::uint64_t lost = 0;
  std::uint64_t seen = 0;
  while (position < 10000) {
    position = ring.read(position, lost, [&](std::string_view line) {
      ++seen;
      EXPECT_EQ(line.find_first_not_of(line.front()), std::string_view::npos);
      return true;
    });
  }
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ(seen + lost, 10000u);
}

}  // namespace
}  // namespace evenkeel::stats
