// A cursor over the words of one statement, through which keywords read their arguments and complain.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "conf/address.h"
#include "conf/diagnostics.h"
#include "conf/statement.h"
#include "conf/units.h"

namespace evenkeel::conf {

// Every reading function reports its own error and then returns nullopt: callers just return. failed() tells
// whether any error was reported through this cursor.
class Args {
 public:
  Args(const Statement& statement, SectionKind section, Diagnostics& diagnostics, std::size_t from = 0);

  [[nodiscard]] bool at_end() const noexcept { return at_ >= statement_->words.size(); }
  [[nodiscard]] std::string_view peek(std::size_t ahead = 0) const noexcept;  // empty at the end
  [[nodiscard]] const Word* peek_word() const noexcept {
    return at_end() ? nullptr : &statement_->words[at_];
  }
  // The next word; at the end an empty one, without a complaint (see required).
  std::string_view next();
  // The next word, which must exist and not be empty. what: "a name", for "'cookie' expects a name".
  std::optional<std::string_view> required(std::string_view what);
  std::span<const Word> rest();  // all remaining words, consumed
  void skip(std::size_t words = 1) noexcept;
  // Consumes the next word when it is this one.
  bool accept(std::string_view word);
  bool expect_word(std::string_view word);
  // Complains about the first extra word by name. True when there is none.
  bool done();

  std::optional<std::int64_t> integer(std::int64_t low, std::int64_t high);
  std::optional<std::int64_t> duration_ms(TimeUnit default_unit = TimeUnit::ms);
  std::optional<std::int64_t> duration_us(TimeUnit default_unit = TimeUnit::ms);
  std::optional<std::uint64_t> size(std::uint64_t max = UINT64_MAX);
  std::optional<Percentage> percentage(double max = 100);
  std::optional<AddressSpec> address(const AddressRules& rules);
  // Index of the next word in the list; the error names all words and the nearest one.
  std::optional<std::size_t> one_of(std::initializer_list<std::string_view> words);

  // About the word that was read last (the keyword itself when none was).
  Diagnostic& error(std::string message);
  Diagnostic& warn(std::string message);
  // About the next word, or the end of the line.
  Diagnostic& error_here(std::string message);
  Diagnostic& warn_here(std::string message);

  [[nodiscard]] const Statement& statement() const noexcept { return *statement_; }
  [[nodiscard]] Diagnostics& diagnostics() const noexcept { return *diagnostics_; }
  [[nodiscard]] SectionKind section() const noexcept { return section_; }
  [[nodiscard]] bool in(unsigned sections) const noexcept { return (mask_of(section_) & sections) != 0; }
  [[nodiscard]] bool negated() const noexcept { return statement_->prefix == Prefix::no; }
  [[nodiscard]] Prefix prefix() const noexcept { return statement_->prefix; }
  [[nodiscard]] std::size_t position() const noexcept { return at_; }
  [[nodiscard]] Location location() const { return statement_->at(at_ > 0 ? at_ - 1 : 0); }
  [[nodiscard]] bool failed() const noexcept { return failed_; }
  // The keyword being read, for messages: "timeout client".
  [[nodiscard]] const std::string& keyword() const noexcept { return keyword_; }
  // Consumes the words of a keyword and names it in later messages.
  void begin_keyword(std::size_t words);

 private:
  template <class T>
  std::optional<T> value(Parsed<T> parsed);
  std::string in_keyword() const;

  const Statement* statement_;
  Diagnostics* diagnostics_;
  SectionKind section_;
  std::size_t at_;
  std::string keyword_;
  bool failed_ = false;
};

}  // namespace evenkeel::conf
