// Conditional blocks and messages: .if .elif .else .endif .diag .notice .warning .alert (manual,
// chapter 2.4).
#pragma once

#include <vector>

#include "conf/condition.h"
#include "conf/diagnostics.h"
#include "conf/lexer.h"

namespace evenkeel::conf {

// The state of the blocks of one file. Feed every line; those for which take() is false and skipping() is
// false are configuration.
class Preprocessor {
 public:
  Preprocessor(const Environment& env, const Facts& facts, Diagnostics& diagnostics)
      : env_(env), facts_(facts), diagnostics_(diagnostics) {}

  // True when the line is a directive; it was then obeyed, or reported when it is wrong. words: the lexed
  // line, text: its original form. Skipped text is not judged, apart from the nesting of its blocks.
  bool take(const std::vector<Word>& words, std::string_view text, const LexContext& context,
            const Location& where);
  [[nodiscard]] bool skipping() const noexcept;
  // Reports blocks that are still open, each at its ".if".
  void finish();

 private:
  struct Block {
    Location opened;
    bool outer_active;  // the text around the block counts
    bool active;        // this branch counts
    bool taken;         // some branch of the block was active
    bool seen_else;
  };

  void open(const Word& directive, std::string_view text, const LexContext& context, const Location& where);
  void branch(const Word& directive, std::string_view text, const LexContext& context, const Location& where);
  bool condition(const Word& directive, std::string_view text, const LexContext& context,
                 const Location& where);
  void message(const std::vector<Word>& words, const Location& where);
  void no_arguments(const std::vector<Word>& words, const Location& where);

  const Environment& env_;
  const Facts& facts_;
  Diagnostics& diagnostics_;
  std::vector<Block> blocks_;
};

}  // namespace evenkeel::conf
