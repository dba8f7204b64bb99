// How rooms declare the words of the configuration that they own: a table of names and functions.
#pragma once

#include <algorithm>
#include <functional>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "conf/args.h"
#include "conf/known_keywords.h"

namespace evenkeel::conf {

// One keyword, or one option inside a line. apply finds the cursor behind the name, reports what is wrong
// through Args and leaves the cursor behind its own arguments.
template <class Target>
struct Keyword {
  std::string_view name;  // one to four words: "option tcp-check", "timeout client"
  unsigned sections = kAnySection;
  bool negatable = false;  // "no" and "default" may stand in front; apply asks Args::prefix()
  void (*apply)(Target&, Args&) = nullptr;
  std::string_view doc;
};

// Keywords must outlive the table: they are constant arrays.
template <class Target>
class KeywordTable {
 public:
  using Span = std::span<const Keyword<Target>>;
  struct Match {
    const Keyword<Target>* keyword = nullptr;
    std::size_t words = 0;
  };

  KeywordTable(std::initializer_list<Span> spans) {
    for (const Span span : spans)
      for (const Keyword<Target>& keyword : span) sorted_.push_back(&keyword);
    std::stable_sort(sorted_.begin(), sorted_.end(), [](auto* a, auto* b) { return a->name < b->name; });
    for (const auto* keyword : sorted_)
      if (names_.empty() || names_.back() != keyword->name) names_.push_back(keyword->name);
  }
  explicit KeywordTable(Span span) : KeywordTable{span} {}

  // The keyword with the most words that stand at the cursor. A name may be declared several times for
  // different sections: the one valid in the section of args wins; otherwise any of them, for the message.
  [[nodiscard]] Match find(const Args& args) const {
    std::string joined;
    Match best;
    for (std::size_t n = 0; n < 4 && !args.peek(n).empty(); ++n) {
      if (n > 0) joined += ' ';
      joined += args.peek(n);
      auto it =
          std::lower_bound(sorted_.begin(), sorted_.end(), std::string_view(joined),
                           [](const Keyword<Target>* k, std::string_view name) { return k->name < name; });
      const Keyword<Target>* found = nullptr;
      for (; it != sorted_.end() && (*it)->name == joined; ++it)
        if (found == nullptr || (!args.in(found->sections) && args.in((*it)->sections))) found = *it;
      if (found != nullptr) best = {found, n + 1};
    }
    return best;
  }

  [[nodiscard]] const std::vector<std::string_view>& names() const noexcept { return names_; }
  [[nodiscard]] std::span<const Keyword<Target>* const> keywords() const noexcept { return sorted_; }
  // Names valid in one section, for suggestions.
  [[nodiscard]] std::vector<std::string_view> names_in(SectionKind section) const {
    std::vector<std::string_view> list;
    for (const auto* k : sorted_)
      if ((k->sections & mask_of(section)) != 0) list.push_back(k->name);
    return list;
  }

 private:
  std::vector<const Keyword<Target>*> sorted_;
  std::vector<std::string_view> names_;
};

enum class Applied {
  yes,      // the keyword was obeyed (perhaps with errors, which are reported)
  unknown,  // no such keyword: nothing was reported, the cursor did not move
  refused,  // known, but not here or not with this prefix: reported
};

// Obeys one statement; the cursor must stand on its first word. Left-over words are an error.
template <class Target>
Applied apply_statement(const KeywordTable<Target>& table, Target& target, Args& args) {
  const auto match = table.find(args);
  if (match.keyword == nullptr) return Applied::unknown;
  const Keyword<Target>& keyword = *match.keyword;
  if (!args.in(keyword.sections)) {
    args.error_here("'" + std::string(keyword.name) + "' is not permitted in a '" +
                    std::string(to_string(args.section())) +
                    "' section, only in: " + section_list(keyword.sections));
    args.rest();
    return Applied::refused;
  }
  if (args.prefix() != Prefix::none && !keyword.negatable) {
    args.error_here(std::string(args.negated() ? "'no'" : "'default'") + " cannot be applied to '" +
                    std::string(keyword.name) + "'");
    args.rest();
    return Applied::refused;
  }
  args.begin_keyword(match.words);
  keyword.apply(target, args);
  if (args.failed()) args.rest();
  args.done();
  return Applied::yes;
}

// Obeys the options in the rest of a line ("check inter 2s weight 3"). kind and context ("bind", "server")
// are for the message about a word that is none of them.
template <class Target>
void parse_options(const KeywordTable<Target>& table, Target& target, Args& args, KnownKind kind,
                   std::string_view context) {
  while (!args.at_end()) {
    const auto match = table.find(args);
    if (match.keyword == nullptr) {
      report_unknown_option(args, kind, context, table.names());
      continue;
    }
    if (!args.in(match.keyword->sections)) {
      args.error_here("'" + std::string(match.keyword->name) + "' is not permitted in a '" +
                      std::string(to_string(args.section())) + "' section");
    }
    args.begin_keyword(match.words);
    match.keyword->apply(target, args);
  }
}

}  // namespace evenkeel::conf
