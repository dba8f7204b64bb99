#include "app/config_loader.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>
#include <utility>

#include "app/compile.h"
#include "app/lvs_sections.h"
#include "app/old_dialect.h"
#include "app/old_rules.h"
#include "app/post_checks.h"
#include "app/proxy_section.h"
#include "app/state_files.h"
#include "backends/check_expressions.h"
#include "backends/proxy_keywords.h"
#include "conf/keyword_table.h"
#include "conf/known_keywords.h"
#include "conf/nearest.h"
#include "frontends/global_keywords.h"

namespace evenkeel::app {
namespace {

using conf::Section;
using conf::SectionKind;
using conf::Statement;

Result<std::string, std::string> read_from_disk(const std::string& path) {
  std::string content;
  if (!rules::CompileEnv::read_from_disk(path, content))
    return {boost::system::in_place_error, std::move(content)};
  return {boost::system::in_place_value, std::move(content)};
}

// Many servers share a name; the resolver is asked once for each.
conf::Resolver remembering(conf::Resolver resolver) {
  using Key = std::pair<std::string, conf::AddressSpec::Family>;
  auto known = std::make_shared<std::map<Key, std::vector<Address>>>();
  return [resolver = std::move(resolver), known](const std::string& host, conf::AddressSpec::Family family) {
    const Key key(host, family);
    const auto found = known->find(key);
    if (found != known->end()) return found->second;
    return known->emplace(key, resolver(host, family)).first->second;
  };
}

class Loader {
 public:
  Loader(const LoadOptions& options, conf::Diagnostics& diagnostics)
      : options_(options), diagnostics_(diagnostics), services_(options.services), factory_(draft_.rules) {
    if (!services_.read_file) services_.read_file = read_from_disk;
    services_.resolver = remembering(services_.resolver);
    services_.rules = &draft_.rules;
    services_.saved = [this](const backends::ProxyDraft& proxy, const std::string& server) {
      return states_.find(proxy, server);
    };
    draft_.rules.read_file = [this](const std::string& path, std::string& content) {
      auto text = services_.read_file(path);
      content = text ? std::move(*text) : text.error();
      return text.has_value();
    };
    draft_.global.services = &services_;
    draft_.global_log.resolver = services_.resolver;
    factory_.proxy.services = &services_;
    factory_.log.resolver = services_.resolver;
    if (options_.proxy_maxconn) factory_.frontend.def.maxconn = *options_.proxy_maxconn;
  }

  LoadResult run() {
    LoadResult result;
    result.environment = options_.environment;
    conf::Document document = read(result.environment);
    // Rules look users up while they are read, and lists may stand behind them.
    for (Section& section : document.sections)
      if (section.kind == SectionKind::userlist) userlist(section);
    for (Section& section : document.sections) {
      take(section);
      std::vector<Statement>().swap(section.lines);  // thousands of servers need not be held twice
    }
    if (options_.maxconn) draft_.global.def.maxconn = *options_.maxconn;
    result.maxconn_given = draft_.global.def.maxconn != 0;
    if (draft_.global.def.maxconn == 0) draft_.global.def.maxconn = options_.maxconn_default;
    number(draft_, diagnostics_);
    post_check(draft_, diagnostics_);
    const bool warned = diagnostics_.count(conf::Severity::warning) > 0;
    if (draft_.global.def.zero_warning && warned)
      diagnostics_.error({}, "'zero-warning' is set and there are warnings");
    if (!diagnostics_.has_errors()) {
      result.lvs = compile_lvs(draft_);
      result.vrrp = draft_.vrrp.def;
      result.config = compile(draft_);
    }
    return result;
  }

 private:
  conf::Document read(conf::Environment& environment) {
    conf::Document document = conf::load_document(options_.paths, environment, options_.facts, diagnostics_);
    if (options_.sources.empty()) return document;
    conf::Document more = conf::read_document(options_.sources, environment, options_.facts, diagnostics_);
    std::move(more.sections.begin(), more.sections.end(), std::back_inserter(document.sections));
    return document;
  }

  void take(Section& section) {
    if (section.kind == SectionKind::global) return global(section);
    if (section.kind == SectionKind::http_errors) return http_errors(section);
    if (section.kind == SectionKind::cache) return cache(section);
    if (section.kind == SectionKind::defaults) return defaults(section);
    if (section.kind == SectionKind::userlist) return;
    if (section.kind == SectionKind::ring) return ring(section);
    if (section.kind == SectionKind::log_forward) return log_forward(section);
    if (section.kind == SectionKind::log_profile) return log_profile(section);
    if ((conf::mask_of(section.kind) & conf::kProxies) != 0) return proxy(section);
    diagnostics_.error(section.header.location(),
                       "'" + std::string(conf::to_string(section.kind)) +
                           "': known HAProxy section, not supported by Evenkeel yet");
  }

  // ---- global

  void global(Section& section) {
    for (Statement& line : section.lines)
      if (modernise(line, section.kind, diagnostics_) != Dialect::dropped) global_line(line);
  }

  void global_line(const Statement& line) {
    static const conf::KeywordTable<frontends::GlobalDraft> table(frontends::global_keywords());
    static const conf::KeywordTable<frontends::LogDraft> logs(frontends::log_keywords());
    conf::Args args(line, SectionKind::global, diagnostics_);
    if (conf::apply_statement(table, draft_.global, args) != conf::Applied::unknown) return;
    if (conf::apply_statement(logs, draft_.global_log, args) != conf::Applied::unknown) return;
    static const conf::KeywordTable<lvs::GlobalDraft> bridge(lvs::global_keywords());
    if (conf::apply_statement(bridge, draft_.lvs, args) != conf::Applied::unknown) return;
    static const conf::KeywordTable<vrrp::GlobalDraft> pairing(vrrp::global_keywords());
    if (conf::apply_statement(pairing, draft_.vrrp, args) != conf::Applied::unknown) return;
    if (frontends::take_tuning_knob(args)) return;
    conf::report_unknown(args, table.names());
  }

  // ---- http-errors

  void http_errors(Section& section) {
    const auto [entry, fresh] = draft_.http_errors.try_emplace(section.name);
    if (!fresh) {
      diagnostics_.error(section.header.at(1), "http-errors section '" + section.name +
                                                   "' already exists (declared at " +
                                                   entry->second.where.to_string() + ")");
      return;
    }
    entry->second.where = section.header.at(1);
    for (const Statement& line : section.lines) {
      conf::Args args(line, section.kind, diagnostics_);
      if (line.words.front().text != "errorfile") {
        static constexpr std::array<std::string_view, 1> kWords = {"errorfile"};
        conf::report_unknown(args, kWords);
        continue;
      }
      args.begin_keyword(1);
      backends::read_error_file(entry->second.errors, services_, args);
      if (!args.failed()) args.done();
    }
  }

  void cache(Section& section) {
    static const conf::KeywordTable<frontends::CacheDraft> table(frontends::cache_keywords());
    const auto [entry, fresh] = draft_.caches.try_emplace(section.name);
    if (!fresh) {
      diagnostics_.error(section.header.at(1), "cache '" + section.name + "' already exists (declared at " +
                                                   entry->second.where.to_string() + ")");
      return;
    }
    frontends::CacheDraft& draft = entry->second;
    draft.def.name = section.name;
    draft.where = section.header.at(1);
    for (const Statement& line : section.lines) {
      conf::Args args(line, section.kind, diagnostics_);
      if (conf::apply_statement(table, draft, args) == conf::Applied::unknown)
        conf::report_unknown(args, table.names());
    }
    frontends::finish_cache(draft, diagnostics_);
  }

  void userlist(Section& section) {
    static const conf::KeywordTable<rules::UserlistDraft> table(rules::userlist_keywords());
    if (draft_.rules.userlists.find(section.name)) {
      diagnostics_.warn(section.header.at(1), "ignoring duplicated userlist '" + section.name + "'");
      return;
    }
    rules::UserlistDraft list;
    list.list.name = section.name;
    for (const Statement& line : section.lines) {
      conf::Args args(line, section.kind, diagnostics_);
      if (conf::apply_statement(table, list, args) == conf::Applied::unknown)
        conf::report_unknown(args, table.names());
    }
    draft_.rules.userlists.add(rules::finish_userlist(std::move(list), section.header, diagnostics_));
  }

  // ---- rings

  void ring(Section& section) {
    static const conf::KeywordTable<frontends::RingDraft> table(frontends::ring_keywords());
    if (section.name.empty()) {
      diagnostics_.error(section.header.location(), "'ring' expects a name");
      return;
    }
    const auto same = [&](const frontends::RingDraft& other) { return other.def.name == section.name; };
    if (std::any_of(draft_.rings.begin(), draft_.rings.end(), same)) {
      diagnostics_.error(section.header.at(1), "ring section '" + section.name + "' already exists");
      return;
    }
    frontends::RingDraft& made = draft_.rings.emplace_back();
    draft_.ring_places.push_back(section.header.at(1));
    made.resolver = services_.resolver;
    made.def.name = section.name;
    made.def.description = section.name;
    for (const Statement& line : section.lines) {
      conf::Args args(line, section.kind, diagnostics_);
      if (conf::apply_statement(table, made, args) == conf::Applied::unknown)
        conf::report_unknown(args, table.names());
    }
  }

  // ---- log-profile

  void log_profile(Section& section) {
    static const conf::KeywordTable<frontends::LogProfileDraft> table(frontends::log_profile_keywords());
    if (section.name.empty()) {
      diagnostics_.error(section.header.location(), "'log-profile' expects a name");
      return;
    }
    const auto same = [&](const frontends::LogProfileDraft& other) { return other.name == section.name; };
    if (std::any_of(draft_.log_profiles.begin(), draft_.log_profiles.end(), same)) {
      diagnostics_.error(section.header.at(1), "log-profile section '" + section.name + "' already exists");
      return;
    }
    frontends::LogProfileDraft& made = draft_.log_profiles.emplace_back();
    made.name = section.name;
    for (const Statement& line : section.lines) {
      conf::Args args(line, section.kind, diagnostics_);
      if (conf::apply_statement(table, made, args) == conf::Applied::unknown)
        conf::report_unknown(args, table.names());
    }
  }

  // ---- log-forward

  void log_forward(Section& section) {
    static const conf::KeywordTable<frontends::LogForwardDraft> table(frontends::log_forward_keywords());
    if (section.name.empty()) {
      diagnostics_.error(section.header.location(), "'log-forward' expects a name");
      return;
    }
    frontends::LogForwardDraft& made = draft_.log_forwards.emplace_back();
    made.def.name = section.name;
    made.services = &services_;
    made.log.resolver = services_.resolver;
    for (const Statement& line : section.lines) {
      conf::Args args(line, section.kind, diagnostics_);
      if (conf::apply_statement(table, made, args) == conf::Applied::unknown)
        conf::report_unknown(args, table.names());
    }
    if (made.log.def.targets.empty() && !made.log.def.use_global)
      diagnostics_.warn(section.header.at(1), "log-forward section '" + section.name +
                                                  "' has no 'log' line: messages "
                                                  "that come in are dropped");
    if (made.def.binds.empty() && made.def.datagrams.empty())
      diagnostics_.warn(section.header.at(1),
                        "log-forward section '" + section.name + "' has no 'bind' line");
  }

  // ---- defaults and proxies

  // What a section starts from: the defaults that it names, or else the last ones before it; null: nothing.
  const ProxySection* origin_of(const Section& section) const {
    if (section.from) {
      const auto found = named_defaults_.find(section.from->text);
      return found == named_defaults_.end() ? nullptr : found->second;
    }
    return section.kind == SectionKind::defaults ? nullptr : latest_defaults_;
  }

  ProxySection begin(const Section& section) {
    const ProxySection* origin = origin_of(section);
    if (section.from && origin == nullptr) unknown_defaults(section);
    if (section.from && origin != nullptr) ambiguous_defaults(section);
    ProxySection made(origin != nullptr ? *origin : factory_);
    made.checks = origin != nullptr ? origin->checks.inherit() : health::CheckSection{};
    made.checks.format = backends::check_formats(draft_.rules);
    made.checks.expression = backends::check_expressions(draft_.rules);
    made.rules.sets = {};  // the ACLs of defaults are theirs alone; their rules come in at the end
    made.rules.proxy = section.name;
    made.written_name = section.name;
    backends::ProxyDraft& draft = made.proxy;
    draft.kind = section.kind;
    draft.where = section.header.at(section.name.empty() ? 0 : 1);
    draft.common.name = section.name;
    draft.common.file = section.header.file->name();
    draft.common.line = section.header.line;
    return made;
  }

  void unknown_defaults(const Section& section) {
    std::vector<std::string_view> names;
    for (const auto& entry : named_defaults_) names.push_back(entry.first);
    const conf::Location where{section.header.file, section.header.line, section.from->column,
                               section.from->length};
    diagnostics_
        .error(where, "defaults section '" + section.from->text + "' not found for " +
                          std::string(conf::to_string(section.kind)) + " '" + section.name + "'")
        .did_you_mean(conf::nearest(section.from->text, names));
  }

  void ambiguous_defaults(const Section& section) {
    const auto twice = repeated_defaults_.find(section.from->text);
    if (twice == repeated_defaults_.end()) return;
    const conf::Location where{section.header.file, section.header.line, section.from->column,
                               section.from->length};
    diagnostics_.error(where, "ambiguous defaults section name '" + section.from->text +
                                  "' exists at least at " + twice->second.to_string() + " and " +
                                  named_defaults_.find(section.from->text)->second->proxy.where.to_string());
  }

  void defaults(Section& section) {
    ProxySection& made = draft_.defaults.emplace_back(begin(section));
    made.rebind();
    lines(made, section);
    if (const ProxySection* origin = origin_of(section)) made.rules.sets.inherit(origin->rules.sets);
    latest_defaults_ = &made;
    if (section.name.empty()) return;
    const auto [entry, fresh] = named_defaults_.try_emplace(section.name, &made);
    if (!fresh) repeated_defaults_.try_emplace(section.name, entry->second->proxy.where);
    entry->second = &made;
  }

  void proxy(Section& section) {
    ProxySection& made = draft_.proxies.emplace_back(begin(section));
    made.rebind();
    distinguish(made);
    address_on_section_line(made, section);
    lines(made, section);
    if (const ProxySection* origin = origin_of(section)) made.rules.sets.inherit(origin->rules.sets);
  }

  // Live state is keyed by names, so a repeated one gets a number behind it. Names refer to the first of
  // them, as in the versions that permitted this.
  void distinguish(ProxySection& made) {
    const std::string name = made.written_name;
    const bool frontend = made.proxy.has_frontend();
    const bool backend = made.proxy.has_backend();
    unsigned& fe_count = frontend_names_[name];
    unsigned& be_count = backend_names_[name];
    const bool repeated = (frontend && fe_count > 0) || (backend && be_count > 0);
    if (repeated) {
      const unsigned number = std::max(fe_count, be_count) + 1;
      made.proxy.common.name = name + "#" + std::to_string(number);
      diagnostics_.warn(made.proxy.where, std::string(made.proxy.kind_word()) + " '" + name +
                                              "' has the same name as a proxy declared at " +
                                              first_place_[name].to_string() + "; this one is called '" +
                                              made.proxy.common.name +
                                              "' in statistics and logs, please use distinct names");
    } else {
      first_place_.try_emplace(name, made.proxy.where);
    }
    if (frontend) ++fe_count;
    if (backend) ++be_count;
  }

  // listen web 0.0.0.0:80
  void address_on_section_line(ProxySection& made, const Section& section) {
    if (section.args_from >= section.header.words.size()) return;
    Statement bind;
    bind.file = section.header.file;
    bind.line = section.header.line;
    bind.words.assign(section.header.words.begin() + static_cast<std::ptrdiff_t>(section.args_from),
                      section.header.words.end());
    conf::Word keyword = bind.words.front();
    keyword.text = "bind";
    bind.words.insert(bind.words.begin(), keyword);
    const std::string modern = as_line(bind.words);
    diagnostics_
        .warn(section.header.at(section.args_from),
              "an address on the line of the section is from an older version and "
              "still understood")
        .modern(modern);
    apply_proxy_line(made, bind, diagnostics_);
  }

  // Servers look into state files while their lines are read, so what names the files comes first.
  static void state_files_first(Section& section) {
    std::stable_partition(section.lines.begin(), section.lines.end(), [](const Statement& line) {
      const std::string& word = line.words.front().text;
      return word == "load-server-state-from-file" || word == "server-state-file-name";
    });
  }

  // Old words may depend on a mode that a later line sets.
  static bool becomes_http(const ProxySection& made, const Section& section) {
    bool http = made.proxy.common.mode == backends::Mode::http;
    for (const Statement& line : section.lines)
      if (line.words.front().text == "mode" && line.words.size() > 1) http = line.words[1].text == "http";
    return http;
  }

  void lines(ProxySection& made, Section& section) {
    state_files_first(section);
    const bool http = becomes_http(made, section);
    for (Statement& line : section.lines) {
      const rules::RuleDraft::Slot slot = slot_of_old_rule(line.words.front().text);
      if (!http && line.words.front().text == "monitor-net") modernise_tcp_monitor_net(line, diagnostics_);
      if (modernise(line, section.kind, diagnostics_) == Dialect::dropped) continue;
      made.rules.slot = slot;
      apply_proxy_line(made, line, diagnostics_);
      made.rules.slot = rules::RuleDraft::Slot::own;
    }
    rules::finish_rules(made.rules, section.header, diagnostics_);
    // Like every word of the page, those that are rules turn it on.
    const rules::RuleSets& sets = made.rules.sets;
    if (!sets.stats_admin.empty() || !sets.stats_request.empty()) made.stats.def.enabled = true;
  }

  const LoadOptions& options_;
  conf::Diagnostics& diagnostics_;
  backends::LoadServices services_;
  ConfigDraft draft_;
  StateFiles states_{draft_.global, services_, diagnostics_};
  ProxySection factory_;  // what sections without defaults start from
  const ProxySection* latest_defaults_ = nullptr;
  std::map<std::string, const ProxySection*, std::less<>> named_defaults_;
  std::map<std::string, conf::Location, std::less<>> repeated_defaults_;  // where the first of them is
  std::map<std::string, unsigned> frontend_names_;
  std::map<std::string, unsigned> backend_names_;
  std::map<std::string, conf::Location> first_place_;
};

}  // namespace

LoadResult load_config(const LoadOptions& options, conf::Diagnostics& diagnostics) {
  return Loader(options, diagnostics).run();
}

}  // namespace evenkeel::app
