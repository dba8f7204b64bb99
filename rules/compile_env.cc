#include "rules/compile_env.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include "conf/known_keywords.h"
#include "conf/nearest.h"
#include "rules/catalog.h"

namespace evenkeel::rules {
namespace {

template <class Families>
std::string unknown(conf::KnownKind kind, std::string_view what, std::string_view name,
                    const Families& families) {
  const std::string quoted = "'" + std::string(name) + "'";
  if (!conf::known_keyword(kind, std::span(&name, 1)).empty()) {
    return std::string(what) + " " + quoted + " is known to HAProxy and not supported by Evenkeel yet";
  }
  std::vector<std::string_view> names;
  for (const auto& family : families) {
    for (const auto& spec : family) names.push_back(spec.name);
  }
  const std::string_view near = conf::nearest(name, names);
  std::string message = "unknown " + std::string(what) + " " + quoted;
  if (!near.empty()) message += "; did you mean '" + std::string(near) + "'?";
  return message;
}

std::string_view without_cr(std::string_view line) noexcept {
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  return line;
}

// One line of a pattern file: manual 7.1, "-f". False: the line holds no pattern.
bool split_line(std::string_view line, bool values, std::string_view& key, std::string_view& value) noexcept {
  line = without_cr(line);
  if (line.empty() || line.front() == '#') return false;
  line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
  if (line.empty()) return false;
  if (!values) {
    key = line;
    value = {};
    return true;
  }
  key = line.substr(0, line.find_first_of(" \t"));
  value = line.substr(key.size());
  value.remove_prefix(std::min(value.find_first_not_of(" \t"), value.size()));
  value = value.substr(0, value.find_last_not_of(" \t") + 1);
  return true;
}

}  // namespace

Result<std::shared_ptr<const PatternSet>, std::string> CompileEnv::pattern_file(const std::string& path,
                                                                                MatchMethod method,
                                                                                bool ignore_case,
                                                                                bool values) {
  const std::string id =
      std::string(to_string(method)) + (ignore_case ? "/i" : "/") + (values ? "v:" : ":") + path;
  if (const auto found = files_.find(id); found != files_.end()) return found->second;
  std::string content;
  if (!read_file(path, content)) return "cannot read '" + path + "': " + content;
  auto set = std::make_shared<PatternSet>(method);
  std::string_view rest = content;
  for (std::size_t number = 1; !rest.empty(); ++number) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    std::string_view key;
    std::string_view value;
    if (!split_line(line, values, key, value)) continue;
    const std::string error = set->add(key, ignore_case, value);
    if (!error.empty()) return path + ":" + std::to_string(number) + ": " + error;
  }
  set->finish();
  files_[id] = set;
  return std::shared_ptr<const PatternSet>(std::move(set));
}

std::string CompileEnv::unknown_fetch(std::string_view name) const {
  return unknown(conf::KnownKind::fetch, "fetch", name, fetch_families());
}

std::string CompileEnv::unknown_converter(std::string_view name) const {
  return unknown(conf::KnownKind::converter, "converter", name, converter_families());
}

bool CompileEnv::read_from_disk(const std::string& path, std::string& content) {
  errno = 0;
  const std::ifstream file(path, std::ios::binary);
  std::ostringstream all;
  if (file) all << file.rdbuf();
  if (!file || !all) {
    content = std::strerror(errno != 0 ? errno : EIO);
    return false;
  }
  content = std::move(all).str();
  return true;
}

}  // namespace evenkeel::rules
