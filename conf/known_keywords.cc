#include "conf/known_keywords.h"

#include <algorithm>
#include <charconv>

#include "conf/known_keywords_data.h"
#include "conf/nearest.h"

namespace evenkeel::conf {
namespace {

// "weight +1" -> "weight".
std::string_view name_of(std::string_view entry) noexcept { return entry.substr(0, entry.find(" +")); }

std::string_view find_name(KnownKind kind, std::string_view name) {
  const auto table = known_keywords(kind);
  const auto it =
      std::lower_bound(table.begin(), table.end(), name,
                       [](std::string_view entry, std::string_view n) { return name_of(entry) < n; });
  return it != table.end() && name_of(*it) == name ? *it : std::string_view();
}

KnownKind kind_of(SectionKind section) noexcept {
  if (section == SectionKind::global) return KnownKind::global;
  return (mask_of(section) & kProxiesAndDefaults) != 0 ? KnownKind::proxy : KnownKind::other_section;
}

std::string_view known_at(const Args& args, KnownKind kind) {
  std::vector<std::string_view> words;
  for (std::size_t n = 0; n < 4 && !args.peek(n).empty(); ++n) words.push_back(args.peek(n));
  return known_keyword(kind, words);
}

// What the user may have meant by the words at the cursor: "option htpclose" is compared as two words with
// the two-word keywords, because the first word alone is right.
std::string_view meant(const Args& args, std::span<const std::string_view> supported, bool sections) {
  std::vector<std::string_view> candidates(supported.begin(), supported.end());
  if (sections) candidates.insert(candidates.end(), section_words().begin(), section_words().end());
  std::string joined;
  std::string_view best;
  for (std::size_t n = 0; n < 3 && !args.peek(n).empty(); ++n) {
    if (n > 0) joined += ' ';
    joined += args.peek(n);
    std::vector<std::string_view> same_length;
    std::copy_if(candidates.begin(), candidates.end(), std::back_inserter(same_length),
                 [&](std::string_view c) {
                   return static_cast<std::size_t>(std::count(c.begin(), c.end(), ' ')) == n && c != joined;
                 });
    const std::string_view found = nearest(joined, same_length);
    if (!found.empty()) best = found;
  }
  return best;
}

}  // namespace

std::span<const std::string_view> known_keywords(KnownKind kind) {
  switch (kind) {
    case KnownKind::global:
      return {known::k_global, known::n_global};
    case KnownKind::proxy:
      return {known::k_proxy, known::n_proxy};
    case KnownKind::other_section:
      return {known::k_other, known::n_other};
    case KnownKind::bind_option:
      return {known::k_bind, known::n_bind};
    case KnownKind::server_option:
      return {known::k_server, known::n_server};
    case KnownKind::action:
      return {known::k_action, known::n_action};
    case KnownKind::fetch:
      return {known::k_fetch, known::n_fetch};
    case KnownKind::converter:
      return {known::k_converter, known::n_converter};
    case KnownKind::filter:
      return {known::k_filter, known::n_filter};
    case KnownKind::cli:
      return {known::k_cli, known::n_cli};
  }
  return {};
}

std::string_view known_keyword(KnownKind kind, std::span<const std::string_view> words) {
  std::string joined;
  std::string_view best;
  for (std::size_t n = 0; n < words.size(); ++n) {
    if (n > 0) joined += ' ';
    const std::size_t length = joined.size();
    joined += words[n];
    std::string_view found = find_name(kind, joined);
    if (found.empty()) {
      joined.resize(length);
      joined += words[n].substr(0, words[n].find('('));
      found = find_name(kind, joined);
    }
    if (!found.empty()) best = name_of(found);
  }
  return best;
}

unsigned known_arity(KnownKind kind, std::string_view option) {
  const std::string_view entry = find_name(kind, option);
  const std::size_t plus = entry.find(" +");
  if (plus == std::string_view::npos) return 0;
  unsigned arity = 0;
  std::from_chars(entry.data() + plus + 2, entry.data() + entry.size(), arity);
  return arity;
}

void report_unknown(Args& args, std::span<const std::string_view> supported) {
  const std::string section(to_string(args.section()));
  const std::string_view known = known_at(args, kind_of(args.section()));
  if (!known.empty()) {
    args.error_here("'" + std::string(known) + "' in '" + section +
                    "' section: known HAProxy keyword, not supported by Evenkeel yet");
  } else {
    // "option", "timeout" and their like only introduce a keyword: the word behind them is the wrong one.
    const std::string family = std::string(args.peek()) + ' ';
    const bool introduces =
        !args.peek(1).empty() && std::any_of(supported.begin(), supported.end(),
                                             [&](std::string_view name) { return name.starts_with(family); });
    const std::string name = introduces ? family + std::string(args.peek(1)) : std::string(args.peek());
    const std::string suggestion(meant(args, supported, true));
    if (introduces) args.skip();
    args.error_here("unknown keyword '" + name + "' in '" + section + "' section").did_you_mean(suggestion);
  }
  args.rest();
}

void report_unknown_option(Args& args, KnownKind kind, std::string_view context,
                           std::span<const std::string_view> supported) {
  const std::string_view known = known_at(args, kind);
  if (known.empty()) {
    args.error_here("unknown keyword '" + std::string(args.peek()) + "' in '" + std::string(context) + "'")
        .did_you_mean(meant(args, supported, false));
    args.skip();
    return;
  }
  args.error_here("'" + std::string(known) + "' in '" + std::string(context) +
                  "': known HAProxy keyword, not supported by Evenkeel yet");
  args.skip(1 + known_arity(kind, known));
}

}  // namespace evenkeel::conf
