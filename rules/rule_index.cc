#include "rules/rule_index.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "rules/text.h"

namespace evenkeel::rules {
namespace {

constexpr std::size_t kWorthIt = 4;  // so many rules must be filed

// Fetches without side effects whose value stays the same while the message does.
constexpr std::string_view kOfRequestLine[] = {"path",   "pathq", "url",  "base",      "baseq",
                                               "method", "query", "urlp", "url_param", "req.ver"};
constexpr std::string_view kOfHeaders[] = {"req.hdr", "req.fhdr", "hdr"};
constexpr std::string_view kOfCookies[] = {"req.cook", "cook", "cookie"};
constexpr std::string_view kOfConnection[] = {"req.ssl_sni", "fe_name", "so_name", "dst_port"};

template <std::size_t kSize>
bool among(const std::string_view (&names)[kSize], std::string_view name) noexcept {
  return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

std::string_view fetch_name(const Expression& expression) noexcept {
  const std::string_view source = expression.source();
  return resolve_acl_fetch(source.substr(0, source.find_first_of("(,"))).fetch;
}

bool changes_variables(const Expression& expression) noexcept {
  return expression.source().find("set-var") != std::string::npos;
}

bool known_dependencies(const Expression& expression) noexcept {
  const std::string_view name = fetch_name(expression);
  return among(kOfRequestLine, name) || among(kOfHeaders, name) || among(kOfCookies, name) ||
         among(kOfConnection, name);
}

// Converters may read variables, which rules change between tests.
bool can_probe(const Expression& expression, bool for_actions) noexcept {
  if (changes_variables(expression)) return false;
  // "hdr" alone reads all fields.
  if (among(kOfHeaders, fetch_name(expression)) && expression.fetch_args().size() == 0) return false;
  if (known_dependencies(expression)) return !for_actions || expression.converter_count() == 0;
  return !for_actions && fetch_name(expression) == "var";
}

bool can_file(const AclTest& test, bool for_actions) {
  const MatchMethod method = test.method();
  const bool text = method == MatchMethod::str || method == MatchMethod::beg || method == MatchMethod::end ||
                    method == MatchMethod::dir || method == MatchMethod::dom;
  return text && test.files().empty() && !test.patterns().list()->changed() &&
         can_probe(test.expression(), for_actions);
}

bool can_file(const Condition::Literal& literal, bool for_actions) {
  const auto& tests = literal.acl->tests;
  return !literal.negated && !tests.empty() &&
         std::all_of(tests.begin(), tests.end(), [&](const AclTest& t) { return can_file(t, for_actions); });
}

// Whether a text is found in the index exactly when the ACL matches; words between delimiters are not.
bool found_means_match(const Condition::Literal& literal) {
  const auto& tests = literal.acl->tests;
  return std::all_of(tests.begin(), tests.end(), [](const AclTest& test) {
    const MatchMethod method = test.method();
    return (method == MatchMethod::str || method == MatchMethod::beg || method == MatchMethod::end) &&
           fetch_name(test.expression()) != "var";
  });
}

// Exact texts tell rules apart best, prefixes of paths worst.
int selectivity(const Condition::Literal& literal) {
  int worst = 9;
  for (const AclTest& test : literal.acl->tests) {
    const int one = test.method() == MatchMethod::str ? 3 : test.method() == MatchMethod::beg ? 1 : 2;
    worst = std::min(worst, one);
  }
  return worst;
}

bool is_pure(const Condition& condition) {
  for (const auto& literals : condition.alternatives()) {
    for (const auto& literal : literals) {
      for (const AclTest& test : literal.acl->tests) {
        if (changes_variables(test.expression())) return false;
      }
    }
  }
  return true;
}

// Equal for expressions that fetch the same: "hdr(host)" and "hdr_beg(host)".
std::string identity_of(const Expression& expression) {
  if (expression.converter_count() > 0) return expression.source();
  std::string identity(fetch_name(expression));
  const Args& args = expression.fetch_args();
  for (std::size_t i = 0; i < args.size(); ++i) identity.append("\n").append(args.text(i));
  return identity;
}

}  // namespace

std::size_t Candidates::next(std::size_t from) const noexcept {
  if (words_ == nullptr || from >= rules_) return std::min(from, rules_);
  const std::size_t words = (rules_ + 63) / 64;
  std::size_t w = from / 64;
  std::uint64_t word = words_[w] & (~std::uint64_t{0} << (from % 64));
  while (word == 0) {
    if (++w == words) return rules_;
    word = words_[w];
  }
  return std::min(rules_, w * 64 + static_cast<std::size_t>(std::countr_zero(word)));
}

RuleIndex::Probe& RuleIndex::probe_of(const Expression& expression) {
  std::string identity = identity_of(expression);
  for (Probe& probe : probes_) {
    if (probe.identity == identity) return probe;
  }
  const std::string_view name = fetch_name(expression);
  std::string header;
  if (among(kOfHeaders, name) && expression.fetch_args().size() > 0) {
    header = text::lower(expression.fetch_args().text(0));
  } else if (among(kOfCookies, name)) {
    header = "cookie";
  } else if (!among(kOfConnection, name)) {
    depends_on_host_ = true;  // base reads it; the others are few enough not to be told apart
  }
  return probes_.emplace_back(Probe{std::move(identity), &expression, std::move(header), {}, {}});
}

bool RuleIndex::file(std::uint32_t rule, const Condition& condition, bool for_actions) {
  if (condition.unconditional() || condition.inverted() || !is_pure(condition)) return false;
  std::vector<const Condition::Literal*> chosen;
  for (const auto& literals : condition.alternatives()) {
    const Condition::Literal* best = nullptr;
    for (const auto& literal : literals) {
      if (!can_file(literal, for_actions)) continue;
      if (best == nullptr || selectivity(literal) > selectivity(*best)) best = &literal;
    }
    if (best == nullptr) return false;
    chosen.push_back(best);
  }
  if (chosen.size() == 1 && found_means_match(*chosen.front())) {
    const std::size_t number =
        static_cast<std::size_t>(chosen.front() - condition.alternatives().front().data());
    if (number < kNothing) known_[rule] = static_cast<std::uint8_t>(number);
  }
  for (const Condition::Literal* literal : chosen) {
    keep_.push_back(literal->acl);
    for (const AclTest& test : literal->acl->tests) {
      Probe& probe = probe_of(test.expression());
      const bool fold = test.ignores_case();
      auto table = std::find_if(probe.tables.begin(), probe.tables.end(),
                                [&](const Table& t) { return t.method == test.method() && t.fold == fold; });
      if (table == probe.tables.end()) table = probe.tables.insert(table, Table{test.method(), fold, {}, {}});
      const auto& list = test.patterns().list();
      list->tell_of_changes(outdated_);
      for (const auto& pattern : list->list(std::nullopt, 0, SIZE_MAX)) {
        std::string key(trimmed_key(pattern.key, test.method()));
        if (fold) key = text::lower(key);
        std::uint32_t number = table->patterns.find(key);
        if (number == BytesIndex::kNone) {
          number = static_cast<std::uint32_t>(table->rules.size());
          table->patterns.add(key, number);
          table->rules.emplace_back();
        }
        table->rules[number].push_back(rule);
      }
      probe.rules.push_back(rule);
    }
  }
  return true;
}

std::shared_ptr<const RuleIndex> RuleIndex::build(std::span<const Condition* const> conditions,
                                                  bool for_actions) {
  if (conditions.size() < kWorthIt) return nullptr;
  // Expressions may then read what a test before them has set.
  if (!for_actions && !std::all_of(conditions.begin(), conditions.end(), [](auto* c) { return is_pure(*c); }))
    return nullptr;
  auto index = std::make_shared<RuleIndex>();
  index->rules_ = conditions.size();
  index->known_.assign(conditions.size(), kNothing);
  index->always_.assign((conditions.size() + 63) / 64, 0);
  std::size_t filed = 0;
  for (std::size_t i = 0; i < conditions.size(); ++i) {
    if (index->file(static_cast<std::uint32_t>(i), *conditions[i], for_actions)) {
      ++filed;
    } else {
      index->always_[i / 64] |= std::uint64_t{1} << (i % 64);
    }
  }
  if (filed < kWorthIt || index->probes_.size() * 2 > filed) return nullptr;
  return index;
}

// The case of the text matters only where the table says so.
void RuleIndex::look_up(const Table& table, std::string_view text, Candidates& found) noexcept {
  const auto note = [&](std::string_view part) noexcept {
    const std::uint32_t number = table.fold ? table.patterns.find_folded(part) : table.patterns.find(part);
    if (number == BytesIndex::kNone) return;
    for (const std::uint32_t rule : table.rules[number]) found.add(rule);
  };
  const std::string_view delimiters = word_delimiters(table.method);
  if (table.method == MatchMethod::str) {
    note(text);
    return;
  }
  const auto& lengths = table.patterns.lengths();
  if (delimiters.empty()) {
    for (const std::uint32_t length : lengths) {
      if (length > text.size()) continue;
      note(table.method == MatchMethod::beg ? text.substr(0, length) : text.substr(text.size() - length));
    }
    return;
  }
  for (std::size_t at = 0;; ++at) {
    for (const std::uint32_t length : lengths) {
      const std::size_t end = at + length;
      if (end > text.size()) continue;
      if (end == text.size() || delimiters.find(text[end]) != std::string_view::npos)
        note(text.substr(at, length));
    }
    at = text.find_first_of(delimiters, at);
    if (at == std::string_view::npos) return;
  }
}

Candidates RuleIndex::candidates(EvalContext& ctx) const noexcept {
  if (outdated_->load(std::memory_order_acquire)) return {nullptr, rules_};
  // The scratch gives bytes; words are aligned by hand.
  const std::size_t bytes = always_.size() * sizeof(std::uint64_t);
  char* const memory = ctx.scratch->take(bytes + alignof(std::uint64_t) - 1);
  if (memory == nullptr) return {nullptr, rules_};
  const std::uintptr_t address = reinterpret_cast<std::uintptr_t>(memory) + alignof(std::uint64_t) - 1;
  auto* const words = reinterpret_cast<std::uint64_t*>(  // NOLINT(performance-no-int-to-ptr)
      address & ~(std::uintptr_t{alignof(std::uint64_t)} - 1));
  std::memcpy(words, always_.data(), bytes);
  Candidates found(words, rules_);
  bool pending = false;
  for (const Probe& probe : probes_) {
    FetchState state;
    state.iterate = true;
    Sample sample;
    bool exists = probe.expression->first(ctx, state, sample);
    while (true) {
      if (exists) {
        const std::string_view text = sample.is_text() ? sample.text : as_text(sample, *ctx.scratch);
        for (const Table& table : probe.tables) look_up(table, text, found);
      }
      if (!state.more) break;
      state.more = false;
      exists = probe.expression->eval(ctx, state, sample);
    }
    if (!state.pending) continue;
    pending = true;
    for (const std::uint32_t rule : probe.rules) found.add(rule);
  }
  found.set_exact(!pending);
  return found;
}

bool RuleIndex::depends_on_header(std::string_view name) const noexcept {
  if (depends_on_host_ && text::equal_fold(name, "host")) return true;
  return std::any_of(probes_.begin(), probes_.end(),
                     [&](const Probe& probe) { return text::equal_fold(probe.header, name); });
}

}  // namespace evenkeel::rules
