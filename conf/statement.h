// What a configuration consists of once its lines are words: statements in sections.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "conf/lexer.h"
#include "conf/source.h"

namespace evenkeel::conf {

// Bits, so that a keyword can say in one number where it is valid.
enum class SectionKind : unsigned {
  global = 1u << 0,
  defaults = 1u << 1,
  frontend = 1u << 2,
  listen = 1u << 3,
  backend = 1u << 4,
  peers = 1u << 5,
  resolvers = 1u << 6,
  mailers = 1u << 7,
  userlist = 1u << 8,
  cache = 1u << 9,
  ring = 1u << 10,
  log_forward = 1u << 11,
  log_profile = 1u << 12,
  http_errors = 1u << 13,
  program = 1u << 14,
  fcgi_app = 1u << 15,
  crt_store = 1u << 16,
  traces = 1u << 17,
  acme = 1u << 18,
  healthcheck = 1u << 19,
  ruleset = 1u << 20,
};

constexpr unsigned operator|(SectionKind a, SectionKind b) {
  return static_cast<unsigned>(a) | static_cast<unsigned>(b);
}
constexpr unsigned operator|(unsigned a, SectionKind b) { return a | static_cast<unsigned>(b); }
constexpr unsigned mask_of(SectionKind kind) { return static_cast<unsigned>(kind); }

inline constexpr unsigned kFrontends = SectionKind::frontend | SectionKind::listen;
inline constexpr unsigned kBackends = SectionKind::backend | SectionKind::listen;
inline constexpr unsigned kProxies = kFrontends | SectionKind::backend;
inline constexpr unsigned kProxiesAndDefaults = kProxies | SectionKind::defaults;
inline constexpr unsigned kFrontendsAndDefaults = kFrontends | SectionKind::defaults;
inline constexpr unsigned kBackendsAndDefaults = kBackends | SectionKind::defaults;
inline constexpr unsigned kAnySection = ~0u;

std::string_view to_string(SectionKind kind) noexcept;  // the word that opens the section
std::optional<SectionKind> section_kind_of(std::string_view word) noexcept;
const std::vector<std::string_view>& section_words();
std::string section_list(unsigned mask);  // "frontend, listen"

// "no option x" and "default option x": the word before the keyword.
enum class Prefix { none, no, set_default };

struct Statement {
  std::vector<Word> words;  // never empty in a document; without the prefix
  Prefix prefix = Prefix::none;
  SourcePtr file;
  unsigned line = 0;

  // The place of one word; past the end: just behind the last word.
  [[nodiscard]] Location at(std::size_t word) const;
  [[nodiscard]] Location location() const { return at(0); }
};

struct Section {
  SectionKind kind = SectionKind::global;
  Statement header;          // the line that opens the section
  std::string name;          // empty where the section has none
  std::optional<Word> from;  // name of the defaults section after "from"
  // Words after the name, other than "from x": the addresses and bind options of the old form "listen web
  // :80". Only frontend and listen have any.
  std::size_t args_from = 0;  // index into header.words, == header.words.size() when there are none
  std::vector<Statement> lines;
};

}  // namespace evenkeel::conf
