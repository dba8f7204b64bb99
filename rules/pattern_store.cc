#include "rules/pattern_store.h"

#include <algorithm>
#include <set>

namespace evenkeel::rules {

std::shared_ptr<PatternList> PatternStore::find(std::string_view name) const {
  const auto found = named_.find(name);
  return found == named_.end() ? nullptr : found->second;
}

std::shared_ptr<PatternList> PatternStore::find_reference(std::string_view word) const {
  if (!word.starts_with('#')) return find(word);
  std::int64_t id = 0;
  if (!parse_int(word.substr(1), id)) return nullptr;
  const auto at =
      std::find_if(lists_.begin(), lists_.end(), [&](const auto& list) { return list->id == id; });
  return at == lists_.end() ? nullptr : *at;
}

std::shared_ptr<PatternList> PatternStore::create_unnamed() {
  return lists_.emplace_back(std::make_shared<PatternList>(std::string(), reclaimer_));
}

std::shared_ptr<PatternList> PatternStore::named(std::string_view name) {
  if (auto found = find(name)) return found;
  auto list = std::make_shared<PatternList>(std::string(name), reclaimer_);
  expected_.push_back(list);
  named_[list->name()] = list;
  return list;
}

void PatternStore::take_place(const std::shared_ptr<PatternList>& list) {
  const auto at = std::find(expected_.begin(), expected_.end(), list);
  if (at == expected_.end()) return;
  expected_.erase(at);
  lists_.push_back(list);
}

bool PatternStore::has_id(std::int64_t id) const {
  return std::any_of(lists_.begin(), lists_.end(), [&](const auto& list) { return list->id == id; });
}

void PatternStore::finish() {
  lists_.insert(lists_.end(), expected_.begin(), expected_.end());
  expected_.clear();
  std::set<std::int64_t> taken;
  for (const auto& list : lists_) taken.insert(list->id);
  std::int64_t next = 0;
  for (const auto& list : lists_) {
    list->finish();
    if (list->id >= 0) continue;
    while (taken.contains(next)) ++next;
    list->id = next++;
  }
}

std::vector<std::shared_ptr<PatternList>> PatternStore::by_id() const {
  auto all = lists_;
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a->id < b->id; });
  return all;
}

}  // namespace evenkeel::rules
