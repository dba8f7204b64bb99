// Reads the rule lines of one proxy, so that tests are written in the words of the configuration.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "conf/document.h"
#include "rules/keywords.h"
#include "tests/rules/test_session.h"

namespace evenkeel::rules {

class RuleTester {
 public:
  explicit RuleTester(const std::string& lines, const std::string& section = "frontend f") : draft(env, "f") {
    read(lines, section);
  }
  // For tests that prepare the environment first.
  explicit RuleTester(CompileEnv prepared) : env(std::move(prepared)), draft(env, "f") {}

  void read(const std::string& lines, const std::string& section = "frontend f") {
    conf::Environment environment;
    const conf::Facts facts;
    const auto file = std::make_shared<const conf::SourceFile>("t.cfg", section + "\n" + lines + "\n");
    const conf::Document document = conf::read_document({file}, environment, facts, diagnostics);
    const conf::KeywordTable<RuleDraft> table{rule_keywords()};
    for (const conf::Statement& statement : document.sections.at(0).lines) {
      conf::Args args(statement, document.sections[0].kind, diagnostics);
      if (conf::apply_statement(table, draft, args) == conf::Applied::unknown)
        ADD_FAILURE() << statement.words[0].text;
    }
    finish_rules(draft, document.sections[0].header, diagnostics);
    env.patterns->finish();
    draft.sets.build_indexes();
  }

  // "t.cfg:3:9: message" for each diagnostic, with its severity.
  [[nodiscard]] std::string said() const {
    std::string all;
    for (const conf::Diagnostic& one : diagnostics.all()) {
      if (!all.empty()) all += '\n';
      all += std::string(conf::to_string(one.severity)) + " " + std::to_string(one.where.line) + ":" +
             std::to_string(one.where.column) + " " + one.message;
    }
    return all;
  }

  CompileEnv env;
  RuleDraft draft;
  conf::Diagnostics diagnostics;
};

}  // namespace evenkeel::rules
