#include "rules/compile_env.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <set>

#include "conf/known_keywords.h"
#include "conf/nearest.h"
#include "rules/acl.h"
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

bool is_virtual(std::string_view reference) noexcept { return reference.starts_with("virt@"); }

}  // namespace

std::string CompileEnv::load_patterns(PatternList& list, bool columns) {
  std::string_view path = list.name();
  std::string content;
  if (is_virtual(path)) {
    list.load({}, columns);
    return {};
  }
  const bool optional = path.starts_with("opt@");
  if (optional) path.remove_prefix(4);
  if (!read_file(std::string(path), content)) {
    if (!optional) return "cannot read '" + std::string(path) + "': " + content;
    content.clear();
  }
  list.load(std::move(content), columns);
  return {};
}

// " at line 3 of file '/x'": entries do not remember their lines, so the file is read again.
std::string CompileEnv::place_of_entry(std::string_view name, bool columns, std::size_t entry) {
  const std::string path(name.starts_with("opt@") ? name.substr(4) : name);
  std::string content;
  if (!read_file(path, content)) return " in '" + path + "'";
  std::string_view rest = content;
  for (std::size_t number = 1; !rest.empty(); ++number) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    std::string_view key;
    std::string_view value;
    if (split_pattern_line(line, columns, key, value) && entry-- == 0)
      return " at line " + std::to_string(number) + " of file '" + path + "'";
  }
  return " in '" + path + "'";
}

Result<PatternUse, std::string> CompileEnv::pattern_file(std::string_view reference, const PatternWay& way,
                                                         bool columns, std::string_view user) {
  if (reference.starts_with("file@")) reference.remove_prefix(5);
  const std::shared_ptr<PatternList> list = patterns->named(reference);
  const std::string name(reference);
  const std::string place =
      std::string(columns ? "map" : user) + " at file '" + file + "' line " + std::to_string(line);
  if (!list->columns) {
    if (std::string error = load_patterns(*list, columns); !error.empty()) return error;
    list->description = (is_virtual(name) ? "virtual patterns '" : "pattern loaded from file '") + name +
                        "' used by " + place;
  } else if (*list->columns != columns) {
    return "The file \"" + name + "\" is already used as " + (columns ? "one" : "two") +
           " column file and cannot be used by as " + (columns ? "two" : "one") + " column file.";
  } else {
    list->description += ", by " + place;
  }
  patterns->take_place(list);
  (user == "map" || columns ? list->of_map : list->of_acl) = true;
  if (user == "acl") list->of_acl = true;
  auto added = list->add_way(way);
  if (!added.error.empty()) return added.error + place_of_entry(name, columns, added.entry);
  return PatternUse(list, added.number);
}

std::string CompileEnv::unknown_fetch(std::string_view name) const {
  return unknown(conf::KnownKind::fetch, "fetch", name, fetch_families());
}

std::string CompileEnv::unknown_converter(std::string_view name) const {
  return unknown(conf::KnownKind::converter, "converter", name, converter_families());
}

std::string CompileEnv::refer_to_acl(std::string_view name, std::shared_ptr<const Acl>& acl) {
  if (acls != nullptr) acl = acls->find(name, *this);
  if (!acl) return "there is no ACL '" + std::string(name) + "' declared before this line";
  if (declaring_acl.empty()) return {};
  acl_references[declaring_acl].emplace_back(name);
  // Whoever is named must not lead back.
  std::vector<std::string_view> open{name};
  std::set<std::string_view> seen;
  while (!open.empty()) {
    const std::string_view next = open.back();
    open.pop_back();
    if (next == declaring_acl) return "the ACL '" + declaring_acl + "' would ask itself";
    if (!seen.insert(next).second) continue;
    if (const auto found = acl_references.find(next); found != acl_references.end())
      open.insert(open.end(), found->second.begin(), found->second.end());
  }
  return {};
}

// By its size where it has one: a large map is in memory once, not in pieces that grow.
bool CompileEnv::read_from_disk(const std::string& path, std::string& content) {
  content.clear();
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  bool good = fd >= 0;
  struct stat about {};
  if (good && ::fstat(fd, &about) == 0 && about.st_size > 0)
    content.reserve(static_cast<std::size_t>(about.st_size) + 1);
  while (good) {
    const std::size_t before = content.size();
    content.resize(std::max(before + 4096, content.capacity()));
    const ssize_t got = ::read(fd, content.data() + before, content.size() - before);
    content.resize(before + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    good = got >= 0 || errno == EINTR;
    if (got == 0) break;
  }
  if (!good) content = std::strerror(errno);
  if (fd >= 0) ::close(fd);
  return good;
}

}  // namespace evenkeel::rules
