#include "conf/statement.h"

#include <array>
#include <utility>

namespace evenkeel::conf {
namespace {

constexpr std::array<std::pair<std::string_view, SectionKind>, 21> kSections = {{
    {"global", SectionKind::global},
    {"defaults", SectionKind::defaults},
    {"frontend", SectionKind::frontend},
    {"listen", SectionKind::listen},
    {"backend", SectionKind::backend},
    {"peers", SectionKind::peers},
    {"resolvers", SectionKind::resolvers},
    {"mailers", SectionKind::mailers},
    {"userlist", SectionKind::userlist},
    {"cache", SectionKind::cache},
    {"ring", SectionKind::ring},
    {"log-forward", SectionKind::log_forward},
    {"log-profile", SectionKind::log_profile},
    {"http-errors", SectionKind::http_errors},
    {"program", SectionKind::program},
    {"fcgi-app", SectionKind::fcgi_app},
    {"crt-store", SectionKind::crt_store},
    {"traces", SectionKind::traces},
    {"acme", SectionKind::acme},
    {"healthcheck", SectionKind::healthcheck},
    {"ruleset", SectionKind::ruleset},
}};

}  // namespace

std::string_view to_string(SectionKind kind) noexcept {
  for (const auto& [word, k] : kSections)
    if (k == kind) return word;
  return "";
}

std::optional<SectionKind> section_kind_of(std::string_view word) noexcept {
  for (const auto& [w, kind] : kSections)
    if (w == word) return kind;
  return std::nullopt;
}

const std::vector<std::string_view>& section_words() {
  static const std::vector<std::string_view> words = [] {
    std::vector<std::string_view> list;
    for (const auto& entry : kSections) list.push_back(entry.first);
    return list;
  }();
  return words;
}

std::string section_list(unsigned mask) {
  std::string out;
  for (const auto& [word, kind] : kSections) {
    if ((mask & mask_of(kind)) == 0) continue;
    if (!out.empty()) out += ", ";
    out += word;
  }
  return out;
}

Location Statement::at(std::size_t word) const {
  if (words.empty()) return {file, line, 0, 0};
  if (word < words.size()) return {file, line, words[word].column, words[word].length};
  return {file, line, words.back().column + words.back().length, 1};
}

}  // namespace evenkeel::conf
