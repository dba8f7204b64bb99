// The command line, compatible with HAProxy's (management guide, chapter 3).
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace evenkeel::app {

struct CommandLine {
  enum class Action : std::uint8_t {
    serve,
    check,       // -c
    version,     // -v
    build_info,  // -vv
    condition,   // -cc
    keywords,    // -dK without any file
    memory,      // -dMhelp
    usage,       // nothing to do was named
  };
  Action action = Action::usage;

  std::vector<std::string> config_paths;       // -f and --, in their order; files and directories
  std::string condition;                       // -cc
  std::string directory;                       // -C
  std::string pidfile;                         // -p
  std::string local_peer;                      // -L
  std::string old_socket;                      // -x
  std::vector<std::string> master_sockets;     // -S
  std::string keyword_classes;                 // -dK
  std::optional<std::uint32_t> maxconn;        // -n
  std::optional<std::uint32_t> proxy_maxconn;  // -N
  std::uint32_t memory_mb = 0;                 // -m; 0: no limit
  std::vector<pid_t> finish;                   // -sf: told to finish once we serve
  std::vector<pid_t> terminate;                // -st
  std::optional<std::uint8_t> poison;          // -dM: the byte that fills memory on allocation and release
  std::optional<std::uint32_t> dump_key;       // -dC: the configuration is printed; 0: as it is
  std::vector<std::string> without_meaning;    // options about what only HAProxy has inside, as written

  bool debug = false;              // -d
  bool daemon = false;             // -D
  bool foreground = false;         // -db
  bool master = false;             // -W, -Ws
  bool systemd = false;            // -Ws
  bool quiet = false;              // -q
  bool verbose = false;            // -V
  bool json = false;               // --format json
  bool diagnose = false;           // -dD
  bool zero_warning = false;       // -dW
  bool no_splice = false;          // -dS
  bool no_reuse_port = false;      // -dR
  bool ignore_unresolved = false;  // -dr
  bool list_libraries = false;     // -dL
  bool no_epoll = false;           // -de
};

struct ParsedCommandLine {
  CommandLine line;
  std::string error;  // not empty: refused; the reason in words
};

// args: without the program's name. A pure function: looks at nothing but its arguments.
ParsedCommandLine parse_command_line(std::span<const std::string_view> args);

}  // namespace evenkeel::app
