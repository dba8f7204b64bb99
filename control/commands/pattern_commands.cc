// show|get|add|set|del|clear|prepare|commit map|acl: the pattern lists of maps and ACLs (management
// guide 9.3).
#include <charconv>
#include <cinttypes>
#include <cstdio>
#include <optional>

#include "control/commands/commands.h"
#include "frontends/engine.h"
#include "rules/pattern_store.h"

namespace evenkeel::control {
namespace {

using rules::MapValue;
using rules::MatchMethod;
using rules::PatternList;
using Edit = PatternList::Edit;
using ListPointer = std::shared_ptr<PatternList>;

// What a command says of lists; some commands of ACLs speak of maps, which scripts may look for.
template <bool kMap>
constexpr const char* kKind = kMap ? "map" : "ACL";
template <bool kMap>
std::string unknown() {
  return std::string("Unknown ") + kKind<kMap> + " identifier. Please use #<id> or <file>.\n";
}

ListPointer find_any(Call& call, std::string_view word) {
  const auto& patterns = call.engine.config().patterns;
  return patterns ? patterns->find_reference(word) : nullptr;
}
template <bool kMap>
ListPointer find_of_kind(Call& call, std::string_view word) {
  ListPointer list = find_any(call, word);
  return list && (kMap ? list->of_map : list->of_acl) ? list : nullptr;
}

// "@3" in front of the other arguments. As with strtoul, what is no number counts as 0.
struct Versioned {
  std::optional<std::uint32_t> version;
  std::size_t first = 0;  // the argument behind it
};
Versioned read_version(const Call& call) {
  const std::string_view word = call.arg(0);
  if (!word.starts_with('@')) return {};
  std::uint32_t number = 0;
  (void)std::from_chars(word.data() + 1, word.data() + word.size(), number);
  return {number, 1};
}

// Entries are named by an address in HAProxy and by their number here; both look like "0x7f".
std::string reference_of(std::uint32_t number) {
  char text[24];
  std::snprintf(text, sizeof text, "0x%" PRIx64, std::uint64_t{number} + 1);
  return text;
}
std::optional<std::uint32_t> number_of(std::string_view word) {
  if (!word.starts_with("#0x")) return std::nullopt;
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(word.data() + 3, word.data() + word.size(), value, 16);
  if (error != std::errc() || end != word.data() + word.size()) return std::nullopt;
  return static_cast<std::uint32_t>(value - 1);
}

template <bool kMap>
Task<void> list_all(Call& call, Output& out) {
  out.text += "# id (file) description\n";
  if (!call.engine.config().patterns) co_return;
  for (const ListPointer& list : call.engine.config().patterns->by_id()) {
    if (kMap ? !list->of_map : !list->of_acl) continue;
    const PatternList::Facts facts = list->facts();
    out.text += std::to_string(list->id) + " (" + list->name() + ") " + list->description +
                ". curr_ver=" + std::to_string(facts.current) + " next_ver=" + std::to_string(facts.next) +
                " entry_cnt=" + std::to_string(facts.entries) + "\n";
    if (out.full() && !co_await out.flush()) co_return;
  }
}

template <bool kMap>
Task<void> show(Call& call, Output& out) {
  const Versioned versioned = read_version(call);
  const std::string_view word = call.arg(versioned.first);
  if (word.empty() && versioned.first == 0) {
    co_await list_all<kMap>(call, out);
    co_return;
  }
  const ListPointer list = find_of_kind<kMap>(call, word);
  if (!list) {
    out.refuse(unknown<kMap>());
    co_return;
  }
  // A piece at a time, so that the lock on the list is held shortly; entries may come and go in between.
  constexpr std::size_t kPiece = 256;
  std::uint32_t next = 0;
  for (;;) {
    const auto shown = list->list(versioned.version, next, kPiece);
    for (const PatternList::Shown& one : shown) {
      out.text += reference_of(one.number) + " " + one.key;
      if (one.value) out.text += " " + *one.value;
      out.text += '\n';
    }
    if (shown.size() < kPiece) co_return;
    next = shown.back().number + 1;
    if (out.full() && !co_await out.flush()) co_return;
  }
}

std::string_view type_of(MapValue value, const rules::Sample& sample) {
  if (value == MapValue::number) return "sint";
  return value == MapValue::address ? rules::to_string(sample.type) : std::string_view("str");
}

bool has_tree(const rules::PatternWay& way) {
  if (way.method == MatchMethod::ip) return true;
  return !way.ignore_case && (way.method == MatchMethod::str || way.method == MatchMethod::beg);
}

template <bool kMap>
void append_match(std::string& out, const PatternList& list, std::size_t number, const rules::PatternWay& way,
                  std::string_view text) {
  rules::Scratch scratch;
  const auto* const entry = list.match(number, rules::Sample::of_text(text), scratch);
  out += "type=";
  out += way.value == MapValue::expanded ? "regm" : rules::to_string(way.method);
  out += way.ignore_case ? ", case=insensitive" : ", case=sensitive";
  out += kMap ? ", found=" : ", match=";
  out += entry == nullptr ? "no" : "yes";
  if (entry != nullptr) {
    out += has_tree(way) ? ", idx=tree" : ", idx=list";
    out += std::string(kMap ? ", key=\"" : ", pattern=\"") + std::string(entry->key()) + '"';
    if (kMap && way.value == MapValue::none) out += ", value=none";
    if (kMap && way.value != MapValue::none) {
      rules::Sample value;
      (void)rules::parse_map_value(entry->text(), way.value, value);
      out += ", value=\"" + std::string(entry->text()) + "\", type=\"";
      out += std::string(type_of(way.value, value)) + '"';
    }
  }
  out += '\n';
}

template <bool kMap>
Answer get(Call& call) {
  if (call.arg(0).empty() || call.arg(1).empty())
    return failed(std::string("Missing ") + kKind<kMap> + " identifier and/or key.\n");
  const ListPointer list = find_any(call, call.arg(0));
  if (!list) return failed(unknown<kMap>());
  Answer answer;
  const auto ways = list->ways();
  for (std::size_t i = 0; i < ways.size(); ++i)
    append_match<kMap>(answer.text, *list, i, ways[i], call.arg(1));
  return answer;
}

template <bool kMap>
Answer add_answer(const PatternList::EditResult& result) {
  if (result.edit == Edit::future_version) {
    return failed(std::string("Version number in the future, please use 'prepare ") + (kMap ? "map" : "acl") +
                  "' before.\n");
  }
  return result.edit == Edit::refused ? failed(result.why + ".\n") : done();
}

// A key and a value per line; the value may contain blanks.
Answer add_lines(PatternList& list, std::optional<std::uint32_t> version, std::string_view payload) {
  rules::PayloadLines lines(payload);
  std::string_view key;
  std::string_view value;
  while (lines.next(key, value)) {
    if (value.data() == nullptr) return failed("Missing value for key '" + std::string(key) + "'.\n");
    Answer answer = add_answer<true>(list.add(key, &value, version));
    if (!answer.text.empty()) return answer;
  }
  return done();
}

bool is_lines(const Call& call) { return !call.payload.empty(); }

Answer del(Call& call, const ListPointer& list) {
  const std::string_view key = call.arg(1);
  const auto number = number_of(key);
  const auto result = number ? list->remove_numbered(*number) : list->remove(key);
  return result.edit == Edit::done ? done() : failed("Key not found.\n");
}

template <bool kMap>
Answer del_any(Call& call) {
  if (call.arg(0).empty() || call.arg(1).empty()) {
    return failed(std::string("This command expects two parameters: ") + kKind<kMap> +
                  " identifier and key.\n");
  }
  const ListPointer list = find_of_kind<kMap>(call, call.arg(0));
  return list ? del(call, list) : failed(unknown<true>());
}

template <bool kMap>
Answer clear(Call& call) {
  const Versioned versioned = read_version(call);
  const std::string_view word = call.arg(versioned.first);
  if (word.empty()) return failed(std::string("Missing ") + kKind<kMap> + " identifier.\n");
  const ListPointer list = find_of_kind<kMap>(call, word);
  if (!list) return failed(unknown<kMap>());
  list->clear(versioned.version);
  return done();
}

template <bool kMap>
Answer prepare(Call& call) {
  const ListPointer list = find_of_kind<kMap>(call, call.arg(0));
  if (!list) return failed(unknown<kMap>());
  return {"New version created: " + std::to_string(list->prepare()) + "\n", Severity::info};
}

template <bool kMap>
Answer commit(Call& call) {
  const Versioned versioned = read_version(call);
  if (!versioned.version) return failed("Missing version number.\n");
  if (call.arg(1).empty()) return failed(std::string("Missing ") + kKind<kMap> + " identifier.\n");
  const ListPointer list = find_of_kind<kMap>(call, call.arg(1));
  if (!list) return failed(unknown<kMap>());
  return list->commit(*versioned.version) ? done() : failed("Version number out of range.\n");
}

}  // namespace

Task<void> show_map(Call& call, Output& out) { return show<true>(call, out); }
Task<void> show_acl(Call& call, Output& out) { return show<false>(call, out); }
Answer get_map(Call& call) { return get<true>(call); }
Answer get_acl(Call& call) { return get<false>(call); }

Answer add_map(Call& call) {
  const Versioned at = read_version(call);
  const std::string_view value = call.arg(at.first + 2);
  if (call.arg(at.first).empty() || (value.empty() && !is_lines(call))) {
    return failed(
        "'add map' expects three parameters (map identifier, key and value) or one parameter (map "
        "identifier) "
        "and a payload\n");
  }
  const ListPointer list = find_any(call, call.arg(at.first));
  if (!list) return failed(unknown<true>());
  if (is_lines(call)) return add_lines(*list, at.version, call.payload);
  return add_answer<true>(list->add(call.arg(at.first + 1), &value, at.version));
}

Answer add_acl(Call& call) {
  const Versioned at = read_version(call);
  if (call.arg(at.first).empty() || call.arg(at.first + 1).empty() || is_lines(call))
    return failed("'add acl' expects two parameters: ACL identifier and pattern.\n");
  const ListPointer list = find_any(call, call.arg(at.first));
  if (!list) return failed(unknown<false>());
  if (list->of_map) {
    return failed(
        "This ACL is shared with a map containing samples. You must use the command 'add map' to add "
        "values.\n");
  }
  return add_answer<false>(list->add(call.arg(at.first + 1), nullptr, at.version));
}

Answer set_map(Call& call) {
  const std::string_view key = call.arg(1);
  if (call.arg(0).empty() || key.empty() || call.arg(2).empty())
    return failed("'set map' expects three parameters: map identifier, key and value.\n");
  const ListPointer list = find_any(call, call.arg(0));
  if (!list) return failed(unknown<true>());
  const auto number = number_of(key);
  const auto result = number ? list->set_numbered(*number, call.arg(2)) : list->set(key, call.arg(2));
  if (result.edit == Edit::refused) return failed(result.why + ".\n");
  if (result.edit == Edit::done) return done();
  return failed(number ? "key or pattern not found.\n" : "entry not found.\n");
}

Answer del_map(Call& call) { return del_any<true>(call); }
Answer del_acl(Call& call) { return del_any<false>(call); }
Answer clear_map(Call& call) { return clear<true>(call); }
Answer clear_acl(Call& call) { return clear<false>(call); }
Answer prepare_map(Call& call) { return prepare<true>(call); }
Answer prepare_acl(Call& call) { return prepare<false>(call); }
Answer commit_map(Call& call) { return commit<true>(call); }
Answer commit_acl(Call& call) { return commit<false>(call); }

}  // namespace evenkeel::control
