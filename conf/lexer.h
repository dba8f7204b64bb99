// One line of configuration -> words (configuration manual, chapters 2.2 and 2.3).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "conf/environment.h"

namespace evenkeel::conf {

// HAProxy stops at 64 words and (2.6) 2048 bytes of expanded line; we are more liberal but still bounded.
inline constexpr std::size_t kMaxWords = 1024;
inline constexpr std::size_t kMaxLine = 65536;

struct Word {
  std::string text;
  unsigned column = 0;  // 1-based byte column of its first character, quotes included
  unsigned length = 0;  // bytes in the original line; all words of one ${VAR[*]} show the same place
  bool quoted = false;  // some part of it was quoted or escaped
};

// Answers "$VAR". Pseudo variables (.FILE .LINE .SECTION) come from the fields, all else from env.
struct LexContext {
  const Environment* env = nullptr;  // null: no variable is set
  std::string_view file;
  unsigned line = 0;
  std::string_view section;
};

struct LexError {
  std::string message;
  unsigned column = 0;
  unsigned length = 1;
};

struct LexedLine {
  std::vector<Word> words;
  std::optional<LexError> error;  // words read so far are kept
};

enum class LexMode {
  words,
  // What follows the first word is one argument with its inner spaces kept, quotes and variables resolved:
  // the form of
  // ".if" and ".elif" lines.
  directive,
};

// Words are separated by unprotected white space; an unprotected '#' ends the line. Inside "" and outside
// quotes a backslash escapes space \ ' " # and gives \n \r \t \xHH; before anything else it stays. "\$" works
// as well, so that
// "$" can be written where variables are expanded (inside "" only).
LexedLine lex_line(std::string_view line, const LexContext& context, LexMode mode = LexMode::words);

}  // namespace evenkeel::conf
