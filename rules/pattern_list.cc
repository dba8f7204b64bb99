#include "rules/pattern_list.h"

#include <algorithm>
#include <cstring>

namespace evenkeel::rules {
namespace {

// A text of its own that ends with a zero byte.
const char* copy_text(std::string_view text) {
  auto* const copy = new char[text.size() + 1];
  std::copy(text.begin(), text.end(), copy);
  copy[text.size()] = '\0';
  return copy;
}

std::shared_ptr<const void> owned(const char* text) {
  return {text, [](const char* bytes) { delete[] bytes; }};
}

bool is_hole(const PatternEntry* entry) noexcept { return entry->key_bytes == nullptr; }

}  // namespace

PatternList::Version::~Version() {
  for (PatternEntry* entry : order) {
    const char* const value = entry->value.load(std::memory_order_relaxed);
    if (value != nullptr && !owns(value)) delete[] value;
    if (is_loaded(entry)) continue;
    delete[] entry->key_bytes;
    delete entry;
  }
}

void PatternList::Version::each(const std::function<void(const PatternEntry&)>& visit) const {
  for (const PatternEntry* entry : order) {
    if (!is_hole(entry)) visit(*entry);
  }
}

std::size_t PatternList::Version::from_number(std::uint32_t number) const {
  const auto at = std::lower_bound(order.begin(), order.end(), number,
                                   [](const PatternEntry* e, std::uint32_t n) { return e->number < n; });
  return static_cast<std::size_t>(at - order.begin());
}

PatternList::PatternList(std::string name, Reclaimer& reclaimer)
    : name_(std::move(name)), reclaimer_(reclaimer), current_owner_(std::make_unique<Version>()) {
  current_.store(current_owner_.get(), std::memory_order_release);
}

PatternList::~PatternList() = default;

PatternList::WayAdded PatternList::add_way(const PatternWay& way) {
  const std::scoped_lock lock(mutex_);
  for (std::size_t i = 0; i < ways_.size(); ++i) {
    if (ways_[i] == way) return {i, {}};
  }
  auto index = PatternIndex::make(way.method, way.ignore_case, reclaimer_);
  Version& version = *current_owner_;
  index->reserve(version.size());
  Sample ignored;
  for (std::size_t i = 0; i < version.order.size(); ++i) {
    const PatternEntry& entry = *version.order[i];
    if (std::string why = index->refuses(entry.key()); !why.empty()) return {0, std::move(why), i};
    if (!parse_map_value(entry.text(), way.value, ignored))
      return {0, "unable to parse '" + std::string(entry.text()) + "'", i};
    index->add(entry);
  }
  if (version.live) index->go_live();
  version.indexes.push_back(std::move(index));
  ways_.push_back(way);
  return {ways_.size() - 1, {}};
}

void PatternList::load(std::string content, bool in_columns) {
  const std::scoped_lock lock(mutex_);
  columns = in_columns;
  Version& version = *current_owner_;
  version.content = std::move(content);
  char* at = version.content.data();
  char* const end = at + version.content.size();
  const auto lines = static_cast<std::size_t>(std::count(at, end, '\n')) + 1;
  version.loaded = std::make_unique<PatternEntry[]>(lines);
  version.order.reserve(lines);
  for (; at < end;) {
    auto* stop = static_cast<char*>(std::memchr(at, '\n', static_cast<std::size_t>(end - at)));
    if (stop == nullptr) stop = end;
    std::string_view key;
    std::string_view value;
    if (split_pattern_line({at, static_cast<std::size_t>(stop - at)}, in_columns, key, value)) {
      PatternEntry& entry = version.loaded[version.loaded_count++];
      entry.key_bytes = key.data();
      entry.key_length = static_cast<std::uint32_t>(key.size());
      entry.number = next_entry_++;
      if (in_columns) {
        // The byte behind a value is a blank, the line's end or the zero byte behind the whole content.
        const_cast<char*>(value.data())[value.size()] = '\0';
        entry.value.store(value.data(), std::memory_order_relaxed);
      }
      version.order.push_back(&entry);
    }
    at = stop + 1;
  }
}

void PatternList::expect_actions() {
  const std::scoped_lock lock(mutex_);
  expects_actions_ = true;
}

const PatternEntry* PatternList::find_key(std::string_view key) const noexcept {
  Scratch unused;
  const PatternIndex* const index = current_.load(std::memory_order_acquire)->by_key;
  return index == nullptr ? nullptr : index->match(Sample::of_text(key), unused, nullptr);
}

// An index of exact texts; one that lookups have will do.
void PatternList::index_keys(Version& version) const {
  if (version.by_key != nullptr) return;
  for (std::size_t i = 0; i < ways_.size(); ++i) {
    if (ways_[i].method == MatchMethod::str && !ways_[i].ignore_case)
      version.by_key = version.indexes[i].get();
  }
  if (version.by_key != nullptr) return;
  version.own_by_key = PatternIndex::make(MatchMethod::str, false, reclaimer_);
  version.own_by_key->reserve(version.size());
  version.each([&](const PatternEntry& entry) { version.own_by_key->add(entry); });
  version.own_by_key->go_live();
  version.by_key = version.own_by_key.get();
}

std::string PatternList::append(std::string_view key) {
  const std::scoped_lock lock(mutex_);
  if (std::string why = refuses(key, nullptr); !why.empty()) return why;
  insert(*current_owner_, key, nullptr);
  return {};
}

void PatternList::finish() {
  const std::scoped_lock lock(mutex_);
  current_owner_->live = true;
  for (const auto& index : current_owner_->indexes) index->go_live();
  if (expects_actions_) index_keys(*current_owner_);
}

std::string PatternList::refuses(std::string_view key, const std::string_view* value) const {
  Sample ignored;
  for (std::size_t i = 0; i < ways_.size(); ++i) {
    if (value != nullptr && !parse_map_value(*value, ways_[i].value, ignored))
      return "unable to parse '" + std::string(*value) + "'";
    std::string why = current_owner_->indexes[i]->refuses(key);
    if (!why.empty()) return why;
  }
  return {};
}

void PatternList::insert(Version& version, std::string_view key, const std::string_view* value) {
  auto entry = std::make_unique<PatternEntry>();
  entry->key_bytes = copy_text(key);
  entry->key_length = static_cast<std::uint32_t>(key.size());
  entry->number = next_entry_++;
  if (value != nullptr) entry->value.store(copy_text(*value), std::memory_order_relaxed);
  PatternEntry& added = *entry.release();  // the version's now
  version.order.push_back(&added);
  for (const auto& index : version.indexes) index->add(added);
  if (version.own_by_key) version.own_by_key->add(added);
}

std::unique_ptr<PatternList::Version> PatternList::make_version() const {
  auto version = std::make_unique<Version>();
  for (const PatternWay& way : ways_) {
    version->indexes.push_back(PatternIndex::make(way.method, way.ignore_case, reclaimer_));
  }
  if (expects_actions_) index_keys(*version);
  return version;
}

// Numbers of versions are counted modulo 2^32, as HAProxy does.
PatternList::Version& PatternList::version_to_write(std::uint32_t number) {
  if (number == current_number_) return *current_owner_;
  std::unique_ptr<Version>& version = prepared_[number];
  if (!version) version = make_version();
  return *version;
}

PatternList::Version* PatternList::find_version(std::optional<std::uint32_t> number) {
  if (!number || *number == current_number_) return current_owner_.get();
  const auto found = prepared_.find(*number);
  return found == prepared_.end() ? nullptr : found->second.get();
}

PatternList::EditResult PatternList::add(std::string_view key, const std::string_view* value,
                                         std::optional<std::uint32_t> version) {
  const std::scoped_lock lock(mutex_);
  const std::uint32_t number = version.value_or(current_number_);
  if (static_cast<std::int32_t>(next_number_ - number) < 0) return {Edit::future_version, {}};
  if (std::string why = refuses(key, value); !why.empty()) return {Edit::refused, std::move(why)};
  insert(version_to_write(number), key, value);
  touch();
  return {};
}

// Through an index of exact texts, so that a script that changes a million entries one by one ends.
std::vector<PatternEntry*> PatternList::entries_of(Version& version, std::string_view key) {
  index_keys(version);
  Scratch unused;
  std::vector<PatternEntry*> found;
  const PatternEntry* const first = version.by_key->match(Sample::of_text(key), unused, nullptr);
  if (first == nullptr) return found;
  if (!version.by_key->may_repeat(key)) {
    found.push_back(version.order[version.from_number(first->number)]);
    return found;
  }
  for (PatternEntry* entry : version.order) {
    if (!is_hole(entry) && entry->key() == key) found.push_back(entry);
  }
  return found;
}

PatternEntry* PatternList::numbered(Version& version, std::uint32_t number) {
  const std::size_t at = version.from_number(number);
  if (at == version.order.size() || version.order[at]->number != number || is_hole(version.order[at]))
    return nullptr;
  return version.order[at];
}

void PatternList::put_value(const Version& version, PatternEntry& entry, std::string_view value) {
  const char* const before = entry.value.exchange(copy_text(value), std::memory_order_acq_rel);
  if (before != nullptr && !version.owns(before)) reclaimer_.retire(owned(before));
}

PatternList::EditResult PatternList::set_all(const std::vector<PatternEntry*>& entries, std::string_view key,
                                             std::string_view value) {
  if (std::string why = refuses(key, &value); !why.empty()) return {Edit::refused, std::move(why)};
  for (PatternEntry* entry : entries) put_value(*current_owner_, *entry, value);
  touch();
  return {};
}

PatternList::EditResult PatternList::set(std::string_view key, std::string_view value) {
  const std::scoped_lock lock(mutex_);
  const auto entries = entries_of(*current_owner_, key);
  return entries.empty() ? EditResult{Edit::no_such_entry, {}} : set_all(entries, key, value);
}

PatternList::EditResult PatternList::put(std::string_view key, std::string_view value) {
  const std::scoped_lock lock(mutex_);
  const auto entries = entries_of(*current_owner_, key);
  if (!entries.empty()) return set_all(entries, key, value);
  if (std::string why = refuses(key, &value); !why.empty()) return {Edit::refused, std::move(why)};
  insert(*current_owner_, key, &value);
  touch();
  return {};
}

void PatternList::add_missing(std::string_view key) {
  const std::scoped_lock lock(mutex_);
  if (!entries_of(*current_owner_, key).empty() || !refuses(key, nullptr).empty()) return;
  insert(*current_owner_, key, nullptr);
  touch();
}

PatternList::EditResult PatternList::set_numbered(std::uint32_t number, std::string_view value) {
  const std::scoped_lock lock(mutex_);
  PatternEntry* const entry = numbered(*current_owner_, number);
  if (entry == nullptr) return {Edit::no_such_entry, {}};
  if (std::string why = refuses(entry->key(), &value); !why.empty()) return {Edit::refused, std::move(why)};
  put_value(*current_owner_, *entry, value);
  touch();
  return {};
}

void PatternList::retire_entry(const Version& version, PatternEntry* entry) {
  const char* const value = entry->value.load(std::memory_order_relaxed);
  if (value != nullptr && !version.owns(value)) reclaimer_.retire(owned(value));
  if (version.is_loaded(entry)) return;
  reclaimer_.retire(owned(entry->key_bytes));
  reclaimer_.retire(std::shared_ptr<const void>(std::shared_ptr<PatternEntry>(entry)));
}

void PatternList::erase(Version& version, const std::vector<PatternEntry*>& entries) {
  for (const PatternEntry* entry : entries) {
    auto hole = std::make_unique<PatternEntry>();
    hole->key_bytes = nullptr;
    hole->number = entry->number;
    version.order[version.from_number(entry->number)] = hole.release();
  }
  version.removed += entries.size();
  const auto each = [&](const std::function<void(const PatternEntry&)>& visit) { version.each(visit); };
  for (PatternEntry* entry : entries) {
    for (const auto& index : version.indexes) index->remove(*entry, each);
    if (version.own_by_key) version.own_by_key->remove(*entry, each);
    retire_entry(version, entry);
  }
  if (2 * version.removed > version.order.size()) {
    std::erase_if(version.order, [](const PatternEntry* entry) {
      if (!is_hole(entry)) return false;
      delete entry;
      return true;
    });
    version.removed = 0;
  }
  touch();
}

PatternList::EditResult PatternList::remove(std::string_view key) {
  const std::scoped_lock lock(mutex_);
  const auto entries = entries_of(*current_owner_, key);
  if (entries.empty()) return {Edit::no_such_entry, {}};
  erase(*current_owner_, entries);
  return {};
}

PatternList::EditResult PatternList::remove_numbered(std::uint32_t number) {
  const std::scoped_lock lock(mutex_);
  PatternEntry* const entry = numbered(*current_owner_, number);
  if (entry == nullptr) return {Edit::no_such_entry, {}};
  erase(*current_owner_, {entry});
  return {};
}

void PatternList::clear(std::optional<std::uint32_t> version) {
  const std::scoped_lock lock(mutex_);
  if (version && *version != current_number_) {
    prepared_.erase(*version);
    return;
  }
  auto fresh = make_version();
  fresh->live = true;
  for (const auto& index : fresh->indexes) index->go_live();
  current_.store(fresh.get(), std::memory_order_release);
  reclaimer_.retire(std::exchange(current_owner_, std::move(fresh)));
  touch();
}

std::uint32_t PatternList::prepare() {
  const std::scoped_lock lock(mutex_);
  return ++next_number_;
}

bool PatternList::commit(std::uint32_t version) {
  const std::scoped_lock lock(mutex_);
  if (version - current_number_ == 0 || version - current_number_ > next_number_ - current_number_)
    return false;
  auto& prepared = prepared_[version];
  auto fresh = prepared ? std::move(prepared) : make_version();
  fresh->live = true;
  for (const auto& index : fresh->indexes) index->go_live();
  current_.store(fresh.get(), std::memory_order_release);
  reclaimer_.retire(std::exchange(current_owner_, std::move(fresh)));
  // Everything older than what is current now can no longer be committed.
  std::erase_if(prepared_, [&](const auto& one) {
    return !one.second || static_cast<std::int32_t>(version - one.first) >= 0;
  });
  current_number_ = version;
  touch();
  return true;
}

std::vector<PatternList::Shown> PatternList::list(std::optional<std::uint32_t> version, std::uint32_t from,
                                                  std::size_t most) {
  const std::scoped_lock lock(mutex_);
  std::vector<Shown> shown;
  Version* const which = find_version(version);
  if (which == nullptr) return shown;
  std::size_t at = which->from_number(from);
  for (; at < which->order.size() && shown.size() < most; ++at) {
    const PatternEntry* const entry = which->order[at];
    if (is_hole(entry)) continue;
    const bool valued = entry->value.load(std::memory_order_relaxed) != nullptr;
    shown.push_back({entry->number, std::string(entry->key()),
                     valued ? std::optional<std::string>(entry->text()) : std::nullopt});
  }
  return shown;
}

PatternList::Facts PatternList::facts() {
  const std::scoped_lock lock(mutex_);
  std::uint64_t entries = current_owner_->size();
  for (const auto& [number, version] : prepared_) entries += version ? version->size() : 0;
  return {current_number_, next_number_, entries * ways_.size()};
}

std::vector<PatternWay> PatternList::ways() const {
  const std::scoped_lock lock(mutex_);
  return ways_;
}

bool parse_map_value(std::string_view text, MapValue kind, Sample& out) noexcept {
  if (kind == MapValue::number) {
    std::int64_t value = 0;
    if (!parse_int(text, value)) return false;
    out = Sample::of_int(value);
    return true;
  }
  if (kind == MapValue::address) return parse_ip(text, out);
  out = Sample::of_text(text);
  return true;
}

bool split_pattern_line(std::string_view line, bool columns, std::string_view& key,
                        std::string_view& value) noexcept {
  line = line.substr(0, line.find('\0'));
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  if (line.empty() || line.front() == '#') return false;
  line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
  if (line.empty()) return false;
  if (!columns) {
    key = line;
    value = {};
    return true;
  }
  key = line.substr(0, line.find_first_of(" \t"));
  value = line.substr(key.size());
  value.remove_prefix(std::min(value.find_first_not_of(" \t"), value.size()));
  value = value.substr(0, value.find_last_not_of(" \t") + 1);
  return true;
}

bool PayloadLines::next(std::string_view& key, std::string_view& value) noexcept {
  std::string_view line;
  while (line.empty()) {
    if (rest_.empty()) return false;
    line = rest_.substr(0, rest_.find('\n'));
    rest_.remove_prefix(std::min(line.size() + 1, rest_.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
  }
  key = line.substr(0, line.find_first_of(" \t"));
  const std::size_t from = line.find_first_not_of(" \t", key.size());
  value = from == std::string_view::npos ? std::string_view() : line.substr(from);
  return true;
}

}  // namespace evenkeel::rules
