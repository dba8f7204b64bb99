#include "rules/condition.h"

#include <algorithm>

#include "rules/compile_env.h"

namespace evenkeel::rules {
namespace {

Truth negate(Truth truth) noexcept {
  if (truth == Truth::pending) return truth;
  return truth == Truth::yes ? Truth::no : Truth::yes;
}

bool is_or(std::string_view word) noexcept {
  return word == "||" || word == "or" || word == "OR" || word == "Or";
}

Truth test_all(const Condition::Conjunction& literals, EvalContext& ctx,
               const Condition::Literal* known = nullptr) noexcept {
  Truth result = Truth::yes;
  for (const Condition::Literal& literal : literals) {
    if (&literal == known) continue;
    const Truth truth = literal.acl->test(ctx);
    const Truth sees = literal.negated ? negate(truth) : truth;
    if (sees == Truth::no) return Truth::no;
    if (sees == Truth::pending) result = Truth::pending;
  }
  return result;
}

// "{ ... }": an ACL without a name. The cursor is behind the opening brace.
Result<std::shared_ptr<const Acl>, RuleError> read_anonymous(Words& words, CompileEnv& env) {
  auto test = AclTest::compile(words, env);
  if (!test) return test.error();
  if (!words.accept("}")) return words.error("missing '}' after the anonymous ACL");
  auto acl = std::make_shared<Acl>();
  acl->tests.push_back(std::move(*test));
  return std::shared_ptr<const Acl>(std::move(acl));
}

Result<std::shared_ptr<const Acl>, RuleError> read_acl(Words& words, AclTable& acls, CompileEnv& env,
                                                       bool& negated) {
  std::string_view word = words.peek();
  std::size_t skipped = 0;
  while (!word.empty() && word.front() == '!') {
    negated = !negated;
    word.remove_prefix(1);
    ++skipped;
    if (word.empty()) {
      words.next();
      word = words.peek();
      skipped = 0;
    }
  }
  if (word.empty()) return words.error("a condition is missing after '!'");
  if (word == "{") {
    words.next();
    return read_anonymous(words, env);
  }
  auto acl = acls.find(word, env);
  if (!acl) {
    const std::string near = acls.nearest(word);
    std::string message = "there is no ACL '" + std::string(word) + "'";
    if (!near.empty()) message += "; did you mean '" + near + "'?";
    return RuleError{words.position(), skipped, word.size(), std::move(message)};
  }
  words.next();
  return acl;
}

}  // namespace

Result<Condition, RuleError> Condition::compile(Words& words, AclTable& acls, CompileEnv& env,
                                                Places places) {
  Condition result;
  if (words.done()) return result;
  if (!words.at_condition()) {
    return words.error("unexpected '" + std::string(words.peek()) +
                       "'; a condition begins with 'if' or 'unless'");
  }
  const std::size_t begin = words.position();
  result.inverted_ = words.next() == "unless";
  if (words.done()) return words.error_before("the condition is missing");
  result.alternatives_.emplace_back();
  while (!words.done()) {
    if (is_or(words.peek())) {
      if (result.alternatives_.back().empty()) return words.error("nothing stands before this 'or'");
      words.next();
      if (words.done()) return words.error_before("nothing stands behind this 'or'");
      result.alternatives_.emplace_back();
      continue;
    }
    Literal literal;
    const std::size_t at = words.position();
    auto acl = read_acl(words, acls, env, literal.negated);
    if (!acl) return acl.error();
    literal.acl = std::move(*acl);
    const auto& tests = literal.acl->tests;
    // An ACL without tests was refused where it was declared, and that is enough said.
    if (!tests.empty() &&
        std::none_of(tests.begin(), tests.end(), [&](const AclTest& t) { return t.usable_in(places); })) {
      const std::string_view name =
          literal.acl->name.empty() ? std::string_view("this anonymous ACL") : literal.acl->name;
      env.warnings.push_back({at, 0, 0,
                              "'" + std::string(name) + "' can never match here: '" +
                                  tests.front().expression().source() + "' is not available at this point"});
    }
    result.alternatives_.back().push_back(std::move(literal));
  }
  for (const Conjunction& literals : result.alternatives_) {
    for (const Literal& a : literals) {
      for (const Literal& b : literals) {
        if (a.acl == b.acl && a.negated && !b.negated && !a.acl->name.empty()) {
          env.warnings.push_back(
              {begin, 0, 0,
               "the condition asks for '" + a.acl->name + "' and for its opposite: it can never hold"});
        }
      }
    }
  }
  return result;
}

Truth Condition::test_without(EvalContext& ctx, std::size_t known) const noexcept {
  const Conjunction& literals = alternatives_.front();
  const Truth truth = literals.size() == 1 ? Truth::yes : test_all(literals, ctx, &literals[known]);
  return inverted_ ? negate(truth) : truth;
}

Truth Condition::evaluate(EvalContext& ctx) const noexcept {
  Truth result = Truth::no;
  for (const Conjunction& literals : alternatives_) {
    const Truth truth = test_all(literals, ctx);
    if (truth == Truth::yes) {
      result = truth;
      break;
    }
    if (truth == Truth::pending) result = truth;
  }
  return inverted_ ? negate(result) : result;
}

}  // namespace evenkeel::rules
