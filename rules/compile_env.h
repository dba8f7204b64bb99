// What compiling rules needs to know of the rest of the configuration.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "rules/patterns.h"
#include "rules/userlist.h"
#include "rules/words.h"

namespace evenkeel::rules {

// One per load. Files that several rules name are read once: a map or pattern file is known by its path, its
// matching method and whether it ignores case.
class CompileEnv {
 public:
  // Reads a whole file; on false, `content` is the reason alone ("No such file or directory"). Tests put
  // texts in its place.
  std::function<bool(const std::string& path, std::string& content)> read_file = read_from_disk;
  UserlistTable userlists;
  // The capture slots of the proxy under compilation, by number: their lengths. Rules may add some.
  std::vector<int> request_captures;
  std::vector<int> response_captures;

  // Sections that answers refer to by name: they may be declared later, so the loader checks them at the end.
  std::vector<std::string> http_errors_used;
  // Doubts about the rule being read; whoever reads rules reports and clears them.
  std::vector<RuleError> warnings;

  // The patterns of a file, one per line, or with `values` a key and a value per line (maps).
  Result<std::shared_ptr<const PatternSet>, std::string> pattern_file(const std::string& path,
                                                                      MatchMethod method, bool ignore_case,
                                                                      bool values);

  // What to say of a name that the catalogs lack: known to HAProxy and not supported yet, or unknown, perhaps
  // misspelt.
  [[nodiscard]] std::string unknown_fetch(std::string_view name) const;
  [[nodiscard]] std::string unknown_converter(std::string_view name) const;

  static bool read_from_disk(const std::string& path, std::string& content);

 private:
  std::map<std::string, std::shared_ptr<const PatternSet>> files_;
};

}  // namespace evenkeel::rules
