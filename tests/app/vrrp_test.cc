#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "loading.h"

namespace evenkeel::app {
namespace {

using testing::HasSubstr;

std::unique_ptr<Loaded> load_global(const std::string& line) {
  return load("global\n " + line +
              "\ndefaults\n timeout client 1s\n timeout server 1s\n timeout connect 1s\nlisten web\n"
              " bind 127.0.0.1:1\n server a 127.0.0.1:2\n server b 127.0.0.1:3\n");
}

TEST(Vrrp, WordsAreRead) {
  const auto loaded = load_global(
      "vrrp track-file /run/w weight -60 quorum web:2\n vrrp notify-fifo /run/f\n"
      " vrrp watch eth0\n vrrp watch eth1\n vrrp watch eth0");
  ASSERT_TRUE(loaded->accepted()) << loaded->messages();
  const vrrp::Def& def = loaded->result.vrrp;
  EXPECT_EQ(def.track_file, "/run/w");
  EXPECT_EQ(def.weight, -60);
  ASSERT_EQ(def.quorum.size(), 1U);
  EXPECT_EQ(def.quorum[0].backend, "web");
  EXPECT_EQ(def.quorum[0].servers, 2U);
  EXPECT_EQ(def.notify_fifo, "/run/f");
  EXPECT_THAT(def.watch, testing::ElementsAre("eth0", "eth1"));
}

TEST(Vrrp, WhatCannotWorkIsRefused) {
  const std::pair<const char*, const char*> cases[] = {
      {"vrrp", "track-file"},
      {"vrrp notify-fifo f", "must be the absolute path"},
      {"vrrp watch", "the name of an interface"},
      {"vrrp watch interface-with-a-long-name", "is not the name of an interface"},
      {"vrrp track-file /run/w", "weight"},
      {"vrrp track-file /run/w weight 0", "would never move"},
      {"vrrp track-file /run/w weight 254", "253"},
      {"vrrp track-file /run/w weight -255", "-254"},
      {"vrrp track-file /run/w weight 1 quorum web:x", "is not <backend>:<servers>"},
      {"vrrp track-file /run/w weight 1 quorum web:3", "has 2 servers, so 3 can never be usable"},
      {"vrrp track-file /run/w weight 1 quorum wep:1", "there is no backend 'wep'"},
      {"vrrp track-file /run/w weight 1 often", "quorum"},
  };
  for (const auto& [line, message] : cases)
    EXPECT_THAT(load_global(line)->messages(false), HasSubstr(message)) << line;
}

}  // namespace
}  // namespace evenkeel::app
