#include "rules/lint.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <unordered_map>
#include <utility>

#include "rules/text.h"

namespace evenkeel::rules {
namespace {

// One value per message, which stays the same while nothing changes the message.
constexpr std::string_view kSingle[] = {"base",       "baseq",    "dst_port", "fe_name",     "method",
                                        "path",       "pathq",    "query",    "req.ssl_sni", "req.ver",
                                        "so_name",    "src_port", "src",      "dst",         "status",
                                        "ssl_fc_sni", "url",      "fe_id",    "ssl_fc"};
// Several values, or none at all; equally steady.
constexpr std::string_view kSteady[] = {"req.hdr", "req.fhdr",    "hdr",     "req.cook", "cook",
                                        "cookie",  "url_param",   "urlp",    "hdr_cnt",  "hdr_ip",
                                        "hdr_val", "req.hdr_cnt", "res.hdr", "shdr",     "res.cook",
                                        "scook",   "always_true"};
constexpr std::string_view kOfHeader[] = {"req.hdr", "req.fhdr", "hdr",         "hdr_cnt", "hdr_ip",
                                          "hdr_val", "res.hdr",  "req.hdr_cnt", "shdr"};
constexpr std::size_t kMostPatterns = 256;  // of one test that are looked at

template <std::size_t kSize>
bool among(const std::string_view (&names)[kSize], std::string_view name) noexcept {
  return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

std::string_view fetch_name(const Expression& expression) noexcept {
  const std::string_view source = expression.source();
  return resolve_acl_fetch(source.substr(0, source.find_first_of("(,"))).fetch;
}

// Converters may read what rules change elsewhere, or draw lots.
bool is_steady(const Expression& expression) noexcept {
  const std::string_view name = fetch_name(expression);
  return expression.converter_count() == 0 && (among(kSingle, name) || among(kSteady, name));
}

// A request has one Host field, and RFC 9110 leaves no room for a list in it.
bool is_single(const Expression& expression) noexcept {
  const std::string_view name = fetch_name(expression);
  if (expression.converter_count() > 0) return false;
  if (among(kSingle, name)) return true;
  return (name == "req.hdr" || name == "hdr") && expression.fetch_args().size() > 0 &&
         text::equal_fold(expression.fetch_args().text(0), "host");
}

std::string identity_of(const Expression& expression) {
  std::string identity(fetch_name(expression));
  if (identity == "hdr") identity = "req.hdr";
  const Args& args = expression.fetch_args();
  const bool header = among(kOfHeader, fetch_name(expression));
  for (std::size_t i = 0; i < args.size(); ++i)
    identity.append("(").append(header ? text::lower(args.text(i)) : std::string(args.text(i)));
  return identity;
}

// What an ACL asks, in a form that can be compared.
struct Facts {
  std::string key;                 // equal keys: equal answers; empty: not known
  std::string identity;            // of the single-valued sample that all lines look at; empty: none
  std::string sample;              // as written, for messages
  std::vector<std::string> exact;  // the only values that it matches
  bool fold = false;
  std::vector<std::string> headers;  // that it reads; "*": all of them
};

std::vector<std::string> patterns_of(const AclTest& test) {
  std::vector<std::string> keys;
  for (auto& shown : test.patterns().list()->list(std::nullopt, 0, kMostPatterns + 1))
    keys.push_back(test.ignores_case() ? text::lower(shown.key) : std::move(shown.key));
  return keys;
}

// False: the line's answer is not the same for sure when it is asked again.
bool describe(const AclTest& test, Facts& facts) {
  const Expression& expression = test.expression();
  if (!test.files().empty() || !is_steady(expression)) return false;
  std::vector<std::string> patterns = patterns_of(test);
  if (patterns.size() > kMostPatterns) return false;
  std::sort(patterns.begin(), patterns.end());
  facts.key += identity_of(expression);
  facts.key.append(" ").append(to_string(test.method())).append(test.ignores_case() ? " -i" : "");
  for (const std::string& pattern : patterns) facts.key.append(1, '\n').append(pattern);
  facts.key += '\f';
  const std::string_view name = fetch_name(expression);
  if (among(kOfHeader, name)) {
    const Args& args = expression.fetch_args();
    facts.headers.push_back(args.size() > 0 ? text::lower(args.text(0)) : "*");
  }
  if (name.find("cook") != std::string_view::npos) facts.headers.emplace_back("cookie");
  if (name.substr(0, 4) == "base") facts.headers.emplace_back("host");
  return true;
}

void find_exact_values(const Acl& acl, Facts& facts) {
  for (const AclTest& test : acl.tests) {
    const bool exact =
        test.method() == MatchMethod::str && test.files().empty() && is_single(test.expression());
    const std::string identity = exact ? identity_of(test.expression()) : std::string();
    std::vector<std::string> patterns = exact ? patterns_of(test) : std::vector<std::string>();
    const bool other = &test != &acl.tests.front() && identity != facts.identity;
    if (patterns.empty() || patterns.size() > kMostPatterns || other) {
      facts.identity.clear();
      return;
    }
    facts.identity = identity;
    facts.sample = test.expression().source();
    facts.fold = facts.fold || test.ignores_case();
    std::move(patterns.begin(), patterns.end(), std::back_inserter(facts.exact));
  }
}

// The ACLs of one proxy are used by many rules and described once.
class Book {
 public:
  const Facts& of(const Acl& acl) {
    const auto [at, added] = facts_.try_emplace(&acl);
    Facts& facts = at->second;
    if (!added) return facts;
    const bool known =
        !acl.tests.empty() &&
        std::all_of(acl.tests.begin(), acl.tests.end(), [&](const AclTest& t) { return describe(t, facts); });
    if (!known) facts.key.clear();
    find_exact_values(acl, facts);
    return facts;
  }

 private:
  std::unordered_map<const Acl*, Facts> facts_;
};

bool share_a_value(const Facts& a, const Facts& b) {
  const bool fold = a.fold || b.fold;
  return std::any_of(a.exact.begin(), a.exact.end(), [&](const std::string& x) {
    return std::any_of(b.exact.begin(), b.exact.end(),
                       [&](const std::string& y) { return fold ? text::equal_fold(x, y) : x == y; });
  });
}

// Why all of these cannot hold at once; empty: they may.
std::string contradiction(const Condition::Conjunction& literals, Book& book) {
  for (std::size_t i = 0; i < literals.size(); ++i) {
    const Facts& a = book.of(*literals[i].acl);
    for (std::size_t j = i + 1; j < literals.size(); ++j) {
      const Facts& b = book.of(*literals[j].acl);
      const bool same = literals[i].acl == literals[j].acl;  // named: said where the condition was read
      if (!same && !a.key.empty() && a.key == b.key && literals[i].negated != literals[j].negated)
        return "it asks for something and for its opposite";
      if (literals[i].negated || literals[j].negated || a.identity.empty() || a.identity != b.identity)
        continue;
      if (!share_a_value(a, b))
        return "'" + a.sample + "' cannot be '" + a.exact.front() + "' and '" + b.exact.front() +
               "' at once (did you mean 'or'?)";
    }
  }
  return {};
}

using Terms =
    std::vector<std::vector<std::string>>;  // alternatives of literals; a negated one begins with '!'

// The condition as alternatives of steady literals. Unsteady ones are left out, which only makes a term
// weaker: `complete` tells whether a term has all of its literals. nullopt: `unless` of a form that is not
// worth turning.
std::optional<Terms> terms_of(const Condition& condition, Book& book, std::vector<bool>& complete) {
  Terms terms;
  if (condition.unconditional()) {
    complete.assign(1, true);
    return Terms{{}};
  }
  const auto& all = condition.alternatives();
  const bool inverted = condition.inverted();
  if (inverted && all.size() > 1) return std::nullopt;
  for (const auto& literals : all) {
    if (!inverted || terms.empty()) {
      terms.emplace_back();
      complete.push_back(true);
    }
    for (const auto& literal : literals) {
      // unless a b: !a or !b
      if (inverted && &literal != &literals.front()) {
        terms.emplace_back();
        complete.push_back(true);
      }
      const std::string& key = book.of(*literal.acl).key;
      if (key.empty()) {
        complete.back() = false;
      } else {
        terms.back().push_back((literal.negated != inverted ? "!" : "=") + key);
      }
    }
  }
  for (auto& term : terms) {
    std::sort(term.begin(), term.end());
    term.erase(std::unique(term.begin(), term.end()), term.end());
  }
  return terms;
}

std::string joined(const std::vector<std::string>& term, std::uint32_t chosen) {
  std::string text;
  for (std::size_t i = 0; i < term.size(); ++i) {
    if ((chosen >> i & 1U) != 0) text.append(term[i]).append("&");
  }
  return text;
}

// What earlier rules have decided: for each of their terms, the line of the first one.
class Decided {
 public:
  // The line of a rule that decides whenever this term holds; 0: none.
  [[nodiscard]] std::uint32_t covers(const std::vector<std::string>& term) const {
    if (lines_.empty()) return 0;
    const std::size_t size = std::min<std::size_t>(term.size(), 5);
    for (std::uint32_t chosen = 0; chosen < (1U << size); ++chosen) {
      if (const auto found = lines_.find(joined(term, chosen)); found != lines_.end()) return found->second;
    }
    const auto found = lines_.find(joined(term, ~0U));
    return found == lines_.end() ? 0 : found->second;
  }
  void add(const std::vector<std::string>& term, std::uint32_t line) {
    if (term.size() < 32) lines_.try_emplace(joined(term, ~0U), line);
  }
  void forget() { lines_.clear(); }

 private:
  std::map<std::string, std::uint32_t> lines_;
};

// The line of an earlier rule that makes this one unreachable; 0: none.
std::uint32_t covered(const Decided& decided, const std::optional<Terms>& terms) {
  std::uint32_t line = 0;
  if (!terms) return 0;
  for (const auto& term : *terms) {
    line = decided.covers(term);
    if (line == 0) return 0;
  }
  return line;
}

class Linter {
 public:
  void contradictions(const Condition& condition, std::uint32_t line) {
    for (const auto& literals : condition.alternatives()) {
      const std::string why = contradiction(literals, book_);
      if (why.empty()) continue;
      found.push_back(
          {line, (condition.alternatives().size() > 1 ? "one alternative of the condition can never hold: "
                                                      : "the condition can never hold: ") +
                     why});
    }
  }

  void rule_set(const RuleSet& set) {
    Decided decided;
    std::vector<std::string> headers;  // that terms in `decided` read
    bool told = false;  // the rule before was final without a condition, which was said already
    for (const Rule& rule : set.rules()) {
      contradictions(rule.condition, rule.line);
      std::vector<bool> complete;
      const std::optional<Terms> terms = terms_of(rule.condition, book_, complete);
      const std::uint32_t line = told ? 0 : covered(decided, terms);
      if (line != 0 && line != rule.line)
        found.push_back({rule.line, "this rule is never reached: the one in line " + std::to_string(line) +
                                        " ends the rules whenever this condition holds"});
      told = rule.condition.unconditional() && rule.action->ends();
      if (rule.action->ends()) {
        decide(decided, terms, complete, rule.line);
        note_headers(rule.condition, headers);
        continue;
      }
      const std::string header = text::lower(rule.action->only_header());
      const auto reads = [&](const std::string& name) { return name == header || name == "*"; };
      if (header.empty() || std::any_of(headers.begin(), headers.end(), reads)) {
        decided.forget();
        headers.clear();
      }
    }
  }

  void targets(const TargetRules& rules, bool first_decides) {
    Decided decided;
    bool told = false;
    for (const TargetRule& rule : rules.rules()) {
      contradictions(rule.condition, rule.line);
      std::vector<bool> complete;
      const std::optional<Terms> terms = terms_of(rule.condition, book_, complete);
      const std::uint32_t line = told || !first_decides ? 0 : covered(decided, terms);
      if (line != 0)
        found.push_back({rule.line, "this rule is never reached: the one in line " + std::to_string(line) +
                                        " decides whenever this condition holds"});
      if (!rule.target.is_literal()) continue;  // a name that no backend has falls through
      decide(decided, terms, complete, rule.line);
      told = told || rule.condition.unconditional();
    }
  }

  std::vector<LintFinding> found;

 private:
  static void decide(Decided& decided, const std::optional<Terms>& terms, const std::vector<bool>& complete,
                     std::uint32_t line) {
    if (!terms) return;
    for (std::size_t i = 0; i < terms->size(); ++i) {
      if (complete[i]) decided.add((*terms)[i], line);
    }
  }
  void note_headers(const Condition& condition, std::vector<std::string>& headers) {
    for (const auto& literals : condition.alternatives()) {
      for (const auto& literal : literals) {
        const auto& reads = book_.of(*literal.acl).headers;
        headers.insert(headers.end(), reads.begin(), reads.end());
      }
    }
    std::sort(headers.begin(), headers.end());
    headers.erase(std::unique(headers.begin(), headers.end()), headers.end());
  }

  Book book_;
};

}  // namespace

std::vector<LintFinding> lint_rules(const RuleSets& sets) {
  Linter linter;
  for (const RuleSet* const set :
       {&sets.tcp_connection, &sets.tcp_session, &sets.tcp_request_content, &sets.http_request,
        &sets.request_lines, &sets.redirects, &sets.tcp_response_content, &sets.http_response,
        &sets.http_after_response}) {
    linter.rule_set(*set);
  }
  linter.targets(sets.use_backend, true);
  linter.targets(sets.use_server, false);  // a server that is down lets the next rule decide
  return std::move(linter.found);
}

}  // namespace evenkeel::rules
