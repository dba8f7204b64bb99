#include <netinet/in.h>

#include <algorithm>
#include <vector>

#include "lvs/def.h"
#include "lvs/import.h"
#include "lvs/import_section.h"
#include "lvs/rules_text.h"

namespace evenkeel::lvs {
namespace {

using Kind = Operation::Kind;

struct Reader {
  std::vector<ImportedSection> sections;  // in the order of the rules
  Imported result;

  void note(unsigned line, const std::string& text) {
    result.notes.push_back("line " + std::to_string(line) + ": " + text);
  }

  ImportedSection* find(const ServiceKey& key) {
    const auto found = std::find_if(sections.begin(), sections.end(),
                                    [&](const ImportedSection& s) { return s.keys.front() == key; });
    return found == sections.end() ? nullptr : &*found;
  }

  void service(unsigned line, const Operation& operation) {
    if (operation.key.protocol == IPPROTO_SCTP) return note(line, "SCTP services have no counterpart");
    if (!operation.service.engine.empty())
      note(line, "persistence engine '" + operation.service.engine + "' has no counterpart");
    ImportedSection* section = find(operation.key);
    if (section == nullptr) section = &sections.emplace_back();
    section->keys = {operation.key};
    section->service = operation.service;
  }

  void server(unsigned line, const Operation& operation) {
    ImportedSection* const section = find(operation.key);
    if (section == nullptr) return note(line, "its service is not defined before it");
    std::erase_if(section->servers, [&](const auto& s) { return s.endpoint == operation.endpoint; });
    if (section->servers.empty()) {
      section->forward = operation.destination.forward;
      section->tunnel = operation.destination.tunnel;
      section->tunnel_port = operation.destination.tunnel_port;
    } else if (section->forward != operation.destination.forward ||
               section->tunnel != operation.destination.tunnel) {
      note(line, "a section forwards to all its servers in one way, that of the first; this one is left out");
      return;
    }
    section->servers.push_back({operation.endpoint, operation.destination, {}});
  }

  void obey(unsigned line, const Operation& operation) {
    if (is_check_mark(operation.key)) return;  // made for checks, and made again by 'check-via vip'
    switch (operation.kind) {
      case Kind::add_service:
      case Kind::edit_service:
        return service(line, operation);
      case Kind::add_destination:
      case Kind::edit_destination:
        return server(line, operation);
      case Kind::delete_service:
        std::erase_if(sections, [&](const auto& s) { return s.keys.front() == operation.key; });
        return;
      case Kind::delete_destination:
        if (ImportedSection* const section = find(operation.key))
          std::erase_if(section->servers, [&](const auto& s) { return s.endpoint == operation.endpoint; });
        return;
      case Kind::clear:
        sections.clear();
        return;
    }
  }
};

}  // namespace

Imported import_ipvsadm(std::string_view text) {
  Reader reader;
  for (unsigned line = 1; !text.empty(); ++line) {
    const std::string_view one = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), one.size() + 1));
    const ParsedRule rule = parse_rule(one);
    if (!rule.error.empty()) {
      reader.note(line, rule.error);
    } else if (!rule.empty) {
      reader.obey(line, rule.operation);
    }
  }
  Imported result = std::move(reader.result);
  result.usable = !reader.sections.empty();
  result.config = config_head("rules of ipvsadm; add 'check' to the servers whose health is to count", {});
  for (const ImportedSection& section : reader.sections) result.config += section_text(section);
  return result;
}

}  // namespace evenkeel::lvs
