#include "conf/args.h"

#include <vector>

#include "conf/nearest.h"

namespace evenkeel::conf {

Args::Args(const Statement& statement, SectionKind section, Diagnostics& diagnostics, std::size_t from)
    : statement_(&statement), diagnostics_(&diagnostics), section_(section), at_(from) {
  if (from > 0 && !statement.words.empty()) keyword_ = statement.words.front().text;
}

std::string_view Args::peek(std::size_t ahead) const noexcept {
  return at_ + ahead < statement_->words.size() ? std::string_view(statement_->words[at_ + ahead].text)
                                                : std::string_view();
}

std::string_view Args::next() {
  const std::string_view word = peek();
  skip();
  return word;
}

std::optional<std::string_view> Args::required(std::string_view what) {
  if (peek().empty()) {
    error_here("'" + keyword_ + "' expects " + std::string(what));
    return std::nullopt;
  }
  return next();
}

std::span<const Word> Args::rest() {
  const std::size_t from = std::min(at_, statement_->words.size());
  at_ = statement_->words.size();
  return std::span<const Word>(statement_->words).subspan(from);
}

void Args::skip(std::size_t words) noexcept { at_ = std::min(at_ + words, statement_->words.size()); }

bool Args::accept(std::string_view word) {
  if (at_end() || peek() != word) return false;
  ++at_;
  return true;
}

bool Args::expect_word(std::string_view word) {
  if (accept(word)) return true;
  error_here("'" + keyword_ + "' expects '" + std::string(word) + "'" +
             (at_end() ? std::string() : " instead of '" + std::string(peek()) + "'"));
  return false;
}

bool Args::done() {
  if (at_end()) return true;
  error_here("'" + keyword_ + "' cannot handle unexpected argument '" + std::string(peek()) + "'");
  at_ = statement_->words.size();
  return false;
}

std::string Args::in_keyword() const { return keyword_.empty() ? std::string() : " in '" + keyword_ + "'"; }

template <class T>
std::optional<T> Args::value(Parsed<T> parsed) {
  if (!parsed) {
    error_here(parsed.error + in_keyword());
    skip();
    return std::nullopt;
  }
  if (!parsed.warning.empty()) warn_here(parsed.warning + in_keyword());
  skip();
  return std::move(parsed.value);
}

std::optional<std::int64_t> Args::integer(std::int64_t low, std::int64_t high) {
  return value(parse_integer(peek(), low, high));
}
std::optional<std::int64_t> Args::duration_ms(TimeUnit default_unit) {
  return value(parse_duration_ms(peek(), default_unit));
}
std::optional<std::int64_t> Args::duration_us(TimeUnit default_unit) {
  return value(parse_duration_us(peek(), default_unit));
}
std::optional<std::uint64_t> Args::size(std::uint64_t max) { return value(parse_size(peek(), max)); }
std::optional<Percentage> Args::percentage(double max) { return value(parse_percentage(peek(), max)); }

std::optional<AddressSpec> Args::address(const AddressRules& rules) {
  if (!at_end()) return value(parse_address(peek(), rules));
  error_here("'" + keyword_ + "' expects an address");
  return std::nullopt;
}

std::optional<std::size_t> Args::one_of(std::initializer_list<std::string_view> words) {
  const std::string_view word = peek();
  std::size_t index = 0;
  std::string list;
  for (const std::string_view candidate : words) {
    if (!at_end() && candidate == word) {
      skip();
      return index;
    }
    list.append(index++ == 0 ? "'" : ", '").append(candidate).append("'");
  }
  Diagnostic& d = error_here("'" + keyword_ + "' expects one of " + list +
                             (at_end() ? std::string() : ", not '" + std::string(word) + "'"));
  d.did_you_mean(nearest(word, std::span<const std::string_view>(words.begin(), words.size())));
  skip();
  return std::nullopt;
}

Diagnostic& Args::error(std::string message) {
  failed_ = true;
  return diagnostics_->error(location(), std::move(message));
}
Diagnostic& Args::warn(std::string message) { return diagnostics_->warn(location(), std::move(message)); }
Diagnostic& Args::error_here(std::string message) {
  failed_ = true;
  return diagnostics_->error(statement_->at(at_), std::move(message));
}
Diagnostic& Args::warn_here(std::string message) {
  return diagnostics_->warn(statement_->at(at_), std::move(message));
}

void Args::begin_keyword(std::size_t words) {
  keyword_.clear();
  for (std::size_t i = 0; i < words && !at_end(); ++i) {
    if (i > 0) keyword_ += ' ';
    keyword_ += next();
  }
}

}  // namespace evenkeel::conf
