// What is wrong, doubtful or old in a configuration: collected as values in one pass, shown like a compiler
// does.
#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "conf/source.h"

namespace evenkeel::conf {

enum class Severity { error, warning, notice, diag };

struct Diagnostic {
  Severity severity = Severity::error;
  Location where;
  std::string message;
  std::string suggestion;   // the word that was probably meant, empty when none
  std::string modern_form;  // the line as it would be written today, empty when none

  Diagnostic& did_you_mean(std::string_view word) {
    suggestion = word;
    return *this;
  }
  Diagnostic& modern(std::string line) {
    modern_form = std::move(line);
    return *this;
  }
};

struct RenderOptions {
  long pid = 0;
  bool warnings = true;  // false: errors only (-q)
  bool notices = true;
  bool diag = false;   // -dD
  bool source = true;  // show the line and the caret
};

// References returned by the adding functions stay valid until the next clear().
class Diagnostics {
 public:
  Diagnostic& add(Severity severity, Location where, std::string message);
  Diagnostic& error(Location where, std::string message) {
    return add(Severity::error, std::move(where), std::move(message));
  }
  Diagnostic& warn(Location where, std::string message) {
    return add(Severity::warning, std::move(where), std::move(message));
  }
  Diagnostic& notice(Location where, std::string message) {
    return add(Severity::notice, std::move(where), std::move(message));
  }
  // One warning for all items collected under the same headline: "<headline>: item, item, item". It stands at
  // the place of the first item; an item that is already listed is not repeated.
  void warn_once(std::string_view headline, std::string_view item, const Location& where);

  [[nodiscard]] std::size_t count(Severity severity) const noexcept;
  [[nodiscard]] bool has_errors() const noexcept { return count(Severity::error) > 0; }
  [[nodiscard]] const std::deque<Diagnostic>& all() const noexcept { return items_; }
  void clear();

  // HAProxy's prefix, so that scripts which match "[ALERT] ... parsing [file:line] : message" keep working,
  // followed by the place with its column, the line and a caret under the word.
  [[nodiscard]] std::string render_text(const RenderOptions& options) const;
  // An array of objects {severity, file, line, column, length, message, suggestion?, modern_form?}. Bytes
  // that are not UTF-8 become U+FFFD.
  [[nodiscard]] std::string render_json() const;

 private:
  std::deque<Diagnostic> items_;
  struct Collected {
    Diagnostic* diagnostic;
    std::vector<std::string> items;
  };
  std::map<std::string, Collected, std::less<>> collected_;
};

std::string_view to_string(Severity severity) noexcept;  // "error", "warning", "notice", "diag"

}  // namespace evenkeel::conf
