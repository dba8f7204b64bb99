// The words of a rule while it is read, and what can be said about them.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace evenkeel::rules {

// Why a rule was refused, or what is doubtful in it: the word at fault, counted from the rule's first one,
// and which of its bytes; length 0: the whole word. word == size(): something is missing at the end.
struct RuleError {
  std::size_t word = 0;
  std::size_t offset = 0;
  std::size_t length = 0;
  std::string message;

  // A constructor, because an aggregate that begins with a number could be made from any number, and then a
  // Result could not tell a value from an error.
  RuleError() = default;
  RuleError(std::size_t word, std::size_t offset, std::size_t length, std::string message)
      : word(word), offset(offset), length(length), message(std::move(message)) {}
};

// A cursor over words that somebody else owns.
class Words {
 public:
  explicit Words(std::span<const std::string_view> words) noexcept : words_(words) {}

  [[nodiscard]] bool done() const noexcept { return at_ >= words_.size(); }
  [[nodiscard]] std::size_t position() const noexcept { return at_; }
  [[nodiscard]] std::size_t size() const noexcept { return words_.size(); }
  // The current word; empty at the end.
  [[nodiscard]] std::string_view peek(std::size_t ahead = 0) const noexcept {
    return at_ + ahead < words_.size() ? words_[at_ + ahead] : std::string_view();
  }
  std::string_view next() noexcept {
    const std::string_view word = peek();
    if (!done()) ++at_;
    return word;
  }
  // Takes the word if it is the current one.
  bool accept(std::string_view word) noexcept {
    if (done() || words_[at_] != word) return false;
    ++at_;
    return true;
  }
  void seek(std::size_t position) noexcept { at_ = position; }
  // An error at the current word, or at the one before it.
  [[nodiscard]] RuleError error(std::string message) const { return {at_, 0, 0, std::move(message)}; }
  [[nodiscard]] RuleError error_before(std::string message) const {
    return {at_ == 0 ? 0 : at_ - 1, 0, 0, std::move(message)};
  }
  [[nodiscard]] bool at_condition() const noexcept { return peek() == "if" || peek() == "unless"; }

 private:
  std::span<const std::string_view> words_;
  std::size_t at_ = 0;
};

}  // namespace evenkeel::rules
