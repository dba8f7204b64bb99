// Indexes over the entries of a pattern list, one per matching method, readable while they change.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "rules/patterns.h"
#include "rules/reclaim.h"
#include "rules/sample.h"

namespace evenkeel::rules {

// One pattern and, in maps, its value. A million of them are what a large map costs, hence the plain members:
// the key's bytes belong to the version that the entry is in, the value is a text that ends with a zero byte.
struct PatternEntry {
  const char* key_bytes = "";
  std::uint32_t key_length = 0;
  std::uint32_t number = 0;  // grows from entry to entry of a list: their order, and their name in commands
  std::atomic<const char*> value{nullptr};  // null: an ACL's pattern, which has none

  [[nodiscard]] std::string_view key() const noexcept { return {key_bytes, key_length}; }
  [[nodiscard]] std::string_view text() const noexcept {
    const char* const bytes = value.load(std::memory_order_acquire);
    return bytes == nullptr ? std::string_view() : std::string_view(bytes);
  }
};

// add(), remove() and reserve() are called by one thread at a time (the list holds its lock); match() by any
// number of threads meanwhile. The cost of match() depends on the sample and on how many different lengths or
// masks the patterns have, not on their number; regular expressions are the exception.
class PatternIndex {
 public:
  static std::unique_ptr<PatternIndex> make(MatchMethod method, bool ignore_case, Reclaimer& reclaimer);
  virtual ~PatternIndex() = default;

  // Whether the key can be a pattern of this kind; a non-empty text says why not.
  [[nodiscard]] virtual std::string refuses(std::string_view key) const = 0;
  virtual void reserve(std::size_t /*count*/) {}
  // The entries of the load are in; from now on others read while entries come and go. match() means
  // something only afterwards.
  virtual void go_live() {}
  // pre: refuses() has nothing against the key. Of equal keys the first one counts.
  virtual void add(const PatternEntry& entry) = 0;
  // each: calls its argument with every entry that stays, in order; used when an equal key may step forward.
  using Entries = std::function<void(const std::function<void(const PatternEntry&)>&)>;
  virtual void remove(const PatternEntry& entry, const Entries& each) = 0;
  // Whether several entries may have this key; true where that is not known.
  [[nodiscard]] virtual bool may_repeat(std::string_view /*key*/) const noexcept { return true; }
  // The entry that decides, or nullptr. groups, for method reg: the parentheses of the match.
  virtual const PatternEntry* match(const Sample& sample, Scratch& scratch,
                                    std::vector<std::string_view>* groups) const noexcept = 0;
};

// A list that is replaced as a whole when it changes: for what has to be tried one by one. Before go_live()
// nobody reads, and changes are made in place.
template <class T>
class Replaced {
 public:
  Replaced() = default;
  Replaced(const Replaced&) = delete;
  Replaced& operator=(const Replaced&) = delete;
  ~Replaced() { delete current_.load(std::memory_order_relaxed); }

  // nullptr: nothing yet.
  [[nodiscard]] const T* get() const noexcept { return current_.load(std::memory_order_acquire); }
  template <class Change>
  void change(Change change, Reclaimer& reclaimer) {
    T* const before = current_.load(std::memory_order_relaxed);
    if (before != nullptr && !live_) {
      change(*before);
      return;
    }
    auto next = before == nullptr ? std::make_unique<T>() : std::make_unique<T>(*before);
    change(*next);
    current_.store(next.release(), std::memory_order_release);
    if (before != nullptr) reclaimer.retire(std::unique_ptr<T>(before));
  }
  [[nodiscard]] bool live() const noexcept { return live_; }
  void go_live() noexcept { live_ = true; }

 private:
  std::atomic<T*> current_{nullptr};
  bool live_ = false;
};

// The kinds, each in the file of its name.
std::unique_ptr<PatternIndex> make_text_index(MatchMethod method, bool ignore_case, Reclaimer& reclaimer);
std::unique_ptr<PatternIndex> make_number_index(MatchMethod method, Reclaimer& reclaimer);
std::unique_ptr<PatternIndex> make_network_index(Reclaimer& reclaimer);
std::unique_ptr<PatternIndex> make_regex_index(bool ignore_case, Reclaimer& reclaimer);
std::unique_ptr<PatternIndex> make_binary_index(Reclaimer& reclaimer);

// What tells dir patterns and dom patterns apart from their surroundings; empty for other methods.
std::string_view word_delimiters(MatchMethod method) noexcept;
// The key without the delimiters around it, which dir and dom ignore.
std::string_view trimmed_key(std::string_view key, MatchMethod method) noexcept;

// As the command line of HAProxy reads networks: "10.0.0.0/8", "10.0.0.0/255.0.0.0", "2001:db8::/32", or one
// address. False: it is none.
struct Network {
  Sample ip;  // masked
  unsigned bits = 0;
};
bool parse_network(std::string_view text, Network& out) noexcept;
void mask_out(Sample& ip, unsigned bits) noexcept;

// "5", "5:", ":7", "5:7", "gt 5"; an error text, or empty.
struct NumberRange {
  std::int64_t low, high;
};
std::string parse_range(std::string_view pattern, NumberRange& out);

}  // namespace evenkeel::rules
