#include "frontends/cache/cache.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "frontends/cache/transaction.h"
#include "http/parser.h"

namespace evenkeel::frontends {
namespace {

struct Request {
  explicit Request(const std::string& fields = {}, const std::string& target = "/",
                   const std::string& host = "a", const std::string& method = "GET")
      : text(method + " " + target + " HTTP/1.1\r\nhost: " + host + "\r\n" + fields + "\r\n") {
    EXPECT_TRUE(http::parse_request_head(text, {}, head).is_complete()) << text;
  }
  std::string text;
  http::RequestHead head;
};

struct Response {
  explicit Response(const std::string& fields) : text("HTTP/1.1 200 OK\r\n" + fields + "\r\n") {
    EXPECT_TRUE(http::parse_response_head(text, {}, head).is_complete()) << text;
    framing = http::frame_response(head, {});
  }
  std::string text;
  http::ResponseHead head;
  http::Framing framing;
};

CacheDef small() {
  CacheDef def;
  def.name = "c";
  def.total = 1 << 20;
  def.process_vary = true;
  return def;
}

constexpr Millis kNow = 1'000'000;

// Whether the response was taken.
bool store(Cache& cache, const Request& request, const std::string& fields, const std::string& body,
           Millis now = kNow) {
  Response response(fields);
  const auto transaction = CacheTransaction::begin(cache, request.head, false);
  transaction->begin_store(request.head, response.head, response.framing, now, 1'700'000'000);
  if (!transaction->storing()) return false;
  for (std::size_t at = 0; at < body.size(); at += 1000)
    transaction->append(std::string_view(body).substr(at, 1000));
  const bool complete = transaction->storing();
  transaction->finish(now);
  return complete;
}
CachedPtr ask(Cache& cache, const Request& request, Millis now = kNow) {
  return CacheTransaction::begin(cache, request.head, false)->look_up(request.head, now);
}
std::string with_length(std::size_t n) {
  return "cache-control: max-age=30\r\ncontent-length: " + std::to_string(n) + "\r\n";
}

TEST(Cache, FindsWhatItStoredUntilItIsStale) {
  Cache cache(small());
  ASSERT_TRUE(store(cache, Request(), with_length(5), "hello"));
  const CachedPtr object = ask(cache, Request());
  ASSERT_TRUE(object);
  EXPECT_EQ(object->body, "hello");
  EXPECT_EQ(object->head, "HTTP/1.1 200 OK\r\ncache-control: max-age=30\r\ncontent-length: 5\r\n\r\n");
  EXPECT_TRUE(ask(cache, Request(), kNow + 29'999));
  EXPECT_FALSE(ask(cache, Request("cache-control: max-age=3\r\n"), kNow + 4000));
  EXPECT_FALSE(ask(cache, Request("cache-control: min-fresh=28\r\n"), kNow + 4000));
  EXPECT_FALSE(ask(cache, Request(), kNow + 30'000));
  EXPECT_TRUE(cache.objects().empty());
}

TEST(Cache, KnowsRequestsByHostAndTarget) {
  EXPECT_EQ(cache_key(Request({}, "/x?y", "WWW.a:80").head, false), "http://www.a:80/x?y");
  EXPECT_EQ(cache_key(Request({}, "http://a/x", "a").head, false), "http://a/x");
  EXPECT_EQ(cache_key(Request({}, "/x").head, true), "https://a/x");
  EXPECT_EQ(cache_key(Request({}, "*", "a", "OPTIONS").head, false), "");
  Cache cache(small());
  ASSERT_TRUE(store(cache, Request({}, "/one"), with_length(1), "1"));
  EXPECT_FALSE(ask(cache, Request({}, "/two")));
  EXPECT_FALSE(ask(cache, Request({}, "/one", "b")));
  EXPECT_TRUE(ask(cache, Request({}, "/one", "A")));
}

TEST(Cache, KeepsVariantsApart) {
  Cache cache(small());
  const std::string vary =
      "cache-control: max-age=9\r\nvary: accept-encoding, origin\r\ncontent-length: 1\r\n";
  const std::string gzip = "accept-encoding: gzip\r\n";
  ASSERT_TRUE(store(cache, Request(gzip + "origin: a\r\n"), vary + "content-encoding: gzip\r\n", "1"));
  ASSERT_TRUE(store(cache, Request("origin: b\r\n"), vary, "2"));
  EXPECT_EQ(ask(cache, Request(gzip + "origin: a\r\n"))->body, "1");
  EXPECT_FALSE(ask(cache, Request("origin: a\r\n")));
  EXPECT_FALSE(ask(cache, Request(gzip)));
  EXPECT_EQ(ask(cache, Request(gzip + "origin: b\r\n"))->body, "2");
  EXPECT_FALSE(
      store(cache, Request(), "cache-control: max-age=9\r\nvary: cookie\r\ncontent-length: 1\r\n", "3"));
  EXPECT_FALSE(store(cache, Request(), vary + "content-encoding: zork\r\n", "3"));
  EXPECT_EQ(cache.objects().size(), 2U);
}

TEST(Cache, LimitsVariants) {
  CacheDef def = small();
  def.max_secondary = 3;
  Cache cache(def);
  for (int i = 0; i < 9; ++i)
    store(cache, Request("referer: " + std::to_string(i) + "\r\n"),
          "cache-control: max-age=9\r\nvary: referer\r\ncontent-length: 1\r\n", "x");
  EXPECT_EQ(cache.objects().size(), 3U);
  Cache plain([] {
    CacheDef d = small();
    d.process_vary = false;
    return d;
  }());
  EXPECT_FALSE(
      store(plain, Request(), "cache-control: max-age=9\r\nvary: referer\r\ncontent-length: 1\r\n", "x"));
}

TEST(Cache, ForgetsAfterUnsafeMethods) {
  Cache cache(small());
  ASSERT_TRUE(store(cache, Request(), with_length(1), "1"));
  EXPECT_FALSE(store(cache, Request({}, "/", "a", "POST"), with_length(1), "1"));
  EXPECT_FALSE(ask(cache, Request()));
  EXPECT_EQ(cache.used_blocks(), 0U);
}

TEST(Cache, NeverHoldsMoreThanItsSize) {
  CacheDef def = small();
  def.max_object = def.total / 2;
  Cache cache(def);
  for (int i = 0; i < 400; ++i) {
    const std::string body(static_cast<std::size_t>(i) * 97 % 20'000 + 1, 'x');
    ASSERT_TRUE(store(cache, Request({}, "/" + std::to_string(i)), with_length(body.size()), body));
    // Somebody keeps asking for the first one, so it stays.
    ASSERT_TRUE(ask(cache, Request({}, "/0"))) << i;
    ASSERT_LE(cache.used_blocks(), cache.total_blocks());
  }
  EXPECT_GT(cache.used_blocks(), cache.total_blocks() / 2);
  std::uint64_t blocks = 0;
  for (const CachedPtr& object : cache.objects()) blocks += object->blocks;
  EXPECT_EQ(blocks, cache.used_blocks());
  EXPECT_FALSE(ask(cache, Request({}, "/1")));
}

TEST(Cache, LetsGoOfWhatTurnsOutTooLarge) {
  Cache cache(small());  // at most 4096 bytes
  EXPECT_FALSE(store(cache, Request(), with_length(4096), std::string(4096, 'x')));
  const std::string chunked = "cache-control: max-age=30\r\ntransfer-encoding: chunked\r\n";
  EXPECT_FALSE(store(cache, Request(), chunked, std::string(4096, 'x')));
  EXPECT_TRUE(store(cache, Request(), chunked, std::string(3000, 'x')));
  EXPECT_EQ(cache.used_blocks(), cache.objects().front()->blocks);
  EXPECT_EQ(cache.objects().front()->head.find("transfer-encoding"), std::string::npos);
}

TEST(Cache, WhatIsBeingSentStaysWholeAndCounts) {
  CacheDef def = small();
  def.max_object = def.total / 2;
  Cache cache(def);
  ASSERT_TRUE(store(cache, Request({}, "/a"), with_length(500'000), std::string(500'000, 'a')));
  ASSERT_TRUE(store(cache, Request({}, "/b"), with_length(500'000), std::string(500'000, 'b')));
  const CachedPtr a = ask(cache, Request({}, "/a"));
  const CachedPtr b = ask(cache, Request({}, "/b"));
  EXPECT_FALSE(store(cache, Request({}, "/c"), with_length(500'000), std::string(500'000, 'c')));
  EXPECT_EQ(a->body, std::string(500'000, 'a'));
  EXPECT_LE(cache.used_blocks(), cache.total_blocks());
}

TEST(Cache, ServesManyThreads) {
  Cache cache(small());
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 3000; ++i) {
        const std::string name = std::to_string((i * 7 + t) % 300);
        const Request request({}, "/" + name);
        if (const CachedPtr found = ask(cache, request)) {
          if (found->body != std::string(3000, name.back())) ++wrong;
        } else {
          store(cache, request, with_length(3000), std::string(3000, name.back()));
        }
        if (i % 50 == 0) cache.forget("http://a/" + name);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_LE(cache.used_blocks(), cache.total_blocks());
}

}  // namespace
}  // namespace evenkeel::frontends
