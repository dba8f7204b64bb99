#include "http/header_block.h"

#include <gtest/gtest.h>

#include <string>

namespace evenkeel::http {
namespace {

std::string text_of(const HeaderBlock& block) {
  std::string text;
  for (std::size_t i = 0; i < block.size(); ++i) {
    text.append(block.name(i)).append("=").append(block.value(i)).append(";");
  }
  return text;
}

TEST(HeaderId, KnowsEveryNameInEveryCase) {
  for (int i = 1; i < static_cast<int>(HeaderId::count_); ++i) {
    const auto id = static_cast<HeaderId>(i);
    std::string name(to_string(id));
    ASSERT_FALSE(name.empty());
    EXPECT_EQ(header_id_of(name), id) << name;
    for (char& c : name) c = static_cast<char>(std::toupper(c));
    EXPECT_EQ(header_id_of(name), id) << name;
    EXPECT_EQ(header_id_of(name + "x"), HeaderId::other) << name;
    name.back() = '!';
    EXPECT_EQ(header_id_of(name), HeaderId::other) << name;
  }
  EXPECT_EQ(header_id_of("strict-transport-Xecurity"), HeaderId::other);
  EXPECT_EQ(header_id_of(""), HeaderId::other);
}

TEST(HeaderBlock, AddsSetsAndRemoves) {
  HeaderBlock block;
  block.add("X-One", "1");
  block.add(HeaderId::host, "a");
  block.add("x-one", "2");
  EXPECT_EQ(text_of(block), "x-one=1;host=a;x-one=2;");
  EXPECT_EQ(block.nth("X-ONE", 1), 0U);
  EXPECT_EQ(block.nth("X-ONE", 2), 2U);
  EXPECT_EQ(block.nth("X-ONE", 3), HeaderBlock::npos);
  EXPECT_EQ(block.nth("X-ONE", -1), 2U);
  EXPECT_EQ(block.nth("X-ONE", -2), 0U);
  EXPECT_EQ(block.nth("X-ONE", -3), HeaderBlock::npos);
  block.set("X-One", "3");
  EXPECT_EQ(text_of(block), "host=a;x-one=3;");
  block.replace_value(0, "longer than before");
  block.set(HeaderId::cookie, "c");
  EXPECT_EQ(text_of(block), "host=longer than before;x-one=3;cookie=c;");
  EXPECT_EQ(block.remove_all("x-ONE"), 1U);
  EXPECT_EQ(block.remove_all(HeaderId::host), 1U);
  EXPECT_FALSE(block.has(HeaderId::host));
  EXPECT_EQ(text_of(block), "cookie=c;");
}

TEST(HeaderBlock, MayBeGivenItsOwnText) {
  HeaderBlock block;
  block.add("name", std::string(100, 'v'));
  for (int i = 0; i < 50; ++i) block.add(block.name(block.size() - 1), block.value(0));
  block.set(block.name(0), block.value(7));
  EXPECT_EQ(text_of(block), "name=" + std::string(100, 'v') + ";");
}

TEST(HeaderBlock, TellsAbsentFromEmpty) {
  HeaderBlock block;
  block.add("x", "");
  EXPECT_NE(block.get("x").data(), nullptr);
  EXPECT_EQ(block.get("y").data(), nullptr);
}

TEST(Lists, AreSplitAtCommasOutsideOfQuotes) {
  ListReader list(R"( a , "b,\"c" ,, d;q="x,y",)");
  std::string joined;
  std::string_view element;
  while (list.next(element)) joined.append(element).append("|");
  EXPECT_EQ(joined, R"(a|"b,\"c"|d;q="x,y"|)");
  EXPECT_TRUE(list_has_token("x, Close", "close"));
  EXPECT_FALSE(list_has_token("x-close", "close"));
}

}  // namespace
}  // namespace evenkeel::http
