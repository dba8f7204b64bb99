#include "rules/pattern_index.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <random>

#include "rules/pattern_hash.h"
#include "rules/text.h"

namespace evenkeel::rules {
namespace {

// What the manual says, pattern by pattern, without any index.
class Model {
 public:
  Model(MatchMethod method, bool fold) : method_(method), fold_(fold) {}

  void add(const PatternEntry& entry) { entries_.push_back(&entry); }
  void remove(const PatternEntry& entry) { std::erase(entries_, &entry); }

  [[nodiscard]] const PatternEntry* match(const std::string& text) const {
    const PatternEntry* best = nullptr;
    std::size_t best_length = 0;
    for (const PatternEntry* entry : entries_) {
      const std::size_t length = decides_by_length() ? rank(*entry) : 0;
      if (!holds(*entry, text)) continue;
      if (best == nullptr || length > best_length) {
        best = entry;
        best_length = length;
      }
    }
    return best;
  }
  [[nodiscard]] std::vector<const PatternEntry*> entries() const { return entries_; }

 private:
  [[nodiscard]] bool decides_by_length() const {
    return (method_ == MatchMethod::beg && !fold_) || method_ == MatchMethod::ip;
  }
  [[nodiscard]] std::size_t rank(const PatternEntry& entry) const {
    Network network;
    if (method_ != MatchMethod::ip) return entry.key_length;
    return parse_network(entry.key(), network) ? network.bits : 0;
  }
  [[nodiscard]] bool holds(const PatternEntry& entry, const std::string& given) const {
    std::string text = fold_ ? text::lower(given) : given;
    std::string key(trimmed_key(entry.key(), method_));
    if (fold_) key = text::lower(key);
    switch (method_) {
      case MatchMethod::str:
        return text == key;
      case MatchMethod::beg:
        return text.starts_with(key);
      case MatchMethod::end:
        return text.ends_with(key);
      case MatchMethod::sub:
        return text.find(key) != std::string::npos;
      case MatchMethod::dir:
      case MatchMethod::dom:
        return has_word(text, key);
      case MatchMethod::integer:
        return in_range(entry, std::stoll(given));
      default:
        return in_network(entry, given);
    }
  }
  [[nodiscard]] bool has_word(const std::string& text, const std::string& key) const {
    const std::string_view delimiters = word_delimiters(method_);
    for (std::size_t at = text.find(key); at != std::string::npos; at = text.find(key, at + 1)) {
      const std::size_t end = at + key.size();
      if (at != 0 && delimiters.find(text[at - 1]) == std::string_view::npos) continue;
      if (end == text.size() || delimiters.find(text[end]) != std::string_view::npos) return true;
    }
    return false;
  }
  static bool in_range(const PatternEntry& entry, std::int64_t value) {
    NumberRange range{};
    EXPECT_EQ(parse_range(entry.key(), range), "");
    return value >= range.low && value <= range.high;
  }
  static bool in_network(const PatternEntry& entry, const std::string& given) {
    Network network;
    Sample ip;
    EXPECT_TRUE(parse_network(entry.key(), network) && parse_ip(given, ip));
    if (ip.type != network.ip.type) return false;
    mask_out(ip, network.bits);
    return ip.ip_bytes() == network.ip.ip_bytes();
  }

  MatchMethod method_;
  bool fold_;
  std::vector<const PatternEntry*> entries_;
};

using Random = std::mt19937_64;
std::size_t below(Random& random, std::size_t n) { return random() % n; }

// Short texts over few letters: prefixes, suffixes and repetitions overlap all the time.
std::string random_text(Random& random, MatchMethod method, std::size_t most) {
  const std::string_view letters =
      method == MatchMethod::dir || method == MatchMethod::dom ? "aB/./?:" : "aAbB/.";
  std::string text;
  for (std::size_t n = below(random, most); n > 0; --n) text += letters[below(random, letters.size())];
  return text;
}
std::string random_ip(Random& random) {
  if (below(random, 3) == 0)
    return "2001:db8:" + std::to_string(below(random, 2)) + "::" + std::to_string(below(random, 3));
  return "10." + std::to_string(below(random, 3)) + "." + std::to_string(below(random, 200)) + "." +
         std::to_string(below(random, 4));
}
std::string random_key(Random& random, MatchMethod method) {
  if (method == MatchMethod::ip) {
    const std::string ip = random_ip(random);
    return ip + "/" + std::to_string(below(random, ip.find(':') == std::string::npos ? 33 : 129));
  }
  if (method == MatchMethod::integer) {
    const auto low = static_cast<int>(below(random, 60));
    switch (below(random, 5)) {
      case 0:
        return std::to_string(low) + ":";
      case 1:
        return ":" + std::to_string(-low);
      case 2:
        return std::to_string(low) + ":" + std::to_string(low + static_cast<int>(below(random, 10)));
      default:
        return std::to_string(low);
    }
  }
  // Now and then one beyond what the table holds.
  std::string key = random_text(random, method, 6);
  if (below(random, 40) == 0) key += std::string(1100, 'a') + key;
  return key;
}
std::string random_subject(Random& random, MatchMethod method) {
  if (method == MatchMethod::ip) return random_ip(random);
  if (method == MatchMethod::integer) return std::to_string(static_cast<int>(below(random, 100)) - 30);
  std::string text = random_text(random, method, 14);
  if (below(random, 40) == 0) text += std::string(1100, 'a') + random_text(random, method, 4);
  return text;
}

struct Kind {
  MatchMethod method;
  bool fold;
};
class PatternIndexAgainstModel : public ::testing::TestWithParam<Kind> {};

TEST_P(PatternIndexAgainstModel, AgreesWhileEntriesComeAndGo) {
  const auto [method, fold] = GetParam();
  Random random(1234);
  Scratch scratch;
  for (int round = 0; round < 40; ++round) {
    Reclaimer reclaimer;
    const auto index = PatternIndex::make(method, fold, reclaimer);
    Model model(method, fold);
    std::deque<std::string> keys;
    std::deque<PatternEntry> entries;
    const auto add = [&] {
      const std::string& key = keys.emplace_back(random_key(random, method));
      PatternEntry& entry = entries.emplace_back();
      entry.key_bytes = key.data();
      entry.key_length = static_cast<std::uint32_t>(key.size());
      entry.number = static_cast<std::uint32_t>(entries.size());
      ASSERT_EQ(index->refuses(key), "");
      index->add(entry);
      model.add(entry);
    };
    for (std::size_t n = below(random, 60); n > 0; --n) add();
    index->go_live();
    for (int step = 0; step < 120; ++step) {
      if (below(random, 4) == 0) add();
      const auto present = model.entries();
      if (!present.empty() && below(random, 4) == 0) {
        const PatternEntry& gone = *present[below(random, present.size())];
        model.remove(gone);
        index->remove(gone, [&](const std::function<void(const PatternEntry&)>& visit) {
          for (const PatternEntry* entry : model.entries()) visit(*entry);
        });
      }
      const std::string subject = random_subject(random, method);
      const PatternEntry* const expected = model.match(subject);
      const PatternEntry* const found = index->match(Sample::of_text(subject), scratch, nullptr);
      ASSERT_EQ(found == nullptr ? "none" : std::to_string(found->number) + " " + std::string(found->key()),
                expected == nullptr ? "none"
                                    : std::to_string(expected->number) + " " + std::string(expected->key()))
          << "looking for '" << subject << "' in round " << round;
      scratch.reset();
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Methods, PatternIndexAgainstModel,
                         ::testing::Values(Kind{MatchMethod::str, false}, Kind{MatchMethod::str, true},
                                           Kind{MatchMethod::beg, false}, Kind{MatchMethod::beg, true},
                                           Kind{MatchMethod::end, false}, Kind{MatchMethod::end, true},
                                           Kind{MatchMethod::sub, false}, Kind{MatchMethod::sub, true},
                                           Kind{MatchMethod::dir, false}, Kind{MatchMethod::dir, true},
                                           Kind{MatchMethod::dom, false}, Kind{MatchMethod::dom, true},
                                           Kind{MatchMethod::integer, false}, Kind{MatchMethod::ip, false}),
                         [](const auto& info) {
                           return std::string(to_string(info.param.method)) +
                                  (info.param.fold ? "_folded" : "");
                         });

TEST(PatternHash, FoldsAsLowerDoes) {
  Random random(5);
  for (int i = 0; i < 2000; ++i) {
    std::string text;
    for (std::size_t n = below(random, 30); n > 0; --n) text += static_cast<char>(random());
    const std::string lower = text::lower(text);
    ASSERT_EQ(hash_bytes<true>(text), hash_bytes<false>(lower));
    ASSERT_TRUE(equal_folded(text, lower));
    std::string other = text + "x";
    ASSERT_FALSE(equal_folded(text, other));
    other.back() = '\0';
    ASSERT_NE(hash_bytes<false>(text), hash_bytes<false>(other));
  }
}

}  // namespace
}  // namespace evenkeel::rules
