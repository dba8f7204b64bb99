// A set of patterns under one matching method (manual 7.1), indexed so that a lookup does not get dearer with
// its size.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/regex.h"
#include "core/result.h"
#include "rules/bytes_index.h"
#include "rules/sample.h"

namespace evenkeel::rules {

enum class MatchMethod : std::uint8_t {
  found,
  boolean,
  integer,
  ip,
  bin,
  len,
  str,
  beg,
  sub,
  reg,
  end,
  dir,
  dom
};

std::optional<MatchMethod> match_method_of(std::string_view name) noexcept;  // "found", "bool", ...
std::string_view to_string(MatchMethod method) noexcept;
// The method that a type implies; nullopt for bin and any, which need -m.
std::optional<MatchMethod> default_method(SampleType type) noexcept;
// Manual 7.1's table: may samples of this type be matched so?
bool compatible(SampleType type, MatchMethod method) noexcept;

// Filled at load through add(), then finish()ed, then matched from any thread. Entry numbers count the
// patterns in the order of their adding; a match reports the one that decides, for maps to find its value.
class PatternSet {
 public:
  static constexpr std::uint32_t kNone = UINT32_MAX;

  explicit PatternSet(MatchMethod method) : method_(method) {}

  // A non-empty text says why the pattern is refused.
  std::string add(std::string_view pattern, bool ignore_case);
  // As add(), with the value that a map gives for it.
  std::string add(std::string_view pattern, bool ignore_case, std::string_view value);
  void finish();

  // Which entry matches, or kNone. The sample is cast to what the method needs. groups, for method reg:
  // receives the parentheses of the match (map_regm).
  std::uint32_t match(const Sample& sample, Scratch& scratch,
                      std::vector<std::string_view>* groups = nullptr) const noexcept;
  bool matches(const Sample& sample, Scratch& scratch) const noexcept {
    return match(sample, scratch) != kNone;
  }

  [[nodiscard]] std::string_view value(std::uint32_t entry) const noexcept;
  [[nodiscard]] MatchMethod method() const noexcept { return method_; }
  [[nodiscard]] std::size_t size() const noexcept { return count_; }
  [[nodiscard]] bool empty() const noexcept { return count_ == 0; }
  // The texts of a str, beg, ... set that does not ignore case; for lint and for indexes over rules.
  [[nodiscard]] const BytesIndex& exact() const noexcept { return exact_; }
  [[nodiscard]] const BytesIndex& folded() const noexcept { return folded_; }

 private:
  struct Range {
    std::int64_t low, high;
    std::uint32_t entry;
  };
  struct RegexEntry {
    Regex regex;
    std::uint32_t entry;
  };
  struct Network {  // an index of the networks of one mask length
    unsigned bits;
    BytesIndex index;
  };

  std::uint32_t match_value(Sample sample, Scratch& scratch,
                            std::vector<std::string_view>* groups) const noexcept;
  std::uint32_t match_texts(std::string_view text, Scratch& scratch) const noexcept;
  std::string add_range(std::string_view pattern);
  std::string add_network(std::string_view pattern);
  std::string add_regex(std::string_view pattern, bool ignore_case);
  std::string add_text(std::string_view text, bool ignore_case);
  [[nodiscard]] std::uint32_t match_range(std::int64_t value) const noexcept;
  [[nodiscard]] std::uint32_t match_ip(const Sample& sample) const noexcept;
  [[nodiscard]] std::uint32_t match_text(std::string_view text, const BytesIndex& index) const noexcept;
  std::uint32_t match_regex(std::string_view text, std::vector<std::string_view>* groups) const noexcept;

  MatchMethod method_;
  std::uint32_t count_ = 0;
  BytesIndex exact_;   // texts as they are
  BytesIndex folded_;  // texts in lower case, for -i
  std::vector<Range> ranges_;
  std::vector<RegexEntry> regexes_;
  std::vector<Network> v4_, v6_;  // longest mask first
  std::string value_bytes_;
  std::vector<std::uint64_t> value_ends_;  // of the values of maps, by entry
};

}  // namespace evenkeel::rules
