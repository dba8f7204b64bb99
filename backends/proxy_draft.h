// A proxy section while its lines are being read: what it inherited from its defaults, changed line by line.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "backends/backend_def.h"
#include "conf/address.h"
#include "conf/statement.h"
#include "core/result.h"
#include "rules/compile_env.h"

namespace evenkeel::backends {

struct ProxyDraft;

// What reading a configuration asks of the machine; tests put their own in its place.
struct LoadServices {
  conf::Resolver resolver = conf::resolve_with_libc;
  bool ignore_unresolved = false;  // -dr: every init-addr list ends with "none"
  // The whole text of a file, or why there is none ("No such file or directory").
  std::function<Result<std::string, std::string>(const std::string& path)> read_file;
  // What a state file says about this server of the proxy, as the proxy is set up so far; may be null.
  std::function<std::shared_ptr<const SavedState>(const ProxyDraft& proxy, const std::string& server)> saved;
  rules::CompileEnv* rules = nullptr;  // set by the loader, one per load
};

// `errorfile`, `errorloc*`, `http-error`: a reply. `errorfiles`: a section that may stand further down,
// resolved at the end.
struct ErrorEntry {
  int status = 0;  // errorfiles without codes: 0, all of the section
  ErrorReply reply;
  std::string section;  // empty: `reply` counts
  conf::Location where;
  std::shared_ptr<const rules::action::ReplySpec> made;  // `http-error`: instead of `reply`
  bool reset = false;  // default-errorfiles: forget what was said about the status
};

struct ServerDraft {
  ServerDef def;
  conf::Location where;  // the name
  bool port_given = false;
  bool no_address = false;  // `init-addr none` on a name that does not resolve: waits in maintenance
  conf::Location track_at;
};

struct ProxyDraft {
  const LoadServices* services = nullptr;
  conf::SectionKind kind = conf::SectionKind::defaults;
  conf::Location where;     // the name in the line that opens the section
  bool mode_given = false;  // by `mode`, here or in the defaults
  ProxyDef common;          // becomes the base of both definitions
  BackendDef backend;
  ServerDraft server_defaults;  // default-server
  std::vector<ServerDraft> servers;
  std::vector<ErrorEntry> errors;
  enum class StateSource : std::uint8_t { none, global, local } state_source = StateSource::none;
  std::string state_file;  // of StateSource::local; empty: the name of the backend
  // Where words stand whose sense is judged at the end ("option httplog", "cookie", "fullconn").
  std::map<std::string, conf::Location, std::less<>> places;

  [[nodiscard]] bool has_frontend() const noexcept { return (conf::mask_of(kind) & conf::kFrontends) != 0; }
  [[nodiscard]] bool has_backend() const noexcept { return (conf::mask_of(kind) & conf::kBackends) != 0; }
  // "proxy" for listen, as HAProxy calls it in messages.
  [[nodiscard]] std::string_view kind_word() const noexcept {
    return kind == conf::SectionKind::listen ? std::string_view("proxy") : conf::to_string(kind);
  }
};

}  // namespace evenkeel::backends
