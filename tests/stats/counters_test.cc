#include "stats/counters.h"

#include <gtest/gtest.h>

#include <thread>

namespace evenkeel::stats {
namespace {

TEST(Counters, AddUpOverWorkersAndCostNothingUntilUsed) {
  EntityCounters entity(4);
  EXPECT_EQ(entity.totals(1000).cum_req, 0U);
  ++entity.at(0).cum_req;
  entity.at(3).cum_req += 2;
  entity.at(3).bytes_in.add(100);
  const Totals totals = entity.totals(1000);
  EXPECT_EQ(totals.cum_req, 3U);
  EXPECT_EQ(totals.bytes_in, 100U);
  EXPECT_EQ(totals.last_used_s, -1);
}

TEST(Counters, StatusClasses) {
  EntityCounters entity(1);
  for (unsigned status : {100U, 200U, 204U, 302U, 404U, 503U, 0U, 600U, 99U})
    entity.at(0).count_status(status);
  const Totals t = entity.totals(0);
  EXPECT_EQ(t.hrsp_1xx, 1U);
  EXPECT_EQ(t.hrsp_2xx, 2U);
  EXPECT_EQ(t.hrsp_3xx, 1U);
  EXPECT_EQ(t.hrsp_4xx, 1U);
  EXPECT_EQ(t.hrsp_5xx, 1U);
  EXPECT_EQ(t.hrsp_other, 3U);
}

TEST(Counters, RateSlidesOverOneSecond) {
  EntityCounters entity(2);
  Counters& a = entity.at(0);
  Counters& b = entity.at(1);
  for (int i = 0; i < 50; ++i) a.rate(RateId::sess_rate, 10'000);
  for (int i = 0; i < 50; ++i) b.rate(RateId::sess_rate, 10'900);
  EXPECT_EQ(entity.rate(RateId::sess_rate, 10'950), 100U);
  EXPECT_EQ(entity.rate(RateId::sess_rate, 11'000), 100U);
  EXPECT_EQ(entity.rate(RateId::sess_rate, 11'250), 75U);
  a.rate(RateId::sess_rate, 11'500, 10);
  EXPECT_EQ(entity.rate(RateId::sess_rate, 11'500), 60U);
  EXPECT_EQ(entity.rate(RateId::sess_rate, 12'500), 5U);
  EXPECT_EQ(entity.rate(RateId::sess_rate, 13'000), 0U);
}

TEST(Counters, PeakOfARateIsThatOfAllWorkersTogether) {
  EntityCounters entity(3);
  entity.at(0).rate(RateId::req_rate, 10'000, 5);
  entity.at(1).rate(RateId::req_rate, 10'100, 7);
  EXPECT_EQ(entity.totals(10'200).req_rate_max, 12U);
  entity.at(2).rate(RateId::req_rate, 11'000, 1);
  entity.at(0).rate(RateId::req_rate, 12'000, 1);
  entity.at(1).rate(RateId::req_rate, 13'000, 1);
  entity.at(0).rate(RateId::req_rate, 14'000, 1);
  entity.at(1).rate(RateId::req_rate, 15'000, 1);
  EXPECT_EQ(entity.totals(99'000).req_rate_max, 12U);
  EXPECT_EQ(entity.totals(99'000).req_rate, 0U);
}

TEST(Counters, ClearingMaximaForgetsEarlierPeaksOnly) {
  EntityCounters entity(1);
  Counters& c = entity.at(0);
  c.rate(RateId::sess_rate, 10'000, 100);
  c.sess_max.note(7);
  ++c.cum_sess;
  entity.reset_maxima(20'000);
  EXPECT_EQ(entity.totals(20'000).sess_rate_max, 0U);
  EXPECT_EQ(entity.totals(20'000).sess_max, 0U);
  EXPECT_EQ(entity.totals(20'000).cum_sess, 1U);
  c.rate(RateId::sess_rate, 20'100, 2);
  EXPECT_EQ(entity.totals(20'200).sess_rate_max, 2U);
  c.rate(RateId::sess_rate, 30'000, 1);
  EXPECT_EQ(entity.totals(30'000).sess_rate_max, 2U);
}

TEST(Counters, ClearingAllKeepsCountingFromZero) {
  EntityCounters entity(2);
  entity.at(0).cum_req += 10;
  entity.at(0).note_times(1, 2, 3, 4);
  entity.reset_all(5000);
  entity.at(0).cum_req += 3;
  entity.at(1).cum_req += 2;
  const Totals t = entity.totals(6000);
  EXPECT_EQ(t.cum_req, 5U);
  EXPECT_EQ(t.ttime, 0U);
  EXPECT_EQ(t.ttime_max, 0U);
}

TEST(Counters, AveragesAreExactThenSlide) {
  EntityCounters entity(2);
  entity.at(0).note_times(0, 1, 10, 100);
  entity.at(0).note_times(-1, 3, 20, 200);
  entity.at(1).note_times(0, 2, 30, 300);
  Totals t = entity.totals(0);
  EXPECT_EQ(t.qtime, 0U);
  EXPECT_EQ(t.ctime, 2U);
  EXPECT_EQ(t.rtime, 20U);
  EXPECT_EQ(t.ttime, 200U);
  EXPECT_EQ(t.ttime_max, 300U);
  for (int i = 0; i < 20'000; ++i) entity.at(0).note_times(0, 0, 0, 50);
  t = entity.totals(0);
  EXPECT_LE(t.ttime, 52U);
  EXPECT_GE(t.ttime, 50U);
}

TEST(Counters, LastUseIsAnAge) {
  EntityCounters entity(2);
  entity.at(0).touch(1'000);
  entity.at(1).touch(5'000);
  EXPECT_EQ(entity.totals(8'500).last_used_s, 3);
}

TEST(Counters, ReadersMayLookWhileWorkersCount) {
  EntityCounters entity(2);
  std::thread one([&] {
    for (int i = 0; i < 20'000; ++i) {
      ++entity.at(0).cum_req;
      entity.at(0).rate(RateId::req_rate, i);
    }
  });
  std::thread two([&] {
    for (int i = 0; i < 20'000; ++i) {
      ++entity.at(1).cum_req;
      entity.at(1).rate(RateId::req_rate, i);
    }
  });
  std::uint64_t last = 0;
  for (int i = 0; i < 200; ++i) {
    const Totals t = entity.totals(i * 100);
    EXPECT_GE(t.cum_req, last);
    last = t.cum_req;
  }
  one.join();
  two.join();
  EXPECT_EQ(entity.totals(20'000).cum_req, 40'000U);
  EXPECT_EQ(entity.totals(20'000).req_rate_max, 2000U);
}

}  // namespace
}  // namespace evenkeel::stats
