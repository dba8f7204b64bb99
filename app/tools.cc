#include "app/tools.h"

#include <fstream>
#include <iostream>
#include <sstream>
#include <string>

#include "app/generate.h"
#include "app/lvs_doctor.h"
#include "lvs/commands.h"
#include "lvs/import.h"
#include "vrrp/health_command.h"

namespace evenkeel::app {
namespace {

constexpr const char* kImportUsage =
    "usage: evenkeel import ipvsadm [FILE]       rules of 'ipvsadm -Sn'\n"
    "       evenkeel import keepalived [FILE]    virtual_server blocks of keepalived.conf\n"
    "The configuration goes to standard output, what has no counterpart to standard error.\n";

int import_file(std::span<const std::string_view> args) {
  const bool rules = !args.empty() && args[0] == "ipvsadm";
  if (args.empty() || args.size() > 2 || (!rules && args[0] != "keepalived")) {
    std::cerr << kImportUsage;
    return 2;
  }
  std::ostringstream text;
  if (args.size() == 1 || args[1] == "-") {
    text << std::cin.rdbuf();
  } else {
    const std::ifstream file{std::string(args[1])};
    if (!file) {
      std::cerr << "evenkeel import: " << args[1] << " cannot be read\n";
      return 1;
    }
    text << file.rdbuf();
  }
  const lvs::Imported imported = rules ? lvs::import_ipvsadm(text.str()) : lvs::import_keepalived(text.str());
  for (const std::string& note : imported.notes) std::cerr << note << '\n';
  if (!imported.usable) {
    std::cerr << "evenkeel import: there is no virtual service in it\n";
    return 1;
  }
  std::cout << imported.config;
  return 0;
}

}  // namespace

std::optional<int> run_tool(std::span<const std::string_view> args) {
  if (args.empty()) return std::nullopt;
  if (args[0] == "generate") return run_generate(args.subspan(1));
  if (args[0] == "health") return vrrp::run_health(args.subspan(1));
  if (args[0] == "lvs" && args.size() > 1 && args[1] == "doctor") return run_lvs_doctor(args.subspan(2));
  if (args[0] == "lvs") return lvs::run_command(args.subspan(1));
  if (args[0] == "import") return import_file(args.subspan(1));
  return std::nullopt;
}

}  // namespace evenkeel::app
