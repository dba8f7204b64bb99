#include "app/keyword_list.h"

#include <algorithm>
#include <array>
#include <set>
#include <vector>

#include "app/proxy_section.h"
#include "backends/server_keywords.h"
#include "conf/document.h"
#include "conf/known_keywords.h"
#include "frontends/bind_keywords.h"
#include "frontends/global_keywords.h"
#include "frontends/log_keywords.h"
#include "health/keywords.h"
#include "lvs/keywords.h"
#include "rules/catalog.h"
#include "vrrp/keywords.h"

namespace evenkeel::app {
namespace {

using conf::KnownKind;
using conf::SectionKind;
using Names = std::set<std::string, std::less<>>;

template <class Keywords>
void add(Names& names, const Keywords& keywords, unsigned sections = conf::kAnySection) {
  for (const auto& keyword : keywords)
    if ((keyword.sections & sections) != 0) names.emplace(keyword.name);
}

// "server <name> <addr> weight +1": the number of arguments as HAProxy declares it.
std::string option_line(std::string_view context, KnownKind kind, const std::string& option) {
  std::string line(context);
  line += option;
  if (const unsigned arity = conf::known_arity(kind, option)) line += " +" + std::to_string(arity);
  return line;
}

// "option abortonclose [ FE BE ]"
std::string option_with_sides(std::string_view name) {
  const auto in = [&](SectionKind kind) {
    const auto& words = proxy_words(kind);
    return std::find(words.begin(), words.end(), name) != words.end();
  };
  return std::string(name) + (in(SectionKind::frontend) ? " [ FE" : " [") +
         (in(SectionKind::backend) ? " BE ]" : " ]");
}

void global_section(std::string& out) {
  Names names;
  add(names, frontends::global_keywords());
  add(names, lvs::global_keywords());
  add(names, vrrp::global_keywords());
  add(names, frontends::log_keywords(), conf::mask_of(SectionKind::global));
  for (const std::string_view word : conf::document_keywords()) names.emplace(word);
  out += "global\n";
  for (const std::string& name : names) out += "\t" + name + "\n";
}

void proxy_sections(std::string& out) {
  Names words;
  for (const auto kind :
       {SectionKind::defaults, SectionKind::frontend, SectionKind::listen, SectionKind::backend})
    for (const std::string_view word : proxy_words(kind)) words.emplace(word);
  out += "listen\n";
  std::vector<std::string> options;
  for (const std::string& word : words) {
    if (word.starts_with("option ")) {
      options.push_back(option_with_sides(word));
    } else {
      out += "\t" + word + "\n";
    }
  }
  Names bind;
  add(bind, frontends::bind_options());
  for (const std::string& option : bind)
    out += "\t" + option_line("bind <addr> ", KnownKind::bind_option, option) + "\n";
  Names server;
  add(server, backends::server_options());
  add(server, health::server_keywords());
  for (const std::string& option : server)
    out += "\t" + option_line("server <name> <addr> ", KnownKind::server_option, option) + "\n";
  for (const std::string& option : options) out += "\t" + option + "\n";
}

std::string configuration_keywords() {
  std::string out = "# List of registered configuration keywords:\n";
  global_section(out);
  proxy_sections(out);
  out += "http-errors\n\terrorfile\n";
  return out;
}

std::string commands(std::span<const std::string_view> cli) {
  std::string out = "# List of registered CLI keywords:\n";
  for (const std::string_view command : cli) out.append(command).append(" [WORKER] \n");
  return out;
}

// "s[i" -> "(string[,integer])"
std::string signature_of(std::string_view signature) {
  if (signature.empty()) return {};
  std::string out = "(";
  bool first = true;
  bool optional = false;
  for (const char c : signature) {
    if (c == '[') {
      out += '[';
      optional = true;
      continue;
    }
    if (c == '*') {
      out += ",...";
      continue;
    }
    if (!first) out += ',';
    out += c == 'i' ? "integer" : "string";
    first = false;
  }
  return out + (optional ? "])" : ")");
}

// "[ Y Y . ...] path: str": where the fetch has a meaning, its arguments and its type.
std::string fetches() {
  std::set<std::string> lines;
  for (const auto family : rules::fetch_families()) {
    for (const rules::FetchSpec& fetch : family) {
      std::string line = "[";
      for (unsigned place = 0; place < 22; ++place) line += ((fetch.scope >> place) & 1U) != 0 ? " Y" : " .";
      line.append(" ] ").append(fetch.name).append(signature_of(fetch.signature));
      lines.insert(line + ": " + std::string(rules::to_string(fetch.out)));
    }
  }
  std::string out = "# List of registered sample fetch functions:\n";
  for (const std::string& line : lines) out += line + "\n";
  return out;
}

std::string converters() {
  std::set<std::string> lines;
  for (const auto family : rules::converter_families())
    for (const rules::ConverterSpec& c : family)
      lines.insert(std::string(c.name) + signature_of(c.signature) + ": " +
                   std::string(rules::to_string(c.in)) + " => " + std::string(rules::to_string(c.out)));
  std::string out = "# List of registered sample converter functions:\n";
  for (const std::string& line : lines) out += line + "\n";
  return out;
}

constexpr std::string_view kHelp =
    "# List of supported keyword classes:\n"
    "all: list all keywords\n"
    "cfg: configuration keywords\n"
    "cli: CLI keywords\n"
    "cnv: sample converter keywords\n"
    "smp: sample fetch functions\n";

}  // namespace

std::string keyword_list(std::string_view classes, std::span<const std::string_view> cli) {
  std::string out;
  while (!classes.empty()) {
    const std::string_view name = classes.substr(0, classes.find(','));
    classes.remove_prefix(std::min(classes.size(), name.size() + 1));
    const bool all = name == "all";
    if (all || name == "cfg") out += configuration_keywords();
    if (all || name == "cli") out += commands(cli);
    if (all || name == "cnv") out += converters();
    if (all || name == "smp") out += fetches();
    if (!all && name != "cfg" && name != "cli" && name != "cnv" && name != "smp") return std::string(kHelp);
  }
  return out;
}

}  // namespace evenkeel::app
