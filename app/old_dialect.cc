#include "app/old_dialect.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>
#include <utility>
#include <vector>

#include "app/old_rules.h"

namespace evenkeel::app {
namespace {

using conf::Statement;
using conf::Word;

// One to three old words and what they are today; nothing: dropped, and `why` says why that is all right.
struct Entry {
  std::string_view old;
  std::string_view today;
  std::string_view why;
  unsigned sections = conf::kProxiesAndDefaults;
};

constexpr unsigned kGlobal = conf::mask_of(conf::SectionKind::global);

constexpr std::array kEntries = {
    Entry{"contimeout", "timeout connect", ""},
    Entry{"clitimeout", "timeout client", ""},
    Entry{"srvtimeout", "timeout server", ""},
    Entry{"timeout contimeout", "timeout connect", ""},
    Entry{"timeout clitimeout", "timeout client", ""},
    Entry{"timeout srvtimeout", "timeout server", ""},
    Entry{"timeout appsession", "", "application session cookies are gone"},
    Entry{"redispatch", "option redispatch", ""},
    Entry{"transparent", "option transparent", ""},
    Entry{"option forceclose", "option httpclose", ""},
    Entry{"option independant-streams", "option independent-streams", ""},
    Entry{"option accept-invalid-http-request", "option accept-unsafe-violations-in-http-request", ""},
    Entry{"option accept-invalid-http-response", "option accept-unsafe-violations-in-http-response", ""},
    Entry{"option http-tunnel", "", "connections become tunnels where the protocol asks for it"},
    Entry{"option http-use-htx", "", "there is only one way to process HTTP"},
    Entry{"bind-process", "", "there is one process, and all its threads serve every proxy"},
    Entry{"grace", "", "all listeners stop together; see 'grace' of the global section"},
    Entry{"block", "http-request deny", ""},
    Entry{"nbproc", "", "one process uses all cores by its threads; 'nbthread' sets their number", kGlobal},
};

std::vector<std::string_view> split(std::string_view text) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const std::size_t space = text.find(' ');
    parts.push_back(text.substr(0, space));
    text.remove_prefix(space == std::string_view::npos ? text.size() : space + 1);
  }
  return parts;
}

bool begins_with(const Statement& statement, std::string_view old) {
  const auto parts = split(old);
  if (statement.words.size() < parts.size()) return false;
  return std::equal(parts.begin(), parts.end(), statement.words.begin(),
                    [](std::string_view part, const Word& word) { return word.text == part; });
}

Dialect from_table(Statement& statement, const Entry& entry, conf::Diagnostics& diagnostics) {
  const std::string old(entry.old);
  if (entry.today.empty()) {
    diagnostics.warn(statement.location(),
                     "'" + old + "' is from an older version and can be removed: " + std::string(entry.why));
    return Dialect::dropped;
  }
  std::vector<std::string> today;
  for (const std::string_view part : split(entry.today)) today.emplace_back(part);
  replace_words(statement, split(entry.old).size(), today);
  tell_rewritten(statement, old, diagnostics);
  return Dialect::rewritten;
}

// monitor-net 10.0.0.0/8 -> http-request return status 200 if { src 10.0.0.0/8 }
Dialect monitor_net(Statement& statement, conf::Diagnostics& diagnostics) {
  if (statement.words.size() != 2) return Dialect::current;
  const std::string network = statement.words[1].text;
  replace_words(statement, 2, {"http-request", "return", "status", "200", "if", "{", "src", network, "}"});
  tell_rewritten(statement, "monitor-net", diagnostics);
  return Dialect::rewritten;
}

// Gone, and nothing takes their place.
Dialect refuse(const Statement& statement, std::string_view why, conf::Diagnostics& diagnostics) {
  diagnostics.error(statement.location(), std::string(why));
  return Dialect::dropped;
}

// stats realm Haproxy Manager -> stats realm "Haproxy Manager"
Dialect realm(Statement& statement, conf::Diagnostics& diagnostics) {
  if (statement.words.size() < 4) return Dialect::current;
  for (std::size_t i = 3; i < statement.words.size(); ++i)
    statement.words[2].text += " " + statement.words[i].text;
  statement.words.resize(3);
  diagnostics.warn(statement.at(2), "'stats realm' takes one argument, quotes keep its words together")
      .modern(as_line(statement.words));
  return Dialect::rewritten;
}

}  // namespace

// The new words point to where the old ones stand.
void replace_words(Statement& statement, std::size_t count, const std::vector<std::string>& today) {
  const Word place = statement.words.front();
  std::vector<Word> words;
  for (const std::string& text : today) words.push_back({text, place.column, place.length, false});
  words.insert(words.end(), statement.words.begin() + static_cast<std::ptrdiff_t>(count),
               statement.words.end());
  statement.words = std::move(words);
}

void tell_rewritten(const Statement& statement, const std::string& old, conf::Diagnostics& diagnostics) {
  const std::string prefix = statement.prefix == conf::Prefix::no ? "no " : "";
  diagnostics.warn(statement.location(), "'" + old + "' is from an older version and still understood")
      .modern(prefix + as_line(statement.words));
}

std::string as_line(std::span<const Word> words) {
  std::string line;
  for (const Word& word : words) {
    if (!line.empty()) line += ' ';
    const bool quote = word.text.empty() || word.text.find_first_of(" \t#\"'\\") != std::string::npos;
    if (!quote) {
      line += word.text;
      continue;
    }
    line += '"';
    for (const char c : word.text) {
      if (c == '"' || c == '\\' || c == '$') line += '\\';
      line += c;
    }
    line += '"';
  }
  return line;
}

Dialect modernise_tcp_monitor_net(Statement& statement, conf::Diagnostics& diagnostics) {
  if (statement.words.size() != 2) return Dialect::current;
  const std::string network = statement.words[1].text;
  replace_words(statement, 2, {"tcp-request", "connection", "reject", "if", "{", "src", network, "}"});
  tell_rewritten(statement, "monitor-net", diagnostics);
  return Dialect::rewritten;
}

Dialect modernise(Statement& statement, conf::SectionKind section, conf::Diagnostics& diagnostics) {
  const std::string_view first = statement.words.front().text;
  const bool proxy = (conf::mask_of(section) & conf::kProxiesAndDefaults) != 0;
  if (proxy && is_old_rule(first)) return old_rule(statement, diagnostics);
  // It still works, so that is all there is to it.
  if (section == conf::SectionKind::global && first == "debug")
    diagnostics.warn(
        statement.location(),
        "'debug' is from an older version and still understood: the option -d of the command line "
        "does the same for one run");
  if (proxy && first == "monitor-net") return monitor_net(statement, diagnostics);
  if (proxy && begins_with(statement, "option http_proxy"))
    return refuse(
        statement,
        "'option http_proxy' was removed in HAProxy 2.5; a rule 'http-request set-dst' and a server with "
        "address 0.0.0.0 send requests where they want to go",
        diagnostics);
  if (proxy && begins_with(statement, "stats realm")) return realm(statement, diagnostics);
  for (const Entry& entry : kEntries) {
    // Mostly the first letter differs already.
    if (entry.old.front() != first.front() || (entry.sections & conf::mask_of(section)) == 0) continue;
    if (begins_with(statement, entry.old)) return from_table(statement, entry, diagnostics);
  }
  return Dialect::current;
}

}  // namespace evenkeel::app
