// A map from rows of bytes to pattern entries: what numbers, networks and binary patterns are found by.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "rules/pattern_hash.h"
#include "rules/pattern_index.h"
#include "rules/slot_table.h"

namespace evenkeel::rules {

// Equal bytes lead to the first entry that has them; later ones are only counted. Changed by one thread, read
// by all.
class ByteKeys {
 public:
  explicit ByteKeys(Reclaimer& reclaimer) : reclaimer_(reclaimer) {}
  ByteKeys(const ByteKeys&) = delete;
  ByteKeys& operator=(const ByteKeys&) = delete;
  ~ByteKeys() {
    table_.each([](Node& node) { delete &node; });
  }

  void reserve(std::size_t count) { table_.reserve(count, reclaimer_); }
  void add(std::string_view bytes, const PatternEntry& entry) {
    const std::uint64_t hash = hash_bytes<false>(bytes);
    if (find_node(bytes, hash) != nullptr) {
      hidden_.insert(hash);
      return;
    }
    auto node = std::make_unique<Node>(Node{&entry, std::string(bytes)});
    table_.insert(
        hash, *node, [](const Node& n) { return hash_bytes<false>(n.bytes); }, reclaimer_);
    (void)node.release();  // the table's now
  }
  // bytes_of(other) gives the key of another entry of the list, for one that was hidden to step forward.
  template <class BytesOf>
  void remove(std::string_view bytes, const PatternEntry& entry, const PatternIndex::Entries& each,
              BytesOf bytes_of) {
    const std::uint64_t hash = hash_bytes<false>(bytes);
    Node* const node = find_node(bytes, hash);
    if (node == nullptr || node->entry != &entry) {
      forget_hidden(hash);
      return;
    }
    table_.remove(hash, *node);
    const std::string key(bytes);
    reclaimer_.retire(std::unique_ptr<Node>(node));
    if (!hidden_.contains(hash)) return;
    const PatternEntry* next = nullptr;
    each([&](const PatternEntry& other) {
      if (next == nullptr && bytes_of(other) == key) next = &other;
    });
    if (next == nullptr) return;
    forget_hidden(hash);
    add(key, *next);
  }
  [[nodiscard]] const PatternEntry* find(std::string_view bytes) const noexcept {
    const Node* const node = find_node(bytes, hash_bytes<false>(bytes));
    return node == nullptr ? nullptr : node->entry;
  }

 private:
  void forget_hidden(std::uint64_t hash) {
    if (const auto at = hidden_.find(hash); at != hidden_.end()) hidden_.erase(at);
  }
  struct Node {
    const PatternEntry* entry;
    std::string bytes;
  };
  [[nodiscard]] Node* find_node(std::string_view bytes, std::uint64_t hash) const noexcept {
    return table_.find(hash, [&](const Node& node) { return node.bytes == bytes; });
  }

  Reclaimer& reclaimer_;
  SlotTable<Node> table_;
  std::unordered_multiset<std::uint64_t> hidden_;  // hashes of entries whose key an earlier one has
};

}  // namespace evenkeel::rules
