// Configuration files as text, and places in them.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace evenkeel::conf {

// One loaded file. Shared by every statement read from it, so that a message that comes late (when a server
// name does not resolve, say) can still show the line.
class SourceFile {
 public:
  SourceFile(std::string name, std::string text);

  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] const std::string& text() const noexcept { return text_; }
  [[nodiscard]] std::size_t line_count() const noexcept { return starts_.size(); }
  // Line n, counted from 1, without its line end (LF or CR LF); empty when there is no such line.
  [[nodiscard]] std::string_view line(std::size_t n) const noexcept;
  [[nodiscard]] bool missing_final_newline() const noexcept;
  // First line that ends with CR LF, 0 when none does.
  [[nodiscard]] std::size_t first_crlf_line() const noexcept;
  // First line with a NUL byte, 0 when there is none.
  [[nodiscard]] std::size_t first_nul_line() const noexcept;

 private:
  std::string name_;
  std::string text_;
  std::vector<std::size_t> starts_;
};

using SourcePtr = std::shared_ptr<const SourceFile>;

// A place: length bytes from column (1-based byte column of the original line). line 0: the whole file; no
// file: the configuration as a whole or the command line. column 0: the whole line.
struct Location {
  SourcePtr file;
  unsigned line = 0;
  unsigned column = 0;
  unsigned length = 0;

  [[nodiscard]] std::string to_string() const;  // "file:line", "file" or ""
};

// What could not be loaded, in words for people.
struct LoadError {
  std::string path;
  std::string message;
};

// Expands one -f argument: a file is itself, a directory its *.cfg files in lexical order (hidden files and
// sub-directories are skipped, as in HAProxy). An error is appended, never thrown.
std::vector<std::string> expand_config_path(const std::string& path, std::vector<LoadError>& errors);
// Reads a whole file ("-" is standard input); null with an error appended when that fails.
SourcePtr load_source(const std::string& path, std::vector<LoadError>& errors);

}  // namespace evenkeel::conf
