#include "app/lvs_doctor.h"

#include <unistd.h>

#include <iostream>
#include <string>
#include <vector>

#include "app/about.h"
#include "app/config_loader.h"
#include "lvs/doctor.h"

namespace evenkeel::app {
namespace {

constexpr std::string_view kUsage =
    "usage: evenkeel lvs doctor [-f FILE]...\n"
    "Looks for the usual mistakes on a director: at the kernel's table, and at what the configuration "
    "wants.\n"
    "exit status: 0 no problem found, 1 some, 2 wrong usage or a configuration that is refused\n";

bool wanted_sections(const std::vector<std::string>& paths, std::vector<lvs::WantedSection>& wanted,
                     std::string& state_file) {
  LoadOptions options;
  options.paths = paths;
  options.facts = build_facts();
  options.environment = conf::Environment::from_process(environ);
  options.services.ignore_unresolved = true;
  conf::Diagnostics diagnostics;
  const LoadResult loaded = load_config(options, diagnostics);
  if (!loaded) {
    conf::RenderOptions render;
    render.pid = getpid();
    render.warnings = render.notices = false;
    std::cerr << diagnostics.render_text(render);
    return false;
  }
  if (loaded.lvs == nullptr) {
    std::cerr << "evenkeel lvs doctor: no section of the configuration has an 'lvs' line\n";
    return true;
  }
  state_file = loaded.lvs->state_file;
  for (const lvs::SectionDef& section : loaded.lvs->sections) {
    lvs::WantedSection one{section, {}};
    for (const auto& backend : loaded.config->backends) {
      if (backend->name != section.name) continue;
      for (const auto& server : backend->servers)
        if (const lvs::Endpoint endpoint = lvs::endpoint_of(server.address); endpoint.family != AF_UNSPEC)
          one.servers.emplace_back(server.name, endpoint);
    }
    wanted.push_back(std::move(one));
  }
  return true;
}

}  // namespace

int run_lvs_doctor(std::span<const std::string_view> args) {
  std::vector<std::string> paths;
  for (std::size_t i = 0; i < args.size(); ++i) {
    if (args[i] != "-f" || i + 1 == args.size()) {
      std::cerr << kUsage;
      return 2;
    }
    paths.emplace_back(args[++i]);
  }
  std::vector<lvs::WantedSection> wanted;
  std::string state_file;
  if (!paths.empty() && !wanted_sections(paths, wanted, state_file)) return 2;
  const lvs::DoctorFacts facts = lvs::gather_facts(wanted, state_file);
  return lvs::report(facts, lvs::diagnose(facts), std::cout);
}

}  // namespace evenkeel::app
