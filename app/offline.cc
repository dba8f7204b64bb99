#include "app/offline.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "app/about.h"
#include "app/config_loader.h"
#include "app/test_cases.h"
#include "app/trial.h"

namespace evenkeel::app {
namespace {

constexpr std::string_view kExplainUsage =
    "usage: evenkeel explain -f FILE... [options] [REQUEST]\n"
    "  REQUEST              'GET /path HTTP/1.1', 'POST /path' or '/path'\n"
    "  -f FILE              configuration file or folder; may be repeated\n"
    "  --frontend NAME      where the request comes in; needed where there are several\n"
    "  -H 'Name: value'     a header of the request; may be repeated\n"
    "  --body TEXT          its body\n"
    "  -r FILE              the whole request from a file, or from standard input with '-'\n"
    "  --src ADDRESS[:PORT] the client; default 127.0.0.1:50000\n"
    "  --dst ADDRESS[:PORT] where it connects to; default the frontend's first address\n"
    "  --response STATUS    what the server answers; default 200\n"
    "  -R 'Name: value'     a header of its answer; may be repeated\n";
constexpr std::string_view kTestUsage =
    "usage: evenkeel test [-v] CONFIGURATION CASES...\n"
    "  -v                   show the way of every request, not only of those that went wrong\n";

constexpr int kWrong = 2;

void print(std::string_view text, FILE* to = stdout) { std::fwrite(text.data(), 1, text.size(), to); }

int refuse(std::string_view command, const std::string& why, std::string_view usage) {
  print("evenkeel " + std::string(command) + ": " + why + "\n", stderr);
  print(usage, stderr);
  return kWrong;
}

bool read_whole(const std::string& path, std::string& text) {
  std::ifstream file;
  if (path != "-") {
    file.open(path, std::ios::binary);
    if (!file) return false;
  }
  std::istream& in = path == "-" ? std::cin : file;
  text.assign(std::istreambuf_iterator<char>(in), {});
  return !in.bad();
}

// Only errors are told: warnings are what -c is for.
std::shared_ptr<const frontends::Config> load(const std::vector<std::string>& paths) {
  LoadOptions options;
  options.paths = paths;
  options.facts = build_facts();
  options.environment = conf::Environment::from_process(environ);
  options.services.ignore_unresolved = true;
  conf::Diagnostics diagnostics;
  LoadResult loaded = load_config(options, diagnostics);
  if (loaded) return loaded.config;
  conf::RenderOptions render;
  render.pid = getpid();
  render.warnings = render.notices = false;
  print(diagnostics.render_text(render), stderr);
  return nullptr;
}

bool split_header(std::string_view text, HeaderList& list) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0) return false;
  std::string_view value = text.substr(colon + 1);
  while (!value.empty() && value.front() == ' ') value.remove_prefix(1);
  list.emplace_back(text.substr(0, colon), value);
  return true;
}

// A request as it would come over the wire; line feeds alone will do.
bool split_request(std::string_view text, TrialRequest& request) {
  const auto next_line = [&text] {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
  };
  request.line = next_line();
  while (!text.empty()) {
    const std::string_view line = next_line();
    if (line.empty()) break;
    if (!split_header(line, request.headers)) return false;
  }
  request.body = text;
  return true;
}

class ExplainArguments {
 public:
  // Empty, or why they are refused.
  std::string read(std::span<const std::string_view> args) {
    for (std::size_t i = 0; i < args.size(); ++i) {
      const std::string_view word = args[i];
      if (word.size() < 2 || word.front() != '-') {
        if (!request.line.empty()) return "there is more than one request: '" + std::string(word) + "'";
        request.line = word;
        continue;
      }
      if (i + 1 == args.size()) return "option '" + std::string(word) + "' needs a value or is unknown";
      if (std::string error = option(word, args[++i]); !error.empty()) return error;
    }
    if (paths.empty()) return "no configuration is named, use -f";
    return {};
  }

  std::vector<std::string> paths;
  TrialRequest request;

 private:
  std::string option(std::string_view word, std::string_view value) {
    const std::string text(value);
    if (word == "-f") {
      paths.push_back(text);
    } else if (word == "--frontend") {
      request.frontend = text;
    } else if (word == "-H" || word == "-R") {
      if (!split_header(value, word == "-H" ? request.headers : request.response_headers))
        return "'" + text + "' is no header, write 'Name: value'";
    } else if (word == "--body") {
      request.body = text;
    } else if (word == "-r") {
      std::string whole;
      if (!read_whole(text, whole)) return "cannot read '" + text + "'";
      if (!split_request(whole, request)) return "'" + text + "' does not hold a request";
    } else if (word == "--src" || word == "--dst") {
      const auto address = parse_endpoint(value, word == "--src" ? 50000 : 80);
      if (!address) return "'" + text + "' is no IP address";
      (word == "--src" ? request.client : request.local) = *address;
    } else if (word == "--response") {
      request.status = std::atoi(text.c_str());
      if (request.status < 100 || request.status > 999) return "'" + text + "' is no status";
    } else {
      return "unknown option '" + std::string(word) + "'";
    }
    return {};
  }
};

int explain(std::span<const std::string_view> args) {
  ExplainArguments arguments;
  if (const std::string error = arguments.read(args); !error.empty())
    return refuse("explain", error, kExplainUsage);
  const auto config = load(arguments.paths);
  if (!config) return kWrong;
  const TrialResult result = try_request(config, arguments.request);
  if (!result.error.empty()) return refuse("explain", result.error, {});
  print(result.trace);
  return 0;
}

std::string indented(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    if (end != 0) out.append("    ").append(text.substr(0, end));
    out += '\n';
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return out;
}

// The lines of the Test Anything Protocol, which tools and people read alike.
int test(std::span<const std::string_view> args) {
  bool verbose = false;
  std::vector<std::string> paths;
  for (const std::string_view word : args) {
    if (word == "-v") {
      verbose = true;
    } else if (word.size() > 1 && word.front() == '-') {
      return refuse("test", "unknown option '" + std::string(word) + "'", kTestUsage);
    } else {
      paths.emplace_back(word);
    }
  }
  if (paths.size() < 2) return refuse("test", "a configuration and a file of cases are needed", kTestUsage);
  std::vector<TestCase> cases;
  for (std::size_t i = 1; i < paths.size(); ++i) {
    std::string text;
    if (!read_whole(paths[i], text)) return refuse("test", "cannot read '" + paths[i] + "'", {});
    CaseFile file = parse_cases(text);
    for (const std::string& error : file.errors) print(paths[i] + ", " + error + "\n", stderr);
    if (!file.errors.empty()) return kWrong;
    std::move(file.cases.begin(), file.cases.end(), std::back_inserter(cases));
  }
  const auto config = load({paths.front()});
  if (!config) return kWrong;
  std::size_t failed = 0;
  print("1.." + std::to_string(cases.size()) + "\n");
  for (std::size_t i = 0; i < cases.size(); ++i) {
    const TrialResult result = try_request(config, cases[i].request);
    const auto wrong = disappointments(cases[i].expect, result);
    if (!wrong.empty()) ++failed;
    print((wrong.empty() ? "ok " : "not ok ") + std::to_string(i + 1) + " - " + cases[i].name + "\n");
    for (const std::string& line : wrong) print("  # " + line + "\n");
    if (verbose || !wrong.empty()) print(indented(result.trace));
  }
  print("# " + std::to_string(cases.size() - failed) + " of " + std::to_string(cases.size()) +
        " cases passed\n");
  return failed == 0 ? 0 : 1;
}

}  // namespace

bool is_offline_command(std::span<const std::string_view> args) noexcept {
  return !args.empty() && (args.front() == "explain" || args.front() == "test");
}

int run_offline(std::span<const std::string_view> args) {
  const bool help =
      std::any_of(args.begin(), args.end(), [](std::string_view a) { return a == "-h" || a == "--help"; });
  const bool explaining = args.front() == "explain";
  if (help) {
    print(explaining ? kExplainUsage : kTestUsage);
    return 0;
  }
  return explaining ? explain(args.subspan(1)) : test(args.subspan(1));
}

}  // namespace evenkeel::app
