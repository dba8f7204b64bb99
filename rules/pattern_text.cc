// str, beg, end, sub, dir and dom: texts against texts (manual 7.1.3).
#include <algorithm>
#include <array>
#include <bit>
#include <unordered_set>

#include "rules/pattern_hash.h"
#include "rules/pattern_index.h"
#include "rules/slot_table.h"

namespace evenkeel::rules {
namespace {

// A set of small numbers that grows while others read it.
template <std::size_t kSize>
class GrowingSet {
 public:
  void add(std::size_t n) noexcept { words_[n / 64].fetch_or(bit(n), std::memory_order_release); }
  [[nodiscard]] bool has(std::size_t n) const noexcept {
    return (words_[n / 64].load(std::memory_order_acquire) & bit(n)) != 0;
  }
  // visit(n) for each member up to `most`, largest first, until it returns true.
  template <class Visit>
  void down_from(std::size_t most, Visit visit) const noexcept {
    for (std::size_t w = most / 64 + 1; w-- > 0;) {
      std::uint64_t word = words_[w].load(std::memory_order_acquire);
      if (w == most / 64 && most % 64 != 63) word &= (std::uint64_t{2} << (most % 64)) - 1;
      while (word != 0) {
        const auto top = static_cast<std::size_t>(63 - std::countl_zero(word));
        if (visit(w * 64 + top)) return;
        word &= ~(std::uint64_t{1} << top);
      }
    }
  }

 private:
  static std::uint64_t bit(std::size_t n) noexcept { return std::uint64_t{1} << (n % 64); }
  std::array<std::atomic<std::uint64_t>, kSize / 64> words_{};
};

std::size_t words_in(std::string_view key, std::string_view delimiters) noexcept {
  return 1 + static_cast<std::size_t>(std::count_if(
                 key.begin(), key.end(), [&](char c) { return delimiters.find(c) != delimiters.npos; }));
}

const PatternEntry* earlier(const PatternEntry* a, const PatternEntry* b) noexcept {
  if (a == nullptr || b == nullptr) return a == nullptr ? b : a;
  return a->number <= b->number ? a : b;
}

// Keys up to kMaxIndexed bytes live in one hash table; a search asks it once for every length that occurs
// (beg, end), or for every stretch between delimiters with a length that occurs (dir, dom). A tree of
// prefixes would touch one cache line per byte instead, and could not be read while it changes.
class TextIndex final : public PatternIndex {
 public:
  TextIndex(MatchMethod method, bool fold, Reclaimer& reclaimer)
      : method_(method), fold_(fold), delimiters_(word_delimiters(method)), reclaimer_(reclaimer) {
    if (method == MatchMethod::sub) pairs_ = std::make_unique<GrowingSet<65536>>();
  }

  [[nodiscard]] std::string refuses(std::string_view) const override { return {}; }
  void reserve(std::size_t count) override { table_.reserve(count, reclaimer_); }
  void go_live() override {
    list_.go_live();
    few_.go_live();
  }

  void add(const PatternEntry& entry) override {
    const std::string_view key = key_of(entry);
    const std::uint64_t hash = hash_bytes(key, fold_);
    if (find(key, hash) != nullptr || in_list(key)) {
      hidden_.insert(hash);
      return;
    }
    if (key.size() > kMaxIndexed) {
      list_.change([&](auto& all) { all.push_back(&entry); }, reclaimer_);
      return;
    }
    note_shape(key);
    table_.insert(
        hash, const_cast<PatternEntry&>(entry),  // the table hands out const entries only
        [this](const PatternEntry& node) { return hash_bytes(key_of(node), fold_); }, reclaimer_);
    if (method_ != MatchMethod::sub || few_over_) return;
    few_over_ = table_.size() > kFew;
    few_.change(
        [&](auto& all) {
          all.push_back(&entry);
          if (few_over_) all.clear();
        },
        reclaimer_);
  }

  void remove(const PatternEntry& entry, const Entries& each) override {
    const std::string_view key = key_of(entry);
    const std::uint64_t hash = hash_bytes(key, fold_);
    const bool listed = unlist(entry);
    const PatternEntry* const indexed = find(key, hash);
    if (!listed && indexed != &entry) {
      forget_hidden(hash);
      return;
    }
    if (indexed == &entry) table_.remove(hash, entry);
    if (method_ == MatchMethod::sub && !few_over_)
      few_.change([&](auto& all) { std::erase(all, &entry); }, reclaimer_);
    if (!hidden_.contains(hash)) return;
    const PatternEntry* next = nullptr;
    each([&](const PatternEntry& other) {
      if (next == nullptr && same(key_of(other), key)) next = &other;
    });
    if (next == nullptr) return;
    forget_hidden(hash);
    add(*next);
  }

  [[nodiscard]] bool may_repeat(std::string_view key) const noexcept override {
    return hidden_.contains(hash_bytes(key, fold_));
  }
  const PatternEntry* match(const Sample& sample, Scratch& scratch,
                            std::vector<std::string_view>*) const noexcept override {
    const std::string_view text = sample.is_text() ? sample.text : as_text(sample, scratch);
    const PatternEntry* const found = match_text(text);
    const auto* const longer = list_.get();
    return longer == nullptr || text.size() <= kMaxIndexed ? found : try_longer(text, *longer, found);
  }

 private:
  static constexpr std::size_t kMaxIndexed = 1022;
  static constexpr std::size_t kFew = 16;  // so many substrings are looked for one by one

  [[nodiscard]] std::string_view key_of(const PatternEntry& entry) const noexcept {
    return delimiters_.empty() ? entry.key() : trimmed_key(entry.key(), method_);
  }
  [[nodiscard]] bool same(std::string_view a, std::string_view b) const noexcept {
    return fold_ ? equal_folded(a, b) : a == b;
  }
  [[nodiscard]] const PatternEntry* find(std::string_view text, std::uint64_t hash) const noexcept {
    return table_.find(hash, [&](const PatternEntry& node) { return same(key_of(node), text); });
  }
  [[nodiscard]] const PatternEntry* find(std::string_view text) const noexcept {
    return find(text, hash_bytes(text, fold_));
  }
  void forget_hidden(std::uint64_t hash) {
    if (const auto at = hidden_.find(hash); at != hidden_.end()) hidden_.erase(at);
  }
  [[nodiscard]] bool in_list(std::string_view key) const noexcept {
    const auto* const all = list_.get();
    return key.size() > kMaxIndexed && all != nullptr &&
           std::any_of(all->begin(), all->end(), [&](auto* entry) { return same(key_of(*entry), key); });
  }
  bool unlist(const PatternEntry& entry) {
    const auto* const all = list_.get();
    if (all == nullptr || std::find(all->begin(), all->end(), &entry) == all->end()) return false;
    list_.change([&](auto& entries) { std::erase(entries, &entry); }, reclaimer_);
    return true;
  }
  void note_shape(std::string_view key) noexcept {
    lengths_.add(key.size());
    if (!delimiters_.empty()) {
      const std::size_t words = std::min<std::size_t>(words_in(key, delimiters_), kMaxIndexed);
      word_counts_.add(words);
      if (words > most_words_.load(std::memory_order_relaxed))
        most_words_.store(words, std::memory_order_release);
    }
    if (method_ != MatchMethod::sub) return;
    const auto lower = [&](char c) {
      return static_cast<std::size_t>(static_cast<unsigned char>(lower8(static_cast<unsigned char>(c))));
    };
    if (key.empty()) return;
    const std::size_t first = (fold_ ? lower(key[0]) : static_cast<unsigned char>(key[0])) * 256;
    if (key.size() > 1) {
      pairs_->add(first + (fold_ ? lower(key[1]) : static_cast<unsigned char>(key[1])));
    } else {
      for (std::size_t second = 0; second < 256; ++second) pairs_->add(first + second);
    }
  }

  [[nodiscard]] const PatternEntry* match_text(std::string_view text) const noexcept {
    switch (method_) {
      case MatchMethod::beg:
        return match_begin(text);
      case MatchMethod::end:
        return match_end(text);
      case MatchMethod::dir:
      case MatchMethod::dom:
        return match_words(text);
      case MatchMethod::sub:
        return match_inside(text);
      default:
        return text.size() <= kMaxIndexed && lengths_.has(text.size()) ? find(text) : nullptr;
    }
  }

  // The longest prefix decides; without regard to case, the first one of the list does (as in HAProxy, whose
  // trees know exact texts only).
  [[nodiscard]] const PatternEntry* match_begin(std::string_view text) const noexcept {
    const PatternEntry* best = nullptr;
    lengths_.down_from(std::min(text.size(), kMaxIndexed), [&](std::size_t length) {
      best = earlier(best, find(text.substr(0, length)));
      return best != nullptr && !fold_;
    });
    return best;
  }
  [[nodiscard]] const PatternEntry* match_end(std::string_view text) const noexcept {
    const PatternEntry* best = nullptr;
    lengths_.down_from(std::min(text.size(), kMaxIndexed), [&](std::size_t length) {
      best = earlier(best, find(text.substr(text.size() - length)));
      return false;
    });
    return best;
  }
  [[nodiscard]] const PatternEntry* match_words(std::string_view text) const noexcept {
    const PatternEntry* best = nullptr;
    const std::size_t most = most_words_.load(std::memory_order_acquire);
    std::size_t begin = 0;
    while (true) {
      std::size_t end = begin;
      for (std::size_t words = 1; words <= most; ++words) {
        end = std::min(text.find_first_of(delimiters_, end), text.size());
        const std::size_t length = end - begin;
        if (length > kMaxIndexed) break;
        if (word_counts_.has(words) && lengths_.has(length))
          best = earlier(best, find(text.substr(begin, length)));
        if (end == text.size()) break;
        ++end;
      }
      begin = text.find_first_of(delimiters_, begin);
      if (begin == std::string_view::npos) return best;
      ++begin;
    }
  }
  [[nodiscard]] bool contains(std::string_view text, std::string_view key) const noexcept {
    if (!fold_) return text.find(key) != std::string_view::npos;
    for (std::size_t at = 0; at + key.size() <= text.size(); ++at) {
      if (equal_folded(text.substr(at, key.size()), key)) return true;
    }
    return false;
  }
  [[nodiscard]] const PatternEntry* match_inside(std::string_view text) const noexcept {
    const auto* const few = few_.get();
    if (few == nullptr || few->empty()) return match_by_pairs(text);
    const PatternEntry* best = nullptr;
    for (const PatternEntry* entry : *few) {
      if (contains(text, entry->key())) best = earlier(best, entry);
    }
    return best;
  }
  [[nodiscard]] const PatternEntry* match_by_pairs(std::string_view text) const noexcept {
    const PatternEntry* best = lengths_.has(0) ? find({}) : nullptr;
    const auto byte = [&](std::size_t i) -> std::size_t {
      const auto c = static_cast<unsigned char>(i < text.size() ? text[i] : 0);
      return fold_ && c >= 'A' && c <= 'Z' ? c + 32U : c;
    };
    for (std::size_t at = 0; at < text.size(); ++at) {
      if (!pairs_->has(byte(at) * 256 + byte(at + 1))) continue;
      lengths_.down_from(std::min(text.size() - at, kMaxIndexed), [&](std::size_t length) {
        if (length > 0) best = earlier(best, find(text.substr(at, length)));
        return false;
      });
    }
    return best;
  }
  [[nodiscard]] const PatternEntry* try_longer(std::string_view text,
                                               const std::vector<const PatternEntry*>& longer,
                                               const PatternEntry* best) const noexcept {
    const PatternEntry* found = nullptr;
    for (const PatternEntry* entry : longer) {
      const std::string_view key = key_of(*entry);
      if (key.size() > text.size()) continue;
      const bool hit = method_ == MatchMethod::str   ? same(text, key)
                       : method_ == MatchMethod::beg ? same(text.substr(0, key.size()), key)
                       : method_ == MatchMethod::end ? same(text.substr(text.size() - key.size()), key)
                       : method_ == MatchMethod::sub ? contains(text, key)
                                                     : contains_word(text, key);
      if (hit && (found == nullptr || (method_ == MatchMethod::beg && key.size() > found->key_length)))
        found = entry;
    }
    return method_ == MatchMethod::beg && !fold_ && found != nullptr ? found : earlier(found, best);
  }
  [[nodiscard]] bool contains_word(std::string_view text, std::string_view key) const noexcept {
    for (std::size_t at = 0; at + key.size() <= text.size(); ++at) {
      const bool begins = at == 0 || delimiters_.find(text[at - 1]) != std::string_view::npos;
      const std::size_t end = at + key.size();
      const bool ends = end == text.size() || delimiters_.find(text[end]) != std::string_view::npos;
      if (begins && ends && same(text.substr(at, key.size()), key)) return true;
    }
    return false;
  }

  MatchMethod method_;
  bool fold_;
  std::string_view delimiters_;
  Reclaimer& reclaimer_;
  SlotTable<PatternEntry> table_;
  std::unordered_multiset<std::uint64_t> hidden_;  // hashes of entries whose key an earlier entry has
  GrowingSet<1024> lengths_;
  GrowingSet<1024> word_counts_;  // dir and dom: how many words patterns have
  std::atomic<std::size_t> most_words_{0};
  std::unique_ptr<GrowingSet<65536>> pairs_;         // sub: the first two bytes of patterns
  Replaced<std::vector<const PatternEntry*>> list_;  // keys beyond kMaxIndexed
  Replaced<std::vector<const PatternEntry*>> few_;   // sub: all entries, as long as they are few
  bool few_over_ = false;
};

}  // namespace

std::string_view word_delimiters(MatchMethod method) noexcept {
  if (method == MatchMethod::dir) return "/?";
  return method == MatchMethod::dom ? "/?.:" : "";
}

std::string_view trimmed_key(std::string_view key, MatchMethod method) noexcept {
  const std::string_view delimiters = word_delimiters(method);
  key.remove_prefix(std::min(key.find_first_not_of(delimiters), key.size()));
  return key.substr(0, key.find_last_not_of(delimiters) + 1);
}

std::unique_ptr<PatternIndex> make_text_index(MatchMethod method, bool ignore_case, Reclaimer& reclaimer) {
  return std::make_unique<TextIndex>(method, ignore_case, reclaimer);
}

}  // namespace evenkeel::rules
