// All pattern lists of a configuration, by name and by number.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "rules/pattern_list.h"

namespace evenkeel::rules {

// Made while the configuration is read, then only looked at; the lists themselves go on changing.
class PatternStore {
 public:
  PatternStore() = default;
  PatternStore(const PatternStore&) = delete;
  PatternStore& operator=(const PatternStore&) = delete;

  // The list of a file, or nullptr.
  [[nodiscard]] std::shared_ptr<PatternList> find(std::string_view name) const;
  // As commands name lists: "#<id>", or a name.
  [[nodiscard]] std::shared_ptr<PatternList> find_reference(std::string_view word) const;
  // A new one for the patterns of an ACL line.
  std::shared_ptr<PatternList> create_unnamed();
  // The list of a file, made if there is none. Actions may name lists that nobody searches.
  std::shared_ptr<PatternList> named(std::string_view name);
  // Somebody searches the list: its place in the order of numbers is here, unless it has one.
  void take_place(const std::shared_ptr<PatternList>& list);
  // Gives a number to every list that has none, in order of creation, and makes all of them ready.
  void finish();
  // Whether a list has this number (ACLs may choose theirs, -u).
  [[nodiscard]] bool has_id(std::int64_t id) const;
  // In the order of their numbers.
  [[nodiscard]] std::vector<std::shared_ptr<PatternList>> by_id() const;
  [[nodiscard]] Reclaimer& reclaimer() noexcept { return reclaimer_; }

 private:
  Reclaimer reclaimer_;  // outlives the lists
  std::vector<std::shared_ptr<PatternList>> lists_;
  std::vector<std::shared_ptr<PatternList>> expected_;  // without a place yet
  std::map<std::string, std::shared_ptr<PatternList>, std::less<>> named_;
};

}  // namespace evenkeel::rules
