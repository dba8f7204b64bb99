#include "balance/published.h"

#include <gtest/gtest.h>

namespace evenkeel::balance {
namespace {

TEST(Published, FreesWhatNobodyReads) {
  static int alive;
  alive = 0;
  struct Counted {
    Counted() { ++alive; }
    ~Counted() { --alive; }
  };
  {
    Published<Counted> published;
    for (int i = 0; i < 100; ++i) published.publish(std::make_unique<Counted>());
    EXPECT_EQ(alive, 1);
    {
      const ReadSection reading;
      for (int i = 0; i < 3; ++i) published.publish(std::make_unique<Counted>());
      EXPECT_EQ(alive, 4) << "a reader may hold any of them";
    }
    published.sweep();
    EXPECT_EQ(alive, 1);
    published.drain();
  }
  EXPECT_EQ(alive, 0);
}

}  // namespace
}  // namespace evenkeel::balance
