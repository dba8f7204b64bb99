// The patterns of a map, of an ACL file or of one ACL line: a named object that all its users share and that
// commands and actions change while requests look things up.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rules/pattern_index.h"

namespace evenkeel::rules {

// What a map gives for a key; `expanded` is the text of map_regm, with references to parentheses. `none` is
// an ACL, which looks at the key alone.
enum class MapValue : std::uint8_t { none, text, number, address, expanded };

// How somebody looks into a list. Equal ways share one index.
struct PatternWay {
  MatchMethod method = MatchMethod::str;
  bool ignore_case = false;
  MapValue value = MapValue::none;
  bool operator==(const PatternWay&) const = default;
};

// A version is a complete list with its indexes. Exactly one is current, and only it is matched; the others
// are being prepared. Committing one is a single store, so that no request sees half of it. Changes of a
// version happen in place, entry by entry, under the list's lock, which no lookup takes; what they make
// invisible goes to the Reclaimer. (Copying the list for every change, the usual way of RCU, would make
// loading a million entries through the socket quadratic.)
class PatternList {
 public:
  // reclaimer must outlive the list.
  PatternList(std::string name, Reclaimer& reclaimer);
  PatternList(const PatternList&) = delete;
  PatternList& operator=(const PatternList&) = delete;
  ~PatternList();

  // --- while the configuration is read (one thread) ---

  // Lets the list be searched in this way; the number is for match(). With an error, why an entry does not
  // suit and which one, counted from 0; then the way is not there.
  struct WayAdded {
    std::size_t number = 0;
    std::string error;
    std::size_t entry = 0;
  };
  WayAdded add_way(const PatternWay& way);
  // The lines of a file; its bytes are kept and serve as the memory of the entries. columns: each line is a
  // key and a value.
  void load(std::string content, bool columns);
  // Rules are going to change the list: contains() and value_of() then need no lock.
  void expect_actions();
  // One pattern of the configuration.
  std::string append(std::string_view key);
  // Behind the last append().
  void finish();

  // --- requests (any thread, no lock) ---

  // The entry that decides, or nullptr; it stays valid until the caller's worker is back in its event loop.
  const PatternEntry* match(std::size_t way, const Sample& sample, Scratch& scratch,
                            std::vector<std::string_view>* groups = nullptr) const noexcept {
    return current_.load(std::memory_order_acquire)->indexes[way]->match(sample, scratch, groups);
  }
  // Whether the current version has this key, and what it gives for it; pre: expect_actions().
  [[nodiscard]] const PatternEntry* find_key(std::string_view key) const noexcept;
  // Whether anything has changed since the configuration was read: what was derived from the patterns then is
  // out of date.
  [[nodiscard]] bool changed() const noexcept { return changed_.load(std::memory_order_acquire); }

  // The flag is set with the first change from now on; for what is derived from many lists. At load only.
  void tell_of_changes(std::shared_ptr<std::atomic<bool>> flag) { told_.push_back(std::move(flag)); }

  // --- commands and actions (any thread) ---

  enum class Edit : std::uint8_t { done, no_such_entry, future_version, refused };
  struct EditResult {
    Edit edit = Edit::done;
    std::string why;  // of `refused`
  };
  // value nullptr: an entry without one. version nullopt: the current one.
  EditResult add(std::string_view key, const std::string_view* value,
                 std::optional<std::uint32_t> version = std::nullopt);
  // All entries of the current version with this key, or the one that shows this number.
  EditResult set(std::string_view key, std::string_view value);
  EditResult set_numbered(std::uint32_t number, std::string_view value);
  // set() where the key is there, else add().
  EditResult put(std::string_view key, std::string_view value);
  // add() without a value unless the key is there.
  void add_missing(std::string_view key);
  EditResult remove(std::string_view key);
  EditResult remove_numbered(std::uint32_t number);
  void clear(std::optional<std::uint32_t> version = std::nullopt);
  std::uint32_t prepare();
  // False: the version is not between the current one and the last prepared one.
  bool commit(std::uint32_t version);

  struct Shown {
    std::uint32_t number;
    std::string key;
    std::optional<std::string> value;
  };
  // Up to `most` entries from this number on, in order; nullopt: of the current version.
  std::vector<Shown> list(std::optional<std::uint32_t> version, std::uint32_t from, std::size_t most);
  struct Facts {
    std::uint32_t current;
    std::uint32_t next;
    std::uint64_t entries;  // as HAProxy counts them: once per way of searching
  };
  [[nodiscard]] Facts facts();
  [[nodiscard]] std::vector<PatternWay> ways() const;

  // --- who it is ---

  [[nodiscard]] const std::string& name() const noexcept { return name_; }  // empty: of one ACL line
  std::string description;
  std::int64_t id = -1;         // "#<id>" of commands; -1 until numbered
  bool of_acl = false;          // an ACL uses it
  bool of_map = false;          // a map uses it
  std::optional<bool> columns;  // how the file was read

 private:
  struct Version {
    std::string content;
    std::unique_ptr<PatternEntry[]> loaded;
    std::size_t loaded_count = 0;
    std::vector<PatternEntry*> order;  // by number; a removed one is a hole, an entry without key_bytes
    std::size_t removed = 0;
    std::vector<std::unique_ptr<PatternIndex>> indexes;  // by way
    // For commands and actions by key: one of the above, or its own, made when first needed.
    PatternIndex* by_key = nullptr;
    std::unique_ptr<PatternIndex> own_by_key;
    bool live = false;

    ~Version();
    [[nodiscard]] bool owns(const char* bytes) const noexcept {
      return bytes >= content.data() && bytes <= content.data() + content.size();
    }
    void each(const std::function<void(const PatternEntry&)>& visit) const;
    [[nodiscard]] std::size_t size() const noexcept { return order.size() - removed; }
    // The first entry with this number or a greater one.
    [[nodiscard]] std::size_t from_number(std::uint32_t number) const;
    [[nodiscard]] bool is_loaded(const PatternEntry* entry) const noexcept {
      return entry >= loaded.get() && entry < loaded.get() + loaded_count;
    }
  };

  std::unique_ptr<Version> make_version() const;
  Version& version_to_write(std::uint32_t number);
  Version* find_version(std::optional<std::uint32_t> number);
  std::string refuses(std::string_view key, const std::string_view* value) const;
  void insert(Version& version, std::string_view key, const std::string_view* value);
  void index_keys(Version& version) const;
  static PatternEntry* numbered(Version& version, std::uint32_t number);
  std::vector<PatternEntry*> entries_of(Version& version, std::string_view key);
  void erase(Version& version, const std::vector<PatternEntry*>& entries);
  void retire_entry(const Version& version, PatternEntry* entry);
  EditResult set_all(const std::vector<PatternEntry*>& entries, std::string_view key, std::string_view value);
  void put_value(const Version& version, PatternEntry& entry, std::string_view value);
  void touch() noexcept {
    changed_.store(true, std::memory_order_release);
    for (const auto& flag : told_) flag->store(true, std::memory_order_release);
  }

  std::string name_;
  Reclaimer& reclaimer_;
  std::atomic<Version*> current_;
  std::atomic<bool> changed_{false};
  std::vector<std::shared_ptr<std::atomic<bool>>> told_;

  mutable std::mutex mutex_;  // all below
  std::unique_ptr<Version> current_owner_;
  std::map<std::uint32_t, std::unique_ptr<Version>> prepared_;
  std::uint32_t current_number_ = 0;
  std::uint32_t next_number_ = 0;
  std::uint32_t next_entry_ = 0;
  bool expects_actions_ = false;
  std::vector<PatternWay> ways_;
};

// Whether a text is a value of this kind.
bool parse_map_value(std::string_view text, MapValue kind, Sample& out) noexcept;

// One line of a pattern file (manual 7.1.4, "-f"); false: it holds no pattern. Without columns, blanks behind
// the pattern belong to it.
bool split_pattern_line(std::string_view line, bool columns, std::string_view& key,
                        std::string_view& value) noexcept;

// The lines of a payload of `add map`: the first word is the key, the rest of the line the value; blanks at
// the end belong to it. A value whose data() is null is missing.
class PayloadLines {
 public:
  explicit PayloadLines(std::string_view payload) noexcept : rest_(payload) {}
  bool next(std::string_view& key, std::string_view& value) noexcept;

 private:
  std::string_view rest_;
};

// A list and a way into it: what rules hold.
class PatternUse {
 public:
  PatternUse() = default;
  PatternUse(std::shared_ptr<PatternList> list, std::size_t way) : list_(std::move(list)), way_(way) {}
  explicit operator bool() const noexcept { return list_ != nullptr; }
  [[nodiscard]] const std::shared_ptr<PatternList>& list() const noexcept { return list_; }
  const PatternEntry* match(const Sample& sample, Scratch& scratch,
                            std::vector<std::string_view>* groups = nullptr) const noexcept {
    return list_->match(way_, sample, scratch, groups);
  }

 private:
  std::shared_ptr<PatternList> list_;
  std::size_t way_ = 0;
};

}  // namespace evenkeel::rules
