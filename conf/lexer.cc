#include "conf/lexer.h"

namespace evenkeel::conf {
namespace {

bool is_space(char c) noexcept { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool is_name(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}
int hex_digit(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

class Lexer {
 public:
  Lexer(std::string_view line, const LexContext& context, LexMode mode)
      : in_(line), context_(context), mode_(mode) {}

  LexedLine run() {
    if (in_.size() > kMaxLine) {
      fail("line too long: " + std::to_string(in_.size()) + " bytes, at most " + std::to_string(kMaxLine) +
               " are supported",
           0, 1);
      return std::move(out_);
    }
    while (!out_.error && at_ < in_.size() && step()) {
    }
    if (!out_.error && quote_ != 0) fail("unmatched quote", quote_at_, 1);
    finish_word();
    return std::move(out_);
  }

 private:
  // Takes one character or escape; false at a comment.
  bool step() {
    const char c = in_[at_];
    if (quote_ == '\'') {
      if (c == '\'')
        quote_ = 0;
      else
        put(c);
      ++at_;
      return true;
    }
    if (c == '\\') return escape();
    if (c == '"' || (c == '\'' && quote_ == 0)) return toggle(c);
    if (quote_ == '"') {
      if (c == '$') return variable();
      put(c);
      ++at_;
      return true;
    }
    if (c == '#') return false;
    if (is_space(c)) return separator();
    begin_word();
    put(c);
    ++at_;
    return true;
  }

  bool toggle(char c) {
    begin_word();
    word_.quoted = true;
    if (quote_ == 0) quote_at_ = at_;
    quote_ = quote_ == 0 ? c : '\0';
    ++at_;
    return true;
  }

  // A space outside quotes. In an expression it is kept, though not before a comment or the end of the line:
  // whoever reads the expression skips spaces, and so messages show none at the end.
  bool separator() {
    if (mode_ == LexMode::directive && open_ && !out_.words.empty()) {
      std::size_t end = at_;
      while (end < in_.size() && is_space(in_[end])) ++end;
      if (end < in_.size() && in_[end] != '#') put(in_.substr(at_, end - at_));
      at_ = end;
      return true;
    }
    finish_word();
    ++at_;
    return true;
  }

  bool escape() {
    begin_word();
    word_.quoted = true;
    const std::size_t from = at_;
    const char next = at_ + 1 < in_.size() ? in_[at_ + 1] : '\0';
    at_ += 2;
    switch (next) {
      case ' ':
      case '\t':
      case '\\':
      case '\'':
      case '"':
      case '#':
      case '$':
        put(next);
        return true;
      case 'n':
        put('\n');
        return true;
      case 'r':
        put('\r');
        return true;
      case 't':
        put('\t');
        return true;
      case 'x':
        return hex(from);
      default:
        break;
    }
    put('\\');
    at_ = from + 1;
    return true;
  }

  bool hex(std::size_t from) {
    const int high = at_ < in_.size() ? hex_digit(in_[at_]) : -1;
    const int low = at_ + 1 < in_.size() ? hex_digit(in_[at_ + 1]) : -1;
    if (high < 0 || low < 0) return fail("truncated or invalid hexadecimal sequence", from, 2);
    if (high == 0 && low == 0) return fail("a NUL byte (\\x00) cannot be part of a word", from, 4);
    put(static_cast<char>(high * 16 + low));
    at_ += 2;
    return true;
  }

  struct Reference {
    std::string_view name;
    std::optional<std::string_view> fallback;
    bool split = false;
  };

  // at_ is on the '$' inside weak quotes.
  bool variable() {
    const std::size_t from = at_++;
    Reference ref;
    const bool brace = at_ < in_.size() && in_[at_] == '{';
    if (brace) ++at_;
    const std::size_t name_at = at_;
    if (at_ < in_.size() && in_[at_] == '.') ++at_;
    while (at_ < in_.size() && is_name(in_[at_])) ++at_;
    ref.name = in_.substr(name_at, at_ - name_at);
    if (!valid_name(ref.name)) {
      const std::size_t length = ref.name.empty() ? 1 : ref.name.size();
      return fail("forbidden first character in the name of an environment variable", name_at, length);
    }
    if (brace && !brace_rest(from, ref)) return false;
    expand(ref, from);
    return !out_.error;
  }

  static bool valid_name(std::string_view name) noexcept {
    if (name.empty() || (name[0] >= '0' && name[0] <= '9')) return false;
    return name[0] != '.' || name == ".FILE" || name == ".LINE" || name == ".SECTION";
  }

  bool brace_rest(std::size_t from, Reference& ref) {
    if (in_.substr(at_).starts_with('[')) {
      if (!in_.substr(at_).starts_with("[*]"))
        return fail("truncated or invalid word expansion sequence, expected '[*]'", at_, 1);
      ref.split = true;
      at_ += 3;
    }
    if (in_.substr(at_).starts_with('-')) {
      const std::size_t end = in_.find('}', at_);
      if (end != std::string_view::npos) ref.fallback = in_.substr(at_ + 1, end - at_ - 1);
      at_ = end == std::string_view::npos ? in_.size() : end;
    }
    if (at_ >= in_.size() || in_[at_] != '}')
      return fail("unmatched brace in the name of an environment variable", from + 1, 1);
    ++at_;
    return true;
  }

  void expand(const Reference& ref, std::size_t from) {
    std::string line_number;
    std::optional<std::string_view> value;
    if (ref.name == ".FILE")
      value = context_.file;
    else if (ref.name == ".SECTION")
      value = context_.section;
    else if (ref.name == ".LINE")
      value = line_number = std::to_string(context_.line);
    else if (context_.env != nullptr)
      value = context_.env->get(ref.name);
    if (!value) value = ref.fallback;
    if (!value) return;
    if (ref.split)
      put_split(*value, from);
    else
      put(*value);
  }

  // Spaces of the value separate words; the first joins what stands before it, the last what follows.
  void put_split(std::string_view value, std::size_t from) {
    bool pending_separator = false;
    bool first = true;
    for (const char c : value) {
      if (is_space(c)) {
        // A leading separator matters only where something stands before it.
        pending_separator = !first || !word_.text.empty();
        continue;
      }
      if (pending_separator) split_here(from);
      pending_separator = false;
      first = false;
      put(c);
      if (out_.error) return;
    }
    split_pending_ = pending_separator;
  }

  void split_here(std::size_t from) {
    if (mode_ == LexMode::directive) {
      put(' ');
      return;
    }
    word_.length = static_cast<unsigned>(at_ - word_begin_);
    push_word();
    open_ = true;
    word_ = Word{{}, static_cast<unsigned>(from + 1), 0, true};
    word_begin_ = from;
  }

  void begin_word() {
    if (open_) return;
    open_ = true;
    word_ = Word{{}, static_cast<unsigned>(at_ + 1), 0, false};
    word_begin_ = at_;
  }

  void put(char c) { put(std::string_view(&c, 1)); }
  void put(std::string_view text) {
    if (text.empty()) return;
    if (split_pending_) {
      split_pending_ = false;
      split_here(at_);
    }
    total_ += text.size();
    if (total_ > kMaxLine) {
      fail("line too long once its variables are expanded, at most " + std::to_string(kMaxLine) +
               " bytes are supported",
           word_begin_, 1);
      return;
    }
    word_.text += text;
  }

  void finish_word() {
    split_pending_ = false;
    if (!open_) return;
    open_ = false;
    word_.length = static_cast<unsigned>(std::min(at_, in_.size()) - word_begin_);
    push_word();
  }

  void push_word() {
    if (out_.words.size() >= kMaxWords) {
      fail("too many words, at most " + std::to_string(kMaxWords) + " are supported on one line", word_begin_,
           1);
      return;
    }
    out_.words.push_back(std::move(word_));
    word_ = Word{};
  }

  // The first error of a line is the one reported.
  bool fail(std::string message, std::size_t at, std::size_t length) {
    if (!out_.error)
      out_.error = LexError{std::move(message), static_cast<unsigned>(at + 1), static_cast<unsigned>(length)};
    return false;
  }

  std::string_view in_;
  const LexContext& context_;
  LexMode mode_;
  LexedLine out_;
  Word word_;
  std::size_t at_ = 0;
  std::size_t word_begin_ = 0;
  std::size_t quote_at_ = 0;
  std::size_t total_ = 0;
  char quote_ = 0;
  bool open_ = false;
  bool split_pending_ = false;
};

}  // namespace

LexedLine lex_line(std::string_view line, const LexContext& context, LexMode mode) {
  return Lexer(line, context, mode).run();
}

}  // namespace evenkeel::conf
