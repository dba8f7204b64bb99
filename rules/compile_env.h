// What compiling rules needs to know of the rest of the configuration.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/result.h"
#include "rules/pattern_store.h"
#include "rules/userlist.h"
#include "rules/words.h"

namespace evenkeel::rules {

struct Acl;
class AclTable;

// One per load. Files that several rules name are read once, and all of them share its list.
class CompileEnv {
 public:
  // Reads a whole file; on false, `content` is the reason alone ("No such file or directory"). Tests put
  // texts in its place.
  std::function<bool(const std::string& path, std::string& content)> read_file = read_from_disk;
  UserlistTable userlists;
  // Maps, ACL files and the patterns of ACL lines; the running process keeps it.
  std::shared_ptr<PatternStore> patterns = std::make_shared<PatternStore>();
  // The line being read, for the descriptions of pattern lists.
  std::string file;
  std::uint32_t line = 0;
  // The capture slots of the proxy under compilation, by number: their lengths. Rules may add some.
  std::vector<int> request_captures;
  std::vector<int> response_captures;

  // Expressions that yield the same have one number, whatever rule they stand in: for FetchMemo.
  std::map<std::string, std::uint32_t, std::less<>> remembered;

  // Public keys that jwt_verify and its like have named, by path: read once, at load.
  using TokenKeys = std::map<std::string, std::shared_ptr<void>>;
  std::shared_ptr<TokenKeys> token_keys = std::make_shared<TokenKeys>();

  // The ACLs of the proxy being read, for expressions that name some: acl() and when(). Null: there are none.
  AclTable* acls = nullptr;
  // The name of the ACL whose line is being read, and which ACLs the expressions of others name: no ACL may
  // come back to itself.
  std::string declaring_acl;
  std::map<std::string, std::vector<std::string>, std::less<>> acl_references;
  // Finds an ACL for an expression; a non-empty text is the error.
  std::string refer_to_acl(std::string_view name, std::shared_ptr<const Acl>& acl);

  // Sections that answers refer to by name: they may be declared later, so the loader checks them at the end.
  std::vector<std::string> http_errors_used;
  std::vector<std::string> caches_used;
  std::vector<std::string> log_profiles_used;  // do-log profile
  std::vector<std::string> sinks_used;         // of the converter debug: rings, stdout and stderr
  // set-bandwidth-limit: the proxy and the filter's name.
  std::vector<std::pair<std::string, std::string>> bandwidth_limits_used;
  // Doubts about the rule being read; whoever reads rules reports and clears them.
  std::vector<RuleError> warnings;

  // The list of a file, searched in this way: one pattern per line, or with `columns` a key and a value.
  // user: "acl" or "map". "opt@path" may be missing, "virt@name" is no file and begins empty, "file@path" is
  // the same as "path".
  Result<PatternUse, std::string> pattern_file(std::string_view reference, const PatternWay& way,
                                               bool columns, std::string_view user);

  // What to say of a name that the catalogs lack: known to HAProxy and not supported yet, or unknown, perhaps
  // misspelt.
  [[nodiscard]] std::string unknown_fetch(std::string_view name) const;
  [[nodiscard]] std::string unknown_converter(std::string_view name) const;

  static bool read_from_disk(const std::string& path, std::string& content);

 private:
  std::string load_patterns(PatternList& list, bool columns);
  std::string place_of_entry(std::string_view name, bool columns, std::size_t entry);
};

}  // namespace evenkeel::rules
