// Regular expressions (PCRE2), compiled once at configuration time and matched many times, from any thread.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "core/result.h"

namespace evenkeel {

// An immutable compiled pattern. Copies share it; a moved-from Regex matches nothing.
//
// Bytes, not UTF-8: what peers send need not be text. A match is unanchored and stops with "no match" when it
// costs too much (backtracking limit), so that a pattern of the administrator cannot be turned against the
// proxy by a peer.
class Regex {
 public:
  // The error says what is wrong with the pattern and at which of its bytes (counted from 0).
  static Result<Regex, std::string> compile(std::string_view pattern, bool icase);

  [[nodiscard]] bool match(std::string_view subject) const noexcept;

  // As match(), and fills groups with views into subject: [0] the whole match, [n] the n-th parenthesis.
  // Groups that took no part become empty views with data() == nullptr. Returns how many entries are
  // meaningful (highest group that took part, plus one, capped at groups.size()); 0: no match, or groups is
  // empty.
  std::size_t match(std::string_view subject, std::span<std::string_view> groups) const noexcept;

  [[nodiscard]] const std::string& pattern() const noexcept { return pattern_; }

 private:
  Regex(std::shared_ptr<const void> code, std::string pattern) noexcept
      : code_(std::move(code)), pattern_(std::move(pattern)) {}

  std::shared_ptr<const void> code_;  // pcre2_code; PCRE2's header stays out of ours
  std::string pattern_;
};

}  // namespace evenkeel
