#include "conf/source.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <system_error>

namespace evenkeel::conf {

SourceFile::SourceFile(std::string name, std::string text) : name_(std::move(name)), text_(std::move(text)) {
  std::size_t at = 0;
  while (at < text_.size()) {
    starts_.push_back(at);
    const std::size_t end = text_.find('\n', at);
    at = end == std::string::npos ? text_.size() : end + 1;
  }
}

std::string_view SourceFile::line(std::size_t n) const noexcept {
  if (n == 0 || n > starts_.size()) return {};
  const std::size_t from = starts_[n - 1];
  const std::size_t to = n < starts_.size() ? starts_[n] : text_.size();
  std::string_view line(text_.data() + from, to - from);
  if (line.ends_with('\n')) {
    line.remove_suffix(1);
    if (line.ends_with('\r')) line.remove_suffix(1);
  }
  return line;
}

bool SourceFile::missing_final_newline() const noexcept { return !text_.empty() && text_.back() != '\n'; }

std::size_t SourceFile::first_crlf_line() const noexcept {
  const std::size_t at = text_.find("\r\n");
  if (at == std::string::npos) return 0;
  return static_cast<std::size_t>(
             std::count(text_.begin(), text_.begin() + static_cast<std::ptrdiff_t>(at), '\n')) +
         1;
}

std::size_t SourceFile::first_nul_line() const noexcept {
  const std::size_t at = text_.find('\0');
  if (at == std::string::npos) return 0;
  return static_cast<std::size_t>(
             std::count(text_.begin(), text_.begin() + static_cast<std::ptrdiff_t>(at), '\n')) +
         1;
}

std::string Location::to_string() const {
  if (!file) return {};
  if (line == 0) return file->name();
  return file->name() + ":" + std::to_string(line);
}

std::vector<std::string> expand_config_path(const std::string& path, std::vector<LoadError>& errors) {
  namespace fs = std::filesystem;
  std::error_code ec;
  if (path == "-" || !fs::is_directory(path, ec)) return {path};
  std::vector<std::string> found;
  fs::directory_iterator it(path, ec);
  for (; !ec && it != fs::directory_iterator(); it.increment(ec)) {
    const std::string name = it->path().filename().string();
    std::error_code ignored;
    if (name.starts_with('.') || !name.ends_with(".cfg") || !it->is_regular_file(ignored)) continue;
    found.push_back(path.ends_with('/') ? path + name : path + "/" + name);
  }
  if (ec) errors.push_back({path, "cannot read the directory: " + ec.message()});
  std::sort(found.begin(), found.end());
  return found;
}

SourcePtr load_source(const std::string& path, std::vector<LoadError>& errors) {
  std::FILE* file = path == "-" ? stdin : std::fopen(path.c_str(), "rbe");
  if (file == nullptr) {
    errors.push_back({path, std::string("could not open the file: ") + std::strerror(errno)});
    return nullptr;
  }
  std::string text;
  char chunk[65536];
  std::size_t n = 0;
  while ((n = std::fread(chunk, 1, sizeof chunk, file)) > 0) text.append(chunk, n);
  const int failed = std::ferror(file) != 0 ? errno : 0;
  if (file != stdin) std::fclose(file);
  if (failed != 0) {
    errors.push_back({path, std::string("could not read the file: ") + std::strerror(failed)});
    return nullptr;
  }
  return std::make_shared<const SourceFile>(path, std::move(text));
}

}  // namespace evenkeel::conf
