#include "rules/pattern_index.h"

#include <random>

#include "core/regex.h"
#include "rules/pattern_hash.h"

namespace evenkeel::rules {

const std::uint64_t kHashSeed = (std::uint64_t{std::random_device{}()} << 32U) | std::random_device{}();

namespace {

// found and bool: the patterns are taken and mean nothing, as the manual says (7.1.1, 7.1.2).
class NoPatterns final : public PatternIndex {
 public:
  explicit NoPatterns(bool needs_true) : needs_true_(needs_true) {}
  [[nodiscard]] std::string refuses(std::string_view) const override { return {}; }
  void add(const PatternEntry&) override {}
  void remove(const PatternEntry&, const Entries&) override {}
  const PatternEntry* match(const Sample& sample, Scratch& scratch,
                            std::vector<std::string_view>*) const noexcept override {
    if (!needs_true_) return &any_;
    Sample truth = sample;
    return cast(truth, SampleType::boolean, scratch) && truth.integer != 0 ? &any_ : nullptr;
  }

 private:
  bool needs_true_;
  PatternEntry any_;
};

struct RegexEntry {
  Regex regex;
  const PatternEntry* entry;
};

class RegexIndex final : public PatternIndex {
 public:
  RegexIndex(bool ignore_case, Reclaimer& reclaimer) : ignore_case_(ignore_case), reclaimer_(reclaimer) {}

  [[nodiscard]] std::string refuses(std::string_view key) const override {
    auto regex = Regex::compile(key, ignore_case_);
    return regex ? std::string() : regex.error();
  }
  void go_live() override { list_.go_live(); }
  void add(const PatternEntry& entry) override {
    auto regex = Regex::compile(entry.key(), ignore_case_);
    if (!regex) return;
    list_.change(
        [&](std::vector<RegexEntry>& all) {
          all.push_back({std::move(*regex), &entry});
        },
        reclaimer_);
  }
  void remove(const PatternEntry& entry, const Entries&) override {
    list_.change(
        [&](std::vector<RegexEntry>& all) {
          std::erase_if(all, [&](const RegexEntry& one) { return one.entry == &entry; });
        },
        reclaimer_);
  }
  const PatternEntry* match(const Sample& sample, Scratch& scratch,
                            std::vector<std::string_view>* groups) const noexcept override {
    const auto* const all = list_.get();
    if (all == nullptr) return nullptr;
    const std::string_view text = as_text(sample, scratch);
    for (const RegexEntry& one : *all) {
      if (groups == nullptr ? one.regex.match(text) : one.regex.match(text, *groups) > 0) return one.entry;
    }
    return nullptr;
  }

 private:
  bool ignore_case_;
  Reclaimer& reclaimer_;
  Replaced<std::vector<RegexEntry>> list_;
};

}  // namespace

std::unique_ptr<PatternIndex> make_regex_index(bool ignore_case, Reclaimer& reclaimer) {
  return std::make_unique<RegexIndex>(ignore_case, reclaimer);
}

std::unique_ptr<PatternIndex> PatternIndex::make(MatchMethod method, bool ignore_case, Reclaimer& reclaimer) {
  switch (method) {
    case MatchMethod::found:
    case MatchMethod::boolean:
      return std::make_unique<NoPatterns>(method == MatchMethod::boolean);
    case MatchMethod::integer:
    case MatchMethod::len:
      return make_number_index(method, reclaimer);
    case MatchMethod::ip:
      return make_network_index(reclaimer);
    case MatchMethod::bin:
      return make_binary_index(reclaimer);
    case MatchMethod::reg:
      return make_regex_index(ignore_case, reclaimer);
    default:
      return make_text_index(method, ignore_case, reclaimer);
  }
}

}  // namespace evenkeel::rules
