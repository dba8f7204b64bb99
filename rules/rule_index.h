// Which rules of a list can hold for a request, found by hashing instead of by asking each of them.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rules/bytes_index.h"
#include "rules/condition.h"

namespace evenkeel::rules {

// A set of rule numbers, one bit each, in memory of the Scratch.
class Candidates {
 public:
  Candidates(std::uint64_t* words, std::size_t rules) noexcept : words_(words), rules_(rules) {}
  // The first candidate that is not before `from`; the number of rules when there is none.
  [[nodiscard]] std::size_t next(std::size_t from) const noexcept;
  void add(std::size_t rule) noexcept { words_[rule / 64] |= std::uint64_t{1} << (rule % 64); }
  explicit operator bool() const noexcept { return words_ != nullptr; }
  // Whether what the rules are filed under is known to hold for the candidates.
  [[nodiscard]] bool exact() const noexcept { return exact_; }
  void set_exact(bool exact) noexcept { exact_ = exact; }

 private:
  std::uint64_t* words_;  // null: every rule is a candidate
  std::size_t rules_;
  bool exact_ = false;
};

// A condition such as `if { hdr(host) -i a.b } { path_beg /x }` cannot hold unless the Host header is "a.b".
// So each rule is filed under the patterns of one of its tests, and a request asks once for each expression
// that rules are filed under. What comes out is a superset of the rules that hold, in their order; whoever
// runs the rules still tests each candidate, so that the first match is the first match whatever the
// conditions are; only the test that the rule was filed under need not be made again (test). Rules that
// cannot be filed (negations, regular expressions, files, unless) are always candidates.
class RuleIndex {
 public:
  // Made once all ACLs are complete. for_actions: rules change messages between tests, and only expressions
  // whose dependencies are known are used. Nothing is built where there is too little to gain.
  static std::shared_ptr<const RuleIndex> build(std::span<const Condition* const> conditions,
                                                bool for_actions);

  [[nodiscard]] Candidates candidates(EvalContext& ctx) const noexcept;
  // condition.test() of the candidate of this number, without what is known already.
  [[nodiscard]] Truth test(const Candidates& candidates, std::size_t rule, const Condition& condition,
                           EvalContext& ctx) const noexcept {
    if (!candidates.exact() || known_[rule] == kNothing) return condition.test(ctx);
    return condition.test_without(ctx, known_[rule]);
  }
  // Whether changing this header field may make other rules candidates.
  [[nodiscard]] bool depends_on_header(std::string_view name) const noexcept;

 private:
  // The patterns of one matching method, and the rules filed under each.
  struct Table {
    MatchMethod method;
    bool fold;
    BytesIndex patterns;
    std::vector<std::vector<std::uint32_t>> rules;  // by number of the pattern
  };
  // One expression, evaluated once per request.
  struct Probe {
    std::string identity;
    const Expression* expression;  // of an ACL that `keep` holds
    std::string header;            // the field that it reads; empty: not a single one
    std::vector<Table> tables;
    std::vector<std::uint32_t> rules;  // all that are filed here
  };
  static constexpr std::uint8_t kNothing = 255;
  bool file(std::uint32_t rule, const Condition& condition, bool for_actions);
  Probe& probe_of(const Expression& expression);
  static void look_up(const Table& table, std::string_view text, Candidates& found) noexcept;

  std::vector<Probe> probes_;
  std::vector<std::uint64_t> always_;
  std::vector<std::uint8_t> known_;  // by rule: the literal that holds if the rule is a candidate
  std::size_t rules_ = 0;
  bool depends_on_host_ = false;
  std::vector<std::shared_ptr<const Acl>> keep_;
  // Set when a command changes one of the patterns: from then on all rules are candidates.
  std::shared_ptr<std::atomic<bool>> outdated_ = std::make_shared<std::atomic<bool>>(false);
};

}  // namespace evenkeel::rules
