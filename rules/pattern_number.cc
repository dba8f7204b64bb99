// int and len: numbers and ranges of them (manual 7.1.2); bin: rows of bytes (7.1.3).
#include <algorithm>
#include <functional>
#include <limits>

#include "rules/byte_keys.h"
#include "rules/pattern_index.h"
#include "rules/text.h"

namespace evenkeel::rules {
namespace {

constexpr std::int64_t kLowest = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kHighest = std::numeric_limits<std::int64_t>::max();

// "3", "0x10", or dotted as the TLS versions are: "3.1" is 3 * 65536 + 1.
bool parse_bound(std::string_view text, std::int64_t& value) noexcept {
  const std::size_t dot = text.find('.');
  if (dot == std::string_view::npos) return parse_int(text, value);
  std::int64_t minor = 0;
  if (!parse_int(text.substr(0, dot), value) || !parse_int(text.substr(dot + 1), minor)) return false;
  value = value * 65536 + minor;
  return minor >= 0 && minor < 65536;
}

// Which range is the first to cover a number, by binary search: the line of numbers is cut at every bound.
// Ranges that came after the last cut are tried one by one.
class RangeList {
 public:
  // searchable: cuts now and then, for searches to stay short.
  void add(NumberRange range, const PatternEntry* entry, bool searchable) {
    all_.push_back({range, entry});
    if (searchable && all_.size() - cut_ > kUncut) cut();
  }
  void remove(const PatternEntry* entry) {
    std::erase_if(all_, [&](const Item& item) { return item.entry == entry; });
    cut();
  }
  [[nodiscard]] const PatternEntry* find(std::int64_t value) const noexcept {
    const auto at = std::upper_bound(stretches_.begin(), stretches_.end(), value,
                                     [](std::int64_t v, const Stretch& s) { return v < s.begin; });
    if (at != stretches_.begin() && std::prev(at)->entry != nullptr) return std::prev(at)->entry;
    for (std::size_t i = cut_; i < all_.size(); ++i) {
      if (value >= all_[i].range.low && value <= all_[i].range.high) return all_[i].entry;
    }
    return nullptr;
  }
  // Cuts the line anew; load does so once at its end.
  void cut() {
    std::vector<std::pair<std::int64_t, std::size_t>> begins;
    std::vector<std::pair<std::int64_t, std::size_t>> ends;
    std::vector<std::int64_t> bounds{kLowest};
    for (std::size_t i = 0; i < all_.size(); ++i) {
      begins.emplace_back(all_[i].range.low, i);
      bounds.push_back(all_[i].range.low);
      if (all_[i].range.high == kHighest) continue;
      ends.emplace_back(all_[i].range.high + 1, i);
      bounds.push_back(all_[i].range.high + 1);
    }
    std::sort(begins.begin(), begins.end());
    std::sort(ends.begin(), ends.end());
    std::sort(bounds.begin(), bounds.end());
    bounds.erase(std::unique(bounds.begin(), bounds.end()), bounds.end());
    stretches_.clear();
    // A heap of the ranges that are open, the earliest of the list on top; closed ones go when they surface.
    std::vector<std::size_t> open;
    auto begin = begins.begin();
    for (const std::int64_t bound : bounds) {
      for (; begin != begins.end() && begin->first <= bound; ++begin) {
        open.push_back(begin->second);
        std::push_heap(open.begin(), open.end(), std::greater<>());
      }
      while (!open.empty() && all_[open.front()].range.high < bound) {
        std::pop_heap(open.begin(), open.end(), std::greater<>());
        open.pop_back();
      }
      stretches_.push_back({bound, open.empty() ? nullptr : all_[open.front()].entry});
    }
    cut_ = all_.size();
  }

 private:
  static constexpr std::size_t kUncut = 64;
  struct Item {
    NumberRange range;
    const PatternEntry* entry;
  };
  struct Stretch {
    std::int64_t begin;  // to the begin of the next one
    const PatternEntry* entry;
  };
  std::vector<Item> all_;  // in the order of the list
  std::vector<Stretch> stretches_;
  std::size_t cut_ = 0;
};

std::string_view bytes_of(const std::int64_t& number) noexcept {
  return {reinterpret_cast<const char*>(&number), sizeof number};
}

class NumberIndex final : public PatternIndex {
 public:
  NumberIndex(bool of_length, Reclaimer& reclaimer)
      : of_length_(of_length), reclaimer_(reclaimer), exact_(reclaimer) {}

  [[nodiscard]] std::string refuses(std::string_view key) const override {
    NumberRange range{};
    return parse_range(key, range);
  }
  void reserve(std::size_t count) override { exact_.reserve(count); }
  void go_live() override {
    if (ranges_.get() != nullptr) ranges_.change([](RangeList& list) { list.cut(); }, reclaimer_);
    ranges_.go_live();
  }
  void add(const PatternEntry& entry) override {
    const NumberRange range = range_of(entry);
    if (range.low == range.high) {
      exact_.add(bytes_of(range.low), entry);
    } else {
      const bool live = ranges_.live();
      ranges_.change([&](RangeList& list) { list.add(range, &entry, live); }, reclaimer_);
    }
  }
  void remove(const PatternEntry& entry, const Entries& each) override {
    const NumberRange range = range_of(entry);
    if (range.low == range.high) {
      exact_.remove(bytes_of(range.low), entry, each, [](const PatternEntry& other) {
        const NumberRange r = range_of(other);
        return r.low == r.high ? std::string(bytes_of(r.low)) : std::string();
      });
    } else {
      ranges_.change([&](RangeList& list) { list.remove(&entry); }, reclaimer_);
    }
  }
  const PatternEntry* match(const Sample& sample, Scratch& scratch,
                            std::vector<std::string_view>*) const noexcept override {
    std::int64_t value = 0;
    if (of_length_) {
      value = static_cast<std::int64_t>(as_text(sample, scratch).size());
    } else {
      Sample number = sample;
      if (!cast(number, SampleType::sint, scratch)) return nullptr;
      value = number.integer;
    }
    const PatternEntry* const one = exact_.find(bytes_of(value));
    const RangeList* const ranges = ranges_.get();
    const PatternEntry* const in_range = ranges == nullptr ? nullptr : ranges->find(value);
    if (one == nullptr || in_range == nullptr) return one == nullptr ? in_range : one;
    return one->number < in_range->number ? one : in_range;
  }

 private:
  static NumberRange range_of(const PatternEntry& entry) {
    NumberRange range{};
    (void)parse_range(entry.key(), range);
    return range;
  }

  bool of_length_;
  Reclaimer& reclaimer_;
  ByteKeys exact_;
  Replaced<RangeList> ranges_;
};

class BinaryIndex final : public PatternIndex {
 public:
  explicit BinaryIndex(Reclaimer& reclaimer) : keys_(reclaimer) {}

  [[nodiscard]] std::string refuses(std::string_view key) const override {
    std::string bytes;
    if (text::unhex(key, bytes)) return {};
    return "'" + std::string(key) + "' is not a row of hexadecimal byte pairs";
  }
  void reserve(std::size_t count) override { keys_.reserve(count); }
  void add(const PatternEntry& entry) override { keys_.add(bytes_in(entry), entry); }
  void remove(const PatternEntry& entry, const Entries& each) override {
    keys_.remove(bytes_in(entry), entry, each, bytes_in);
  }
  const PatternEntry* match(const Sample& sample, Scratch& scratch,
                            std::vector<std::string_view>*) const noexcept override {
    return keys_.find(as_text(sample, scratch));
  }

 private:
  static std::string bytes_in(const PatternEntry& entry) {
    std::string bytes;
    (void)text::unhex(entry.key(), bytes);
    return bytes;
  }
  ByteKeys keys_;
};

}  // namespace

std::string parse_range(std::string_view pattern, NumberRange& out) {
  out = {kLowest, kHighest};
  const std::string bad = "'" + std::string(pattern) + "' is not an integer or a range of integers";
  std::string_view op = "eq";
  if (const std::size_t space = pattern.find(' '); space != std::string_view::npos) {
    op = pattern.substr(0, space);
    pattern.remove_prefix(space + 1);
  }
  const std::size_t colon = pattern.find(':');
  if (colon != std::string_view::npos) {
    if (op != "eq") return "operator '" + std::string(op) + "' does not go with a range";
    if (colon > 0 && !parse_bound(pattern.substr(0, colon), out.low)) return bad;
    if (colon + 1 < pattern.size() && !parse_bound(pattern.substr(colon + 1), out.high)) return bad;
    if (out.low > out.high) return "the range '" + std::string(pattern) + "' is empty";
    return {};
  }
  std::int64_t value = 0;
  if (!parse_bound(pattern, value)) return bad;
  if (op == "eq") {
    out = {value, value};
  } else if (op == "ge") {
    out.low = value;
  } else if (op == "gt") {
    if (value == kHighest) return "nothing is greater than '" + std::string(pattern) + "'";
    out.low = value + 1;
  } else if (op == "le") {
    out.high = value;
  } else if (op == "lt") {
    if (value == kLowest) return "nothing is less than '" + std::string(pattern) + "'";
    out.high = value - 1;
  } else {
    return bad;
  }
  return {};
}

std::unique_ptr<PatternIndex> make_number_index(MatchMethod method, Reclaimer& reclaimer) {
  return std::make_unique<NumberIndex>(method == MatchMethod::len, reclaimer);
}

std::unique_ptr<PatternIndex> make_binary_index(Reclaimer& reclaimer) {
  return std::make_unique<BinaryIndex>(reclaimer);
}

}  // namespace evenkeel::rules
