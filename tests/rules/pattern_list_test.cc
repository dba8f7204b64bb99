#include "rules/pattern_list.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "core/worker.h"
#include "rules/pattern_store.h"

namespace evenkeel::rules {
namespace {

using Edit = PatternList::Edit;

class Listed : public ::testing::Test {
 protected:
  Listed() {
    list = store.named("hosts");
    store.take_place(list);
    list->load("# comment\na.com x\nb.com\ty z  \r\n\n   d.com   w\ne.com\nb.com second\n", true);
    text = list->add_way({MatchMethod::str, false, MapValue::text}).number;
    dom = list->add_way({MatchMethod::dom, false, MapValue::text}).number;
    store.finish();
  }
  std::string get(std::size_t way, std::string_view key) {
    const PatternEntry* const found = list->match(way, Sample::of_text(key), scratch);
    return found == nullptr ? "-" : std::string(found->text());
  }
  std::string show(std::optional<std::uint32_t> version = std::nullopt) {
    std::string all;
    std::uint32_t next = 0;
    for (;;) {
      const auto some = list->list(version, next, 2);
      for (const auto& one : some) all += one.key + "=" + one.value.value_or("none") + ";";
      if (some.size() < 2) return all;
      next = some.back().number + 1;
    }
  }
  std::string add(std::string_view key, std::string_view value, std::optional<std::uint32_t> version = {}) {
    const auto result = list->add(key, &value, version);
    return result.edit == Edit::future_version ? "future" : result.why;
  }

  PatternStore store;
  Scratch scratch;
  std::shared_ptr<PatternList> list;
  std::size_t text = 0;
  std::size_t dom = 0;
};

TEST_F(Listed, KeepsTheFileInItsOrder) {
  EXPECT_EQ(show(), "a.com=x;b.com=y z;d.com=w;e.com=;b.com=second;");
  EXPECT_EQ(get(text, "b.com"), "y z");
  EXPECT_EQ(get(text, "e.com"), "");
  EXPECT_EQ(get(text, "c.com"), "-");
  EXPECT_EQ(get(dom, "www.d.com"), "w");
  EXPECT_EQ(list->facts().entries, 10U);
  EXPECT_FALSE(list->changed());
}

TEST_F(Listed, ChangesByKeyAndByNumber) {
  EXPECT_EQ(list->set("b.com", "new").edit, Edit::done);
  EXPECT_EQ(show(), "a.com=x;b.com=new;d.com=w;e.com=;b.com=new;");
  EXPECT_EQ(list->set("nope", "v").edit, Edit::no_such_entry);
  EXPECT_EQ(list->set_numbered(4, "last").edit, Edit::done);
  EXPECT_EQ(list->remove_numbered(1).edit, Edit::done);
  EXPECT_EQ(get(text, "b.com"), "last");  // the second one steps forward
  EXPECT_EQ(get(dom, "b.com"), "last");
  EXPECT_EQ(list->remove("b.com").edit, Edit::done);
  EXPECT_EQ(list->remove("b.com").edit, Edit::no_such_entry);
  EXPECT_EQ(list->remove_numbered(99).edit, Edit::no_such_entry);
  EXPECT_EQ(show(), "a.com=x;d.com=w;e.com=;");
  EXPECT_EQ(add("b.com", "again"), "");
  EXPECT_EQ(get(dom, "x.b.com"), "again");
  EXPECT_TRUE(list->changed());
}

TEST_F(Listed, CommitsVersionsAtOnce) {
  EXPECT_EQ(add("k", "v", 1), "future");
  EXPECT_EQ(list->prepare(), 1U);
  EXPECT_EQ(list->prepare(), 2U);
  EXPECT_EQ(add("one", "1", 1), "");
  EXPECT_EQ(add("two", "2", 2), "");
  EXPECT_EQ(show(1), "one=1;");
  EXPECT_EQ(get(text, "one"), "-");
  EXPECT_FALSE(list->commit(0));
  EXPECT_FALSE(list->commit(3));
  EXPECT_TRUE(list->commit(2));
  EXPECT_EQ(show(), "two=2;");
  EXPECT_EQ(show(1), "");
  EXPECT_EQ(get(text, "two"), "2");
  EXPECT_FALSE(list->commit(1));
  EXPECT_FALSE(list->commit(2));
  EXPECT_EQ(list->prepare(), 3U);
  EXPECT_TRUE(list->commit(3));  // nothing was added: an empty list
  EXPECT_EQ(show(), "");
}

TEST_F(Listed, RefusesWhatNoUserCanRead) {
  EXPECT_EQ(list->add_way({MatchMethod::ip, false, MapValue::text}).error,
            "'a.com' is not a valid IPv4 or IPv6 address");
  const auto nets = store.named("nets");
  nets->load("10.0.0.0/8 1\n", true);
  EXPECT_EQ(nets->add_way({MatchMethod::ip, false, MapValue::number}).error, "");
  const std::string_view bad = "x";
  const std::string_view good = "7";
  EXPECT_EQ(nets->add("1.2.3.4", &bad).why, "unable to parse 'x'");
  EXPECT_EQ(nets->add("1.2.3", &good).why, "'1.2.3' is not a valid IPv4 or IPv6 address");
  EXPECT_EQ(nets->set("10.0.0.0/8", "x").why, "unable to parse 'x'");
  EXPECT_EQ(nets->set("10.0.0.0/8", "2").edit, Edit::done);
}

TEST_F(Listed, SurvivesThousandsOfChanges) {
  for (int i = 0; i < 20000; ++i) ASSERT_EQ(add("h" + std::to_string(i), std::to_string(i)), "");
  for (int i = 0; i < 20000; i += 2) ASSERT_EQ(list->remove("h" + std::to_string(i)).edit, Edit::done);
  for (int i = 0; i < 20000; ++i)
    ASSERT_EQ(get(text, "h" + std::to_string(i)), i % 2 == 0 ? "-" : std::to_string(i));
  list->clear();
  EXPECT_EQ(get(text, "h1"), "-");
  EXPECT_EQ(show(), "");
}

// Readers on a worker of their own while another thread changes everything; ThreadSanitizer watches.
TEST_F(Listed, IsReadWhileItChanges) {
  std::atomic<bool> stop{false};
  std::atomic<int> wrong{0};
  std::atomic<Worker*> ready{nullptr};
  std::thread reader([&] {
    Worker worker(0);
    Scratch own;
    std::function<void()> read = [&] {
      for (int i = 0; i < 50; ++i) {
        const auto* const found = list->match(text, Sample::of_text("a.com"), own);
        const std::string_view value =
            found != nullptr ? found->text() : "x";  // may be another one next time
        if (value != "x" && value != "other") ++wrong;
        const auto* const word = list->match(dom, Sample::of_text("www.h7.a.com"), own);
        if (word != nullptr && word->key() != "h7" && word->key() != "a.com") ++wrong;
      }
      if (stop.load()) {
        worker.stop();
      } else {
        worker.post(read);
      }
    };
    worker.post(read);
    ready = &worker;
    worker.run();
    ready = nullptr;
    while (stop.load()) std::this_thread::yield();
  });
  while (ready.load() == nullptr) std::this_thread::yield();
  store.reclaimer().watch({ready.load()});
  for (int round = 0; round < 300; ++round) {
    (void)list->set("a.com", round % 2 == 0 ? "other" : "x");
    for (int i = 0; i < 20; ++i) ASSERT_EQ(add("h" + std::to_string(i), "v"), "");
    for (int i = 0; i < 20; ++i) (void)list->remove("h" + std::to_string(i));
    if (round % 50 == 49) {
      list->clear();
      ASSERT_EQ(add("a.com", "x"), "");
      const std::uint32_t next = list->prepare();
      ASSERT_EQ(add("a.com", "other", next), "");
      ASSERT_TRUE(list->commit(next));
    }
  }
  stop = true;
  while (ready.load() != nullptr) std::this_thread::yield();
  store.reclaimer().watch({});
  stop = false;
  reader.join();
  EXPECT_EQ(wrong.load(), 0);
}

TEST(PatternStore, NumbersListsInTheOrderOfTheirUse) {
  PatternStore store;
  const auto expected = store.named("only-actions");
  const auto first = store.create_unnamed();
  const auto own = store.create_unnamed();
  own->id = 1;
  const auto file = store.named("file");
  store.take_place(file);
  store.finish();
  EXPECT_EQ(first->id, 0);
  EXPECT_EQ(file->id, 2);
  EXPECT_EQ(expected->id, 3);
  EXPECT_EQ(store.find_reference("#2"), file);
  EXPECT_EQ(store.find_reference("file"), file);
  EXPECT_EQ(store.find_reference("#x"), nullptr);
  EXPECT_EQ(store.find_reference("#9"), nullptr);
}

TEST(PayloadLines, SplitsKeysAndValues) {
  PayloadLines lines("k1 v1\nk2 v2 and more  \n  k3   v3\n\nk4\r\n");
  std::string all;
  std::string_view key;
  std::string_view value;
  while (lines.next(key, value))
    all += "[" + std::string(key) + "|" + (value.data() == nullptr ? "missing" : std::string(value)) + "]";
  EXPECT_EQ(all, "[k1|v1][k2|v2 and more  ][|k3   v3][k4|missing]");
}

}  // namespace
}  // namespace evenkeel::rules
