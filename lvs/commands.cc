#include "lvs/commands.h"

#include <netinet/in.h>

#include <cerrno>
#include <fstream>
#include <iostream>
#include <optional>
#include <sstream>
#include <vector>

#include "lvs/listing.h"
#include "lvs/netlink.h"
#include "lvs/real_server.h"
#include "lvs/rules_text.h"

namespace evenkeel::lvs {
namespace {

constexpr std::string_view kUsage =
    "usage: evenkeel lvs list [--stats|--rate|--thresholds|--persistent-conn|-c|--timeout|--daemon]\n"
    "                         [-t|-u|-f <service>]\n"
    "       evenkeel lvs save > FILE          rules as 'ipvsadm -Sn' writes them\n"
    "       evenkeel lvs restore < FILE       rules as 'ipvsadm -R' reads them\n"
    "       evenkeel lvs clear                no rule stays\n"
    "       evenkeel lvs real-server --vip <address> ...   checks or sets what a real server needs\n"
    "       evenkeel lvs doctor [-f <file>]...             finds the usual mistakes on a director\n";

int wrong(const CommandIo& io, const std::string& text) {
  io.err << "evenkeel lvs: " << text << '\n';
  return 2;
}

int failed(const CommandIo& io, const std::string& text) {
  io.err << "evenkeel lvs: " << text << '\n';
  return 1;
}

struct ListOptions {
  enum class What { table, connections, timeouts, daemons } what = What::table;
  View view = View::services;
  std::optional<ServiceKey> only;
  std::string error;
};

ListOptions read_list_options(std::span<const std::string_view> words) {
  using What = ListOptions::What;
  ListOptions options;
  for (std::size_t i = 0; i < words.size() && options.error.empty(); ++i) {
    const std::string_view word = words[i];
    if (word == "-n" || word == "--numeric") continue;
    if (word == "--stats") {
      options.view = View::stats;
    } else if (word == "--rate") {
      options.view = View::rate;
    } else if (word == "--thresholds") {
      options.view = View::thresholds;
    } else if (word == "--persistent-conn") {
      options.view = View::persistent;
    } else if (word == "-c" || word == "--connection") {
      options.what = What::connections;
    } else if (word == "--timeout") {
      options.what = What::timeouts;
    } else if (word == "--daemon") {
      options.what = What::daemons;
    } else if ((word == "-t" || word == "-u" || word == "-f") && i + 1 < words.size()) {
      const ParsedRule rule = parse_rule("-D " + std::string(word) + " " + std::string(words[++i]));
      options.error = rule.error;
      options.only = rule.operation.key;
    } else {
      options.error = "'list' does not know '" + std::string(word) + "'";
    }
  }
  return options;
}

int list_plain(Kernel& kernel, const ListOptions& options, const CommandIo& io) {
  Table table;
  Info info;
  KernelError error = kernel.info(info);
  if (!error) error = kernel.read(table);
  if (error) return failed(io, describe(error));
  if (!options.only) {
    io.out << list_table(table, info, options.view);
    return 0;
  }
  const auto found = table.find(*options.only);
  if (found == table.end()) return failed(io, "No such service");
  io.out << list_service(found->first, found->second, options.view);
  return 0;
}

}  // namespace

int list_command(Kernel& kernel, std::span<const std::string_view> words, const CommandIo& io) {
  const ListOptions options = read_list_options(words);
  if (!options.error.empty()) return wrong(io, options.error);
  switch (options.what) {
    case ListOptions::What::table:
      return list_plain(kernel, options, io);
    case ListOptions::What::timeouts: {
      Timeouts timeouts;
      if (const KernelError error = kernel.timeouts(timeouts)) return failed(io, describe(error));
      io.out << list_timeouts(timeouts);
      return 0;
    }
    case ListOptions::What::daemons: {
      std::vector<Daemon> daemons;
      if (const KernelError error = kernel.daemons(daemons)) return failed(io, describe(error));
      io.out << list_daemons(daemons);
      return 0;
    }
    case ListOptions::What::connections:
      break;
  }
  std::ifstream file("/proc/net/ip_vs_conn");
  if (!file) return failed(io, "/proc/net/ip_vs_conn cannot be read");
  std::ostringstream text;
  text << file.rdbuf();
  io.out << list_connections(text.str());
  return 0;
}

int save_command(Kernel& kernel, const CommandIo& io) {
  Table table;
  if (const KernelError error = kernel.read(table)) return failed(io, describe(error));
  io.out << save_rules(table);
  return 0;
}

int restore_command(Kernel& kernel, const CommandIo& io) {
  struct Step {
    unsigned line;
    Operation operation;
  };
  std::vector<Step> steps;
  bool good = true;
  unsigned number = 0;
  for (std::string line; std::getline(io.in, line);) {
    ParsedRule rule = parse_rule(line);
    ++number;
    if (!rule.error.empty()) {
      io.err << "evenkeel lvs: line " << number << ": " << rule.error << '\n';
      good = false;
    } else if (!rule.empty) {
      steps.push_back({number, std::move(rule.operation)});
    }
  }
  if (!good) return failed(io, "nothing has been changed");
  int status = 0;
  for (const Step& step : steps) {
    const KernelError error = kernel.apply(step.operation);
    if (!error) continue;
    io.err << "evenkeel lvs: line " << step.line << ": " << describe(error, step.operation.kind) << '\n';
    status = 1;
  }
  return status;
}

int clear_command(Kernel& kernel, const CommandIo& io) {
  const KernelError error = kernel.apply({Operation::Kind::clear});
  return error ? failed(io, describe(error)) : 0;
}

int run_command(std::span<const std::string_view> args) {
  const CommandIo io{std::cin, std::cout, std::cerr};
  const std::string_view verb = args.empty() ? std::string_view() : args[0];
  if (verb == "real-server") return run_real_server(args.subspan(1));
  const bool known = verb == "list" || verb == "save" || verb == "restore" || verb == "clear";
  if (!known) {
    if (!verb.empty()) io.err << "evenkeel lvs: no command '" << verb << "'\n";
    io.err << kUsage;
    return 2;
  }
  if (verb != "list" && args.size() > 1)
    return wrong(io, "'" + std::string(verb) + "' takes no arguments, not '" + std::string(args[1]) + "'");
  std::string why;
  const auto kernel = open_kernel(why);
  if (kernel == nullptr) return failed(io, why);
  if (verb == "list") return list_command(*kernel, args.subspan(1), io);
  if (verb == "save") return save_command(*kernel, io);
  return verb == "restore" ? restore_command(*kernel, io) : clear_command(*kernel, io);
}

}  // namespace evenkeel::lvs
