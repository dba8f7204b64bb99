#include "app/command_line.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace evenkeel::app {
namespace {

using Action = CommandLine::Action;

template <class Number>
bool read_number(std::string_view text, Number& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

class Parser {
 public:
  explicit Parser(std::span<const std::string_view> args) : args_(args) {}

  ParsedCommandLine run() {
    while (at_ < args_.size() && result_.error.empty()) option(args_[at_++]);
    CommandLine& line = result_.line;
    if (line.action == Action::usage && !line.config_paths.empty()) {
      line.action = check_ ? Action::check : Action::serve;
    } else if (line.action == Action::usage && !line.keyword_classes.empty()) {
      line.action = Action::keywords;
    }
    return std::move(result_);
  }

 private:
  void fail(std::string text) {
    if (result_.error.empty()) result_.error = std::move(text);
  }

  std::string_view value(std::string_view option) {
    if (at_ < args_.size()) return args_[at_++];
    fail("option '" + std::string(option) + "' needs a value");
    return {};
  }

  template <class Number>
  void number(std::string_view option, Number& target) {
    const std::string_view text = value(option);
    if (result_.error.empty() && !read_number(text, target))
      fail("option '" + std::string(option) + "' needs a number, not '" + std::string(text) + "'");
  }

  void option(std::string_view word) {
    if (word == "--") {
      while (at_ < args_.size()) result_.line.config_paths.emplace_back(args_[at_++]);
    } else if (word.starts_with("--")) {
      long_option(word);
    } else if (!flag(word) && !with_value(word) && !debug_option(word)) {
      fail(word.starts_with('-') ? "unknown option '" + std::string(word) + "'"
                                 : "unexpected argument '" + std::string(word) +
                                       "'; files are named behind -f, or all of them behind --");
    }
  }

  void long_option(std::string_view word) {
    std::string_view format;
    if (word == "--format") {
      format = value(word);
    } else if (word.starts_with("--format=")) {
      format = word.substr(9);
    } else {
      return fail("unknown option '" + std::string(word) + "'");
    }
    if (!result_.error.empty()) return;
    if (format != "json" && format != "text")
      return fail("--format is 'text' or 'json', not '" + std::string(format) + "'");
    result_.line.json = format == "json";
  }

  bool flag(std::string_view word) {
    CommandLine& line = result_.line;
    struct Flag {
      std::string_view name;
      bool* target;
    };
    const std::array flags = {
        Flag{"-c", &check_},
        Flag{"-d", &line.debug},
        Flag{"-D", &line.daemon},
        Flag{"-db", &line.foreground},
        Flag{"-W", &line.master},
        Flag{"-q", &line.quiet},
        Flag{"-V", &line.verbose},
        Flag{"-dD", &line.diagnose},
        Flag{"-dW", &line.zero_warning},
        Flag{"-dS", &line.no_splice},
        Flag{"-dR", &line.no_reuse_port},
        Flag{"-dr", &line.ignore_unresolved},
        Flag{"-dL", &line.list_libraries},
        Flag{"-de", &line.no_epoll},
        // kqueue, poll() and verification of servers' certificates are nowhere used: off already.
        Flag{"-dk", &nothing_},
        Flag{"-dp", &nothing_},
        Flag{"-dV", &nothing_},
    };
    for (const Flag& flag : flags) {
      if (flag.name != word) continue;
      *flag.target = true;
      return true;
    }
    if (word == "-Ws") {
      line.master = line.systemd = true;
    } else if (word == "-v") {
      line.action = Action::version;
    } else if (word == "-vv") {
      line.action = Action::build_info;
    } else {
      return false;
    }
    return true;
  }

  bool with_value(std::string_view word) {
    CommandLine& line = result_.line;
    if (word == "-f") {
      line.config_paths.emplace_back(value(word));
    } else if (word == "-cc") {
      line.condition = value(word);
      line.action = Action::condition;
    } else if (word == "-C") {
      line.directory = value(word);
    } else if (word == "-p") {
      line.pidfile = value(word);
    } else if (word == "-L") {
      line.local_peer = value(word);
    } else if (word == "-x") {
      old_socket();
    } else if (word == "-n") {
      number(word, line.maxconn.emplace());
    } else if (word == "-N") {
      number(word, line.proxy_maxconn.emplace());
    } else if (word == "-m") {
      number(word, line.memory_mb);
    } else if (word == "-sf") {
      pids(word, line.finish);
    } else if (word == "-st") {
      pids(word, line.terminate);
    } else if (word == "-S") {
      line.master_sockets.emplace_back(value(word));
    } else {
      return false;
    }
    return true;
  }

  void old_socket() {
    if (at_ >= args_.size() || args_[at_].empty() || args_[at_].front() == '-')
      return fail("option '-x' needs the path of a unix socket");
    result_.line.old_socket = args_[at_++];
  }

  // The list may be empty: it often comes from $(cat pidfile), perhaps as one word.
  void pids(std::string_view option, std::vector<pid_t>& list) {
    for (; at_ < args_.size() && !args_[at_].starts_with('-'); ++at_) {
      std::string_view rest = args_[at_];
      while (!rest.empty()) {
        const std::string_view text = rest.substr(0, rest.find_first_of(" \t\n"));
        rest.remove_prefix(std::min(rest.size(), text.size() + 1));
        if (text.empty()) continue;
        pid_t pid = 0;
        if (!read_number(text, pid) || pid <= 0)
          return fail("option '" + std::string(option) + "' needs process ids, not '" + std::string(text) +
                      "'");
        list.push_back(pid);
      }
    }
  }

  bool debug_option(std::string_view word) {
    if (word.starts_with("-dM")) {
      memory(word.substr(3));
    } else if (word.starts_with("-dK")) {
      result_.line.keyword_classes = word.size() > 3 ? word.substr(3) : std::string_view("help");
    } else if (word.starts_with("-dC")) {
      dump(word.substr(3));
    } else if (word.starts_with("-dt")) {
      if (word == "-dt" && at_ < args_.size() && !args_[at_].starts_with('-')) ++at_;  // what to trace
      result_.line.without_meaning.emplace_back(word);
    } else if (word == "-dF" || word == "-dG" || word == "-dI" || word == "-dT" || word == "-dZ") {
      result_.line.without_meaning.emplace_back(word);
    } else {
      return false;
    }
    return true;
  }

  void dump(std::string_view key) {
    std::uint32_t& number = result_.line.dump_key.emplace(0);
    if (!key.empty() && !read_number(key, number))
      fail("option '-dC': '" + std::string(key) + "' is no key, a number is");
  }

  // The byte that a number stands for, decimal or after 0x; nullopt: none.
  static std::optional<std::uint8_t> byte_of(std::string_view text) {
    const bool hex = text.starts_with("0x");
    if (hex) text.remove_prefix(2);
    std::uint8_t byte = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), byte, hex ? 16 : 10);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return byte;
  }

  // -dM[<byte>[,]][<feature>,...]. Poisoning is what we do; the other features tune HAProxy's pools. Words
  // that it does not know are refused as HAProxy does.
  void memory(std::string_view text) {
    static constexpr std::array<std::string_view, 18> kFeatures = {
        "fail",      "no-fail",      "merge",  "no-merge",  "cold-first", "hot-first",
        "integrity", "no-integrity", "global", "no-global", "cache",      "no-cache",
        "caller",    "no-caller",    "tag",    "no-tag",    "backup",     "no-backup"};
    CommandLine& line = result_.line;
    std::uint8_t byte = 0x50;
    if (text.empty()) line.poison = byte;
    if (!text.empty() && text.front() >= '0' && text.front() <= '9') {
      const std::string_view digits = text.substr(0, text.find(','));
      const auto given = byte_of(digits);
      if (!given) return fail("option '-dM': '" + std::string(digits) + "' is no byte");
      line.poison = byte = *given;
      text.remove_prefix(digits.size());
    }
    while (!text.empty()) {
      if (text.front() == ',') text.remove_prefix(1);
      const std::string_view feature = text.substr(0, text.find(','));
      text.remove_prefix(feature.size());
      if (feature == "help") {
        line.action = Action::memory;
      } else if (feature == "poison") {
        line.poison = byte;
      } else if (feature == "no-poison") {
        line.poison.reset();
      } else if (std::find(kFeatures.begin(), kFeatures.end(), feature) != kFeatures.end()) {
        line.without_meaning.emplace_back("-dM" + std::string(feature));
      } else if (!feature.empty()) {
        return fail("option '-dM': unknown debugging feature '" + std::string(feature) + "'");
      }
    }
  }

  std::span<const std::string_view> args_;
  std::size_t at_ = 0;
  bool check_ = false;
  bool nothing_ = false;
  ParsedCommandLine result_;
};

}  // namespace

ParsedCommandLine parse_command_line(std::span<const std::string_view> args) { return Parser(args).run(); }

}  // namespace evenkeel::app
