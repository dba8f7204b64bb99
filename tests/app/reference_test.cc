// The reference in docs/ names every word that the program understands, and no other.
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>

#include "app/config_loader.h"
#include "app/proxy_section.h"
#include "backends/server_keywords.h"
#include "conf/document.h"
#include "control/catalog.h"
#include "frontends/bind_keywords.h"
#include "frontends/global_keywords.h"
#include "frontends/log_keywords.h"
#include "health/keywords.h"
#include "lvs/keywords.h"
#include "rules/action/families.h"
#include "rules/catalog.h"
#include "rules/log_alias.h"
#include "vrrp/keywords.h"

namespace evenkeel::app {
namespace {

using conf::SectionKind;
using Words = std::set<std::string>;
using WordsByPlace = std::map<std::string, std::string>;  // word -> letters of the places

std::string read_text(const std::string& path) {
  std::ifstream in(EVENKEEL_SOURCE_DIR "/" + path);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

std::vector<std::string> cells_of(const std::string& row) {
  std::vector<std::string> cells;
  std::istringstream in(row.substr(1));
  for (std::string cell; std::getline(in, cell, '|');) {
    const std::size_t begin = cell.find_first_not_of(' ');
    cells.push_back(begin == std::string::npos ? ""
                                               : cell.substr(begin, cell.find_last_not_of(' ') - begin + 1));
  }
  return cells;
}

// The table behind "<!-- words: <name> -->": words in backquotes in the first column, places in the second.
// Several words may share a row.
WordsByPlace table(const std::string& page, const std::string& name) {
  WordsByPlace found;
  std::istringstream in(read_text("docs/" + page));
  std::string line;
  while (std::getline(in, line) && line != "<!-- words: " + name + " -->") {
  }
  while (std::getline(in, line) && line.starts_with('|')) {
    const auto cells = cells_of(line);
    std::string rest = cells.at(0);
    while (true) {
      const std::size_t open = rest.find('`');
      if (open == std::string::npos) break;
      const std::size_t close = rest.find('`', open + 1);
      const std::string word = rest.substr(open + 1, close - open - 1);
      EXPECT_TRUE(found.emplace(word, cells.at(1)).second) << word << " stands twice in " << page;
      rest.erase(0, close + 1);
    }
  }
  return found;
}

Words words_of(const WordsByPlace& places) {
  Words words;
  for (const auto& entry : places) words.insert(entry.first);
  return words;
}

template <class Keywords>
void add(Words& words, const Keywords& keywords, unsigned sections = conf::kAnySection) {
  for (const auto& keyword : keywords)
    if ((keyword.sections & sections) != 0) words.emplace(keyword.name);
}

template <class Specs>
Words names_of(const Specs& families) {
  Words words;
  for (const auto& family : families)
    for (const auto& spec : family) words.emplace(spec.name);
  return words;
}

TEST(Reference, ListsTheWordsOfGlobal) {
  Words words;
  add(words, frontends::global_keywords());
  add(words, lvs::global_keywords());
  add(words, vrrp::global_keywords());
  add(words, frontends::log_keywords(), conf::mask_of(SectionKind::global));
  for (const std::string_view word : conf::document_keywords()) words.emplace(word);
  EXPECT_EQ(words_of(table("configuration.md", "global")), words);
}

TEST(Reference, ListsTheWordsOfProxiesWithTheirSections) {
  WordsByPlace words;
  constexpr std::pair<SectionKind, char> kSections[] = {{SectionKind::defaults, 'D'},
                                                        {SectionKind::frontend, 'F'},
                                                        {SectionKind::listen, 'L'},
                                                        {SectionKind::backend, 'B'}};
  for (const auto& [kind, letter] : kSections) {
    const auto& valid = proxy_words(kind);
    for (const auto& word : Words(valid.begin(), valid.end())) words[word] += letter;
  }
  EXPECT_EQ(table("configuration.md", "proxies"), words);
}

TEST(Reference, ListsTheOptionsOfBind) {
  Words words;
  add(words, frontends::bind_options());
  EXPECT_EQ(words_of(table("configuration.md", "bind")), words);
}

TEST(Reference, ListsTheOptionsOfServers) {
  Words words;
  add(words, backends::server_options());
  add(words, health::server_keywords());
  EXPECT_EQ(words_of(table("configuration.md", "server")), words);
}

TEST(Reference, ListsTheActionsWithTheirPlaces) {
  WordsByPlace words;
  constexpr std::string_view kLetters = "CSTQtRA";  // in the order of rules::Phase
  for (const auto& family : rules::action::families()) {
    for (const auto& action : family) {
      std::string name(action.name);
      if (name.ends_with('(')) name.pop_back();
      for (std::size_t phase = 0; phase < kLetters.size(); ++phase)
        if ((action.phases >> phase & 1U) != 0) words[name] += kLetters[phase];
    }
  }
  EXPECT_EQ(table("rules.md", "actions"), words);
}

TEST(Reference, ListsTheFetches) {
  EXPECT_EQ(words_of(table("rules.md", "fetches")), names_of(rules::fetch_families()));
}

TEST(Reference, ListsTheConverters) {
  EXPECT_EQ(words_of(table("rules.md", "converters")), names_of(rules::converter_families()));
}

TEST(Reference, ListsTheAliasesOfLogs) {
  Words words;
  for (const auto& alias : rules::log_aliases()) words.insert("%" + std::string(alias.name));
  EXPECT_EQ(words_of(table("rules.md", "aliases")), words);
}

// What the README shows of `evenkeel -c` is what it says.
TEST(Reference, ShowsRealDiagnostics) {
  const std::string readme = read_text("README.md");
  const std::string command = "$ evenkeel -c -f docs/examples/mistakes.cfg\n";
  const std::size_t from = readme.find(command);
  ASSERT_NE(from, std::string::npos);
  const std::size_t begin = from + command.size();
  LoadOptions options;
  options.sources.push_back(std::make_shared<const conf::SourceFile>(
      "docs/examples/mistakes.cfg", read_text("docs/examples/mistakes.cfg")));
  conf::Diagnostics diagnostics;
  load_config(options, diagnostics);
  conf::RenderOptions form;
  form.pid = 553;
  EXPECT_EQ(readme.substr(begin, readme.find("```", begin) - begin), diagnostics.render_text(form));
}

// `core/poller.h`, `http_body.cc`: a file that the pages name by its path or by its name alone.
TEST(Reference, NamesFilesThatExist) {
  namespace fs = std::filesystem;
  const fs::path root = EVENKEEL_SOURCE_DIR;
  Words names;
  for (const char* room : {"app", "backends", "balance", "conf", "control", "core", "frontends", "health",
                           "http", "rules", "stats"})
    for (const auto& entry : fs::recursive_directory_iterator(root / room))
      names.insert(entry.path().filename().string());
  const std::regex file("`([a-z0-9_/]+\\.(?:cc|h|py|sh|service))`");
  for (const char* page :
       {"README.md", "ARCHITECTURE.md", "docs/configuration.md", "docs/rules.md", "docs/migration.md",
        "docs/runtime-api.md", "docs/operations.md", "docs/development.md"}) {
    const std::string text = read_text(page);
    for (std::sregex_iterator it(text.begin(), text.end(), file), end; it != end; ++it) {
      const std::string name = (*it)[1];
      EXPECT_TRUE(fs::exists(root / name) || names.contains(name)) << page << " names " << name;
    }
  }
}

TEST(Reference, ListsTheRuntimeCommandsWithTheirLevels) {
  WordsByPlace commands;
  for (const control::Command& command : control::catalog())
    commands.emplace(command.path, control::to_string(command.level));
  EXPECT_EQ(table("runtime-api.md", "commands"), commands);
}

}  // namespace
}  // namespace evenkeel::app
