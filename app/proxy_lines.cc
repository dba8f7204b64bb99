// Who understands which line of a proxy section: the tables of all rooms, asked one after the other.
#include <array>
#include <map>

#include "app/proxy_section.h"
#include "backends/backend_keywords.h"
#include "backends/compression_keywords.h"
#include "backends/cookie_keywords.h"
#include "backends/filter_keywords.h"
#include "backends/option_keywords.h"
#include "backends/proxy_keywords.h"
#include "backends/server_keywords.h"
#include "balance/keywords.h"
#include "conf/keyword_table.h"
#include "conf/known_keywords.h"
#include "frontends/frontend_keywords.h"

namespace evenkeel::app {
namespace {

using conf::Args;

struct Tables {
  conf::KeywordTable<backends::ProxyDraft> proxy{
      backends::server_keywords(),  backends::proxy_keywords(),       backends::option_keywords(),
      backends::backend_keywords(), backends::compression_keywords(), backends::filter_keywords()};
  conf::KeywordTable<frontends::FrontendDraft> frontend{frontends::frontend_keywords()};
  conf::KeywordTable<balance::BalanceDef> balance{balance::keywords()};
  conf::KeywordTable<health::CheckSection> checks{health::proxy_keywords()};
  conf::KeywordTable<backends::CookieDef> cookie{backends::cookie_keywords()};
  conf::KeywordTable<frontends::LogDraft> log{frontends::log_keywords()};
  conf::KeywordTable<frontends::StatsDraft> stats{frontends::stats_keywords()};
  conf::KeywordTable<rules::RuleDraft> rules{rules::rule_keywords()};
  conf::KeywordTable<lvs::Draft> lvs{lvs::section_keywords()};
};

const Tables& tables() {
  static const Tables all;
  return all;
}

// A frontend's keyword in a backend, or the reverse, is ignored with a warning, as HAProxy does:
// configurations have them where a section was made from another one.
bool misplaced(const ProxySection& section, std::string_view keyword, Args& args) {
  if (args.section() == conf::SectionKind::defaults || keyword == "server" || keyword == "server-template")
    return false;
  const bool frontend = args.section() == conf::SectionKind::frontend;
  args.warn_here("'" + std::string(keyword) + "' ignored because " + std::string(section.proxy.kind_word()) +
                 " '" + section.written_name + "' has no " + (frontend ? "backend" : "frontend") +
                 " capability");
  return true;
}

// Rules in defaults could be told apart from those of the proxy only by a name.
bool anonymous(const ProxySection& section, Args& args) {
  if (args.section() != conf::SectionKind::defaults || !section.written_name.empty()) return false;
  args.error_here("'" + std::string(args.peek()) + "' not allowed in anonymous 'defaults' section")
      .modern("defaults <name>");
  return true;
}

template <class Target>
bool offer(const conf::KeywordTable<Target>& table, Target& target, ProxySection& section, Args& args) {
  const auto match = table.find(args);
  if (match.keyword == nullptr) return false;
  if (!args.in(match.keyword->sections) && misplaced(section, match.keyword->name, args)) return true;
  conf::apply_statement(table, target, args);
  return true;
}

template <class Target>
void add_names(std::vector<std::string_view>& names, const conf::KeywordTable<Target>& table,
               conf::SectionKind kind) {
  const auto valid = table.names_in(kind);
  names.insert(names.end(), valid.begin(), valid.end());
}

}  // namespace

const std::vector<std::string_view>& proxy_words(conf::SectionKind kind) {
  static const auto lists = [] {
    std::map<conf::SectionKind, std::vector<std::string_view>> all;
    for (const auto k : {conf::SectionKind::defaults, conf::SectionKind::frontend, conf::SectionKind::listen,
                         conf::SectionKind::backend}) {
      add_names(all[k], tables().proxy, k);
      add_names(all[k], tables().frontend, k);
      add_names(all[k], tables().balance, k);
      add_names(all[k], tables().checks, k);
      add_names(all[k], tables().cookie, k);
      add_names(all[k], tables().log, k);
      add_names(all[k], tables().stats, k);
      add_names(all[k], tables().rules, k);
      add_names(all[k], tables().lvs, k);
    }
    return all;
  }();
  return lists.at(kind);
}

void apply_proxy_line(ProxySection& section, const conf::Statement& statement,
                      conf::Diagnostics& diagnostics) {
  Args args(statement, section.proxy.kind, diagnostics);
  const Tables& all = tables();
  if (offer(all.proxy, section.proxy, section, args)) return;
  if (offer(all.frontend, section.frontend, section, args)) return;
  if (all.balance.find(args).keyword != nullptr) section.proxy.places["balance"] = statement.location();
  if (offer(all.balance, section.proxy.backend.balance, section, args)) return;
  if (all.rules.find(args).keyword != nullptr) {
    if (anonymous(section, args)) return;
    if (offer(all.rules, section.rules, section, args)) return;
  }
  if (offer(all.checks, section.checks, section, args)) return;
  if (offer(all.log, section.log, section, args)) return;
  if (offer(all.stats, section.stats, section, args)) return;
  if (conf::apply_statement(all.lvs, section.lvs, args) != conf::Applied::unknown) return;
  if (all.cookie.find(args).keyword != nullptr) section.proxy.places["cookie"] = statement.location();
  if (offer(all.cookie, section.proxy.backend.cookie, section, args)) return;
  conf::report_unknown(args, proxy_words(section.proxy.kind));
}

}  // namespace evenkeel::app
