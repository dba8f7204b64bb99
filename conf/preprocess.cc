#include "conf/preprocess.h"

#include <array>

#include "conf/nearest.h"

namespace evenkeel::conf {
namespace {

constexpr std::size_t kMaxNesting = 1024;

constexpr std::array<std::string_view, 8> kDirectives = {".if",   ".elif",   ".else",    ".endif",
                                                         ".diag", ".notice", ".warning", ".alert"};

Location at_word(const Location& where, const Word& word) {
  return {where.file, where.line, word.column, word.length};
}

}  // namespace

bool Preprocessor::skipping() const noexcept { return !blocks_.empty() && !blocks_.back().active; }

bool Preprocessor::take(const std::vector<Word>& words, std::string_view text, const LexContext& context,
                        const Location& where) {
  if (words.empty() || !words.front().text.starts_with('.')) return false;
  const Word& directive = words.front();
  const std::string& name = directive.text;
  if (name == ".if") {
    open(directive, text, context, where);
  } else if (name == ".elif" || name == ".else" || name == ".endif") {
    if (name != ".elif") no_arguments(words, where);
    branch(directive, text, context, where);
  } else if (!skipping()) {
    message(words, where);
  }
  return true;
}

void Preprocessor::open(const Word& directive, std::string_view text, const LexContext& context,
                        const Location& where) {
  if (blocks_.size() >= kMaxNesting) {
    diagnostics_.error(at_word(where, directive), "too many nested '.if', at most 1024 are supported");
    return;
  }
  const bool outer = !skipping();
  const bool active = outer && condition(directive, text, context, where);
  blocks_.push_back({at_word(where, directive), outer, active, active, false});
}

void Preprocessor::branch(const Word& directive, std::string_view text, const LexContext& context,
                          const Location& where) {
  if (blocks_.empty()) {
    diagnostics_.error(at_word(where, directive), "lone '" + directive.text + "' with no matching '.if'");
    return;
  }
  Block& block = blocks_.back();
  if (directive.text == ".endif") {
    blocks_.pop_back();
    return;
  }
  if (block.seen_else) {
    diagnostics_.error(at_word(where, directive), "'" + directive.text + "' after '.else' is not permitted");
    return;
  }
  block.seen_else = directive.text == ".else";
  const bool may = block.outer_active && !block.taken;
  block.active = may && (block.seen_else || condition(directive, text, context, where));
  block.taken = block.taken || block.active;
}

bool Preprocessor::condition(const Word& directive, std::string_view text, const LexContext& context,
                             const Location& where) {
  const LexedLine line = lex_line(text, context, LexMode::directive);
  if (line.error) {
    diagnostics_.error({where.file, where.line, line.error->column, line.error->length}, line.error->message);
    return false;
  }
  if (line.words.size() < 2) return false;
  const Word& expression = line.words[1];
  const ConditionResult result = evaluate_condition(expression.text, env_, facts_);
  if (!result.error) return result.value;
  // Offsets agree with columns only as long as nothing was unquoted or expanded.
  Location place = at_word(where, expression);
  if (!expression.quoted) {
    place.column += static_cast<unsigned>(result.error->offset);
    place.length = 1;
  }
  diagnostics_.error(place, result.error->message + " in '" + directive.text + "'");
  return false;
}

void Preprocessor::message(const std::vector<Word>& words, const Location& where) {
  const std::string& name = words.front().text;
  Severity severity = Severity::diag;
  if (name == ".notice")
    severity = Severity::notice;
  else if (name == ".warning")
    severity = Severity::warning;
  else if (name == ".alert")
    severity = Severity::error;
  else if (name != ".diag") {
    diagnostics_.error(at_word(where, words.front()), "unknown directive '" + name + "'")
        .did_you_mean(nearest(name, kDirectives));
    return;
  }
  if (words.size() > 2) {
    diagnostics_.error(at_word(where, words[2]), "unexpected argument '" + words[2].text + "' for '" + name +
                                                     "', use quotes if the message should contain spaces");
    return;
  }
  diagnostics_.add(severity, at_word(where, words.front()),
                   "'" + (words.size() > 1 ? words[1].text : "") + "'");
}

void Preprocessor::no_arguments(const std::vector<Word>& words, const Location& where) {
  if (words.size() > 1)
    diagnostics_.error(at_word(where, words[1]),
                       "unexpected argument '" + words[1].text + "' for '" + words.front().text + "'");
}

void Preprocessor::finish() {
  for (const Block& block : blocks_) diagnostics_.error(block.opened, "non-terminated '.if' block");
  blocks_.clear();
}

}  // namespace evenkeel::conf
