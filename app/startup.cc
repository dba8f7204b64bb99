#include "app/startup.h"

#include <fcntl.h>
#include <link.h>
#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <sstream>
#include <unordered_set>

#include "app/about.h"
#include "app/config_loader.h"
#include "app/detach.h"
#include "app/dump.h"
#include "app/keyword_list.h"
#include "app/limits.h"
#include "app/master_socket.h"
#include "app/serve.h"
#include "control/catalog.h"
#include "control/handover.h"
#include "control/master.h"
#include "control/notify.h"
#include "core/log.h"
#include "core/poison.h"
#include "frontends/debug_events.h"
#include "vrrp/keeper.h"
#include "vrrp/number_file.h"

namespace evenkeel::app {
namespace {

constexpr std::uint64_t kOwnDescriptors = 64;  // a guess, until the configuration is known

void print(std::string_view text, FILE* to = stdout) {
  std::fwrite(text.data(), 1, text.size(), to);
  std::fflush(to);
}

int refuse(const std::string& text) {
  log_error(text);
  return 1;
}

std::string host_name() {
  std::array<char, 256> name{};
  return gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "localhost";
}

std::string joined_files(const std::vector<std::string>& paths) {
  std::string list;
  std::vector<conf::LoadError> ignored;  // loading reports them again
  for (const std::string& path : paths) {
    for (const std::string& file : conf::expand_config_path(path, ignored))
      list += (list.empty() ? "" : ";") + file;
  }
  return list;
}

// "unix@/run/x.sock;ipv4@127.0.0.1:999"
std::string addresses_of(const std::vector<frontends::BindDef>& sockets) {
  std::string list;
  for (const frontends::BindDef& bind : sockets) {
    std::string text = bind.address.to_string();
    if (bind.kind == frontends::BindDef::Kind::inherited_fd) {
      text = "fd@" + std::to_string(bind.fd);
    } else if (text.starts_with("unix:")) {
      text[4] = '@';
    } else if (bind.address.is_ip()) {
      text.insert(0, bind.address.family() == AF_INET ? "ipv4@" : "ipv6@");
    }
    list += (list.empty() ? "" : ";") + text;
  }
  return list;
}

std::vector<std::string_view> command_names() {
  std::vector<std::string_view> names;
  for (const control::Command& command : control::catalog()) names.push_back(command.path);
  std::sort(names.begin(), names.end());
  return names;
}

// The worker is dead and could not say so itself.
void tell_keepalived(const std::string& file, int value) {
  if (vrrp::replace_file(AT_FDCWD, file, std::to_string(value) + "\n"))
    log_warning("vrrp: the weight goes to " + std::to_string(value) + ": nobody serves");
  else
    log_error("vrrp: " + file + " cannot be written: " + std::strerror(errno));
}

class Startup {
 public:
  Startup(const CommandLine& line, std::vector<std::string> argv) : line_(line), argv_(std::move(argv)) {}

  int run() {
    if (line_.poison) {
      // malloc() fills with the complement of what it is told.
      mallopt(M_PERTURB, *line_.poison ^ 0xff);
      poison_byte = *line_.poison;
    }
    process_log_init({line_.debug ? LogLevel::debug : LogLevel::notice, line_.quiet && !line_.verbose});
    note_options_without_meaning();
    if (line_.systemd && !control::notify_supported())
      return refuse("option '-Ws': this program was built without libsystemd");
    inherited_ = control::inherited_master_state();
    start_directory_ = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (!line_.directory.empty() && chdir(line_.directory.c_str()) != 0)
      return refuse("Could not change to directory " + line_.directory + " : " + std::strerror(errno));
    if (!read_master_sockets()) return 1;
    if (!load()) return reload_failed();
    if (line_.action == CommandLine::Action::check) return checked();
    if (no_listener()) {
      log_error("[evenkeel.main()] No enabled listener found (check for 'bind' directives) ! Exiting.");
      return inherited_ ? supervise(nullptr) : 1;
    }
    return launch();
  }

 private:
  [[nodiscard]] bool quiet() const noexcept { return line_.quiet && !line_.verbose; }

  void note_options_without_meaning() const {
    if (line_.without_meaning.empty()) return;
    std::string list;
    for (const std::string& option : line_.without_meaning) list += (list.empty() ? "" : ", ") + option;
    log_warning("options about HAProxy's inner workings, which have no counterpart here: " + list);
  }

  // Not a part of the configuration: a reload whose configuration is refused must leave them as they are.
  bool read_master_sockets() {
    conf::Diagnostics diagnostics;
    master_sockets_ = app::read_master_sockets(line_.master_sockets, {}, diagnostics);
    const bool good = diagnostics.count(conf::Severity::error) == 0;
    if (!good) show(diagnostics);
    return good;
  }

  bool load() {
    LoadOptions options;
    options.paths = line_.config_paths;
    options.facts = build_facts();
    options.maxconn = line_.maxconn;
    options.proxy_maxconn = line_.proxy_maxconn;
    options.services.ignore_unresolved = line_.ignore_unresolved;
    options.maxconn_default = maxconn_for(current_descriptor_limits().hard, kOwnDescriptors);
    options.environment = conf::Environment::from_process(environ);
    options.environment.set("HAPROXY_CFGFILES", joined_files(line_.config_paths));
    options.environment.set("HAPROXY_LOCALPEER", line_.local_peer.empty() ? host_name() : line_.local_peer);
    options.environment.set("HAPROXY_STARTUP_VERSION", startup_version());
    if (line_.master) options.environment.set("HAPROXY_MWORKER", "1");
    if (line_.dump_key) dump(options);
    conf::Diagnostics diagnostics;
    loaded_ = load_config(options, diagnostics);
    warnings_ = diagnostics.count(conf::Severity::warning) > 0;
    const bool refused_warnings = line_.zero_warning && warnings_ && loaded_;
    if (refused_warnings) diagnostics.error({}, "there are warnings, and -dW makes them errors");
    show(diagnostics);
    if (!line_.keyword_classes.empty()) print(keyword_list(line_.keyword_classes, command_names()));
    if (!loaded_ || refused_warnings) return false;
    if (line_.list_libraries) list_libraries();
    finish();
    return true;
  }

  // Apart from loading, which may find so much wrong that nothing is left.
  void dump(const LoadOptions& options) const {
    conf::Environment environment = options.environment;
    conf::Diagnostics ignored;
    const conf::Document document = conf::load_document(options.paths, environment, options.facts, ignored);
    std::unordered_set<std::string> words;
    std::istringstream list(keyword_list("all", command_names()));
    for (std::string word; list >> word;) words.insert(word);
    for (const std::string_view word : conf::section_words()) words.emplace(word);
    for (const char* word :
         {"if", "unless", "or", "||", "{", "}", "!", "on", "off", "TRUE", "FALSE", "tcp", "http"})
      words.emplace(word);
    print(dump_document(document, *line_.dump_key, words));
  }

  // The command line has the last word.
  void finish() {
    auto config = std::make_shared<frontends::Config>(*loaded_.config);
    frontends::GlobalDef& global = config->global;
    if (!line_.local_peer.empty()) global.local_peer = line_.local_peer;
    if (global.local_peer.empty()) global.local_peer = host_name();
    if (global.node.empty()) global.node = host_name();
    if (line_.no_splice) global.no_splice = true;
    if (line_.no_reuse_port) global.no_reuse_port = true;
    if (!line_.pidfile.empty()) global.pidfile = line_.pidfile;
    if (line_.quiet) global.quiet = true;
    if (line_.verbose) global.quiet = false;
    const bool debug = line_.debug || global.debug;
    global.daemon = (line_.daemon || global.daemon) && !debug && !line_.foreground;
    global.master_worker = line_.master || global.master_worker;
    maxconn_given_ = line_.maxconn.has_value() || loaded_.maxconn_given;
    if (const std::string cli = addresses_of(global.stats_sockets); !cli.empty())
      loaded_.environment.set("HAPROXY_CLI", cli);
    if (!master_sockets_.empty() && global.master_worker)
      loaded_.environment.set("HAPROXY_MASTER_CLI", addresses_of(master_sockets_));
    frontends::debug_events::enabled = debug;
    process_log_init({debug ? LogLevel::debug : LogLevel::notice, global.quiet && !debug});
    loaded_.config = std::move(config);
  }

  [[nodiscard]] std::string startup_version() const {
    return inherited_ && !inherited_->startup_version.empty() ? inherited_->startup_version
                                                              : EVENKEEL_VERSION;
  }

  void show(const conf::Diagnostics& diagnostics) const {
    if (line_.json) return print(diagnostics.render_json());
    conf::RenderOptions options;
    options.pid = getpid();
    options.warnings = options.notices = !quiet();
    options.diag = line_.diagnose;
    // HAProxy's -q hides errors too; a script that wants silence gets it.
    if (!quiet()) print(diagnostics.render_text(options), stderr);
  }

  static void list_libraries() {
    dl_iterate_phdr(
        [](dl_phdr_info* info, std::size_t, void*) {
          if (info->dlpi_name[0] == '/') std::puts(info->dlpi_name);
          return 0;
        },
        nullptr);
    std::fflush(stdout);
  }

  [[nodiscard]] bool no_listener() const {
    const frontends::Config& config = *loaded_.config;
    return config.global.stats_sockets.empty() && config.log_forwards.empty() &&
           std::all_of(config.frontends.begin(), config.frontends.end(),
                       [](const auto& f) { return f->disabled || f->binds.empty(); }) &&
           loaded_.lvs == nullptr;
  }

  int checked() const {
    if (line_.json) return no_listener() ? 2 : 0;
    if (no_listener()) {
      if (!quiet()) print("Configuration file has no error but will not start (no listener) => exit(2).\n");
      return 2;
    }
    if (quiet()) return 0;
    print(warnings_ ? "Warnings were found.\nConfiguration file is valid\n"
                    : "Configuration file is valid\n");
    return 0;
  }

  int reload_failed() {
    if (line_.action != CommandLine::Action::check && inherited_) return supervise(nullptr);
    return 1;
  }

  int launch() {
    const frontends::GlobalDef& global = loaded_.config->global;
    if (line_.no_epoll) log_notice("-de: Evenkeel always uses epoll");
    std::string error;
    const bool background = global.daemon || global.master_worker;
    PidFile pidfile = PidFile::create(background && !inherited_ ? global.pidfile : std::string(), error);
    if (!error.empty()) return refuse(error);
    if (global.daemon && !inherited_) daemon_ = Daemon::detach(error);
    if (!error.empty()) return refuse(error);
    if (!master_sockets_.empty() && !global.master_worker)
      log_warning("-S has no effect without -W: there is no master process");
    if (global.master_worker) {
      pidfile.write(getpid());
      return supervise(
          [this](std::vector<int> sockets, int channel) { return work(std::move(sockets), channel); });
    }
    ServeOptions options = serve_options();
    options.pidfile = std::move(pidfile);
    options.on_ready = [this](std::span<const int>) { daemon_.ready(); };
    return serve(std::move(options));
  }

  ServeOptions serve_options() {
    return {line_, loaded_.config, loaded_.lvs, loaded_.vrrp, loaded_.environment, maxconn_given_, {},
            -1,    PidFile(),      nullptr};
  }

  int work(std::vector<int> sockets, int channel) {
    ServeOptions options = serve_options();
    options.sockets = std::move(sockets);
    options.master = channel;
    options.on_ready = [this, channel](std::span<const int> listening) {
      control::send_sockets(channel, listening);
      daemon_.ready_without_word();
    };
    return serve(std::move(options));
  }

  int supervise(const control::WorkerMain& worker_main) {
    control::MasterOptions options;
    options.program = argv_.front();
    options.argv = argv_;
    options.directory = start_directory_;
    options.notify = line_.systemd;
    options.cli = master_sockets_;
    options.version = EVENKEEL_VERSION;
    if (loaded_) {
      options.exit_on_failure = !loaded_.config->global.no_exit_on_failure;
      options.max_reloads = loaded_.config->global.mworker_max_reloads;
    }
    options.on_first_ready = [this] { daemon_.ready(); };
    options.on_lost = tell_keepalived;
    if (loaded_ && !loaded_.vrrp.track_file.empty()) {
      options.lost_file = loaded_.vrrp.track_file;
      options.lost_value = vrrp::value_of(loaded_.vrrp, false);
    }
    control::MasterState state = inherited_.value_or(control::MasterState());
    state.startup_version = startup_version();
    return control::run_master(options, std::move(state), worker_main);
  }

  const CommandLine& line_;
  std::vector<std::string> argv_;
  std::optional<control::MasterState> inherited_;
  LoadResult loaded_;
  std::vector<frontends::BindDef> master_sockets_;
  Daemon daemon_;
  int start_directory_ = -1;
  bool warnings_ = false;
  bool maxconn_given_ = false;
};

int evaluate(const CommandLine& line) {
  const conf::ConditionResult result =
      conf::evaluate_condition(line.condition, conf::Environment::from_process(environ), build_facts());
  if (!result.error) return result.value ? 0 : 1;
  if (!line.quiet) {
    print("[ALERT]    (" + std::to_string(getpid()) + ") : config : -cc: " + result.error->message + "\n  " +
              line.condition + "\n  " + std::string(result.error->offset, ' ') + "^\n",
          stderr);
  }
  return 2;
}

}  // namespace

int start(const CommandLine& line, std::vector<std::string> argv) {
  switch (line.action) {
    case CommandLine::Action::version:
      print(version_text());
      return 0;
    case CommandLine::Action::build_info:
      print(build_text());
      return 0;
    case CommandLine::Action::condition:
      return evaluate(line);
    case CommandLine::Action::keywords:
      print(keyword_list(line.keyword_classes, command_names()));
      return 0;
    case CommandLine::Action::memory:
      print(memory_help_text());
      return 0;
    case CommandLine::Action::usage:
      print(version_text());
      print(usage_text(), stderr);
      return 1;
    case CommandLine::Action::check:
    case CommandLine::Action::serve:
      break;
  }
  return Startup(line, std::move(argv)).run();
}

}  // namespace evenkeel::app
