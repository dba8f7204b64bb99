// Access control lists: a sample, a matching method and patterns (manual 7.1).
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "rules/expression.h"
#include "rules/pattern_store.h"
#include "rules/words.h"

namespace evenkeel::rules {

// `pending`: cannot be told before more bytes have come; content rules then wait.
enum class Truth : std::uint8_t { no, yes, pending };

// One `acl` line, or the inside of "{ ... }".
class AclTest {
 public:
  // Reads "criterion [flags] [patterns]" up to the end of the words, or to a "}" that it leaves.
  static Result<AclTest, RuleError> compile(Words& words, CompileEnv& env);

  [[nodiscard]] Truth test(EvalContext& ctx) const noexcept;
  [[nodiscard]] bool usable_in(Places places) const noexcept { return expression_.usable_in(places); }
  [[nodiscard]] const Expression& expression() const noexcept { return expression_; }
  [[nodiscard]] MatchMethod method() const noexcept { return method_; }
  // The patterns written in the line, and the files it names.
  [[nodiscard]] const PatternUse& patterns() const noexcept { return patterns_; }
  [[nodiscard]] const std::vector<PatternUse>& files() const noexcept { return files_; }
  [[nodiscard]] bool ignores_case() const noexcept { return ignore_case_; }

 private:
  AclTest() = default;
  std::string read_flags(Words& words, CompileEnv& env, std::string_view implied);
  std::string choose_method(std::string_view implied);
  std::string read_file(Words& words, CompileEnv& env, std::string_view implied);
  std::string read_patterns(Words& words, CompileEnv& env, std::string_view criterion);
  bool matches(const Sample& sample, EvalContext& ctx) const noexcept;

  Expression expression_;
  MatchMethod method_ = MatchMethod::str;
  bool method_given_ = false;
  bool ignore_case_ = false;
  bool as_map_ = false;
  std::int64_t id_ = -1;  // -u
  PatternUse patterns_;
  std::vector<PatternUse> files_;
};

// A name and its lines: several lines of one name are alternatives.
struct Acl {
  std::string name;
  std::vector<AclTest> tests;
  std::uint32_t line = 0;  // where it was first declared, for messages
  mutable bool used = false;

  [[nodiscard]] Truth test(EvalContext& ctx) const noexcept;
};

// The ACLs of one proxy. Conditions hold the entries, which may still gain lines until the proxy is complete.
class AclTable {
 public:
  // Reads what follows the word "acl": name and test.
  Result<const Acl*, RuleError> declare(Words& words, CompileEnv& env, std::uint32_t line);
  // A declared or predefined one (manual 7.4); nullptr: there is none. Marks it as used.
  std::shared_ptr<const Acl> find(std::string_view name, CompileEnv& env);
  // Declared and never referred to, in order of declaration.
  [[nodiscard]] std::vector<const Acl*> unused() const;
  [[nodiscard]] std::string nearest(std::string_view name) const;  // empty: none is near

 private:
  std::map<std::string, std::shared_ptr<Acl>, std::less<>> acls_;
  std::map<std::string, std::shared_ptr<Acl>, std::less<>> predefined_;
  std::vector<const Acl*> order_;
};

}  // namespace evenkeel::rules
