// Variables (manual 2.8 / set-var): named values with a scope that says how long they live.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "rules/sample.h"

namespace evenkeel::rules {

class EvalContext;

enum class VarScope : std::uint8_t { proc, sess, txn, req, res, check };

// A parsed "scope.name". The hash is made at load so that a lookup compares one word before it compares text.
struct VarRef {
  VarScope scope = VarScope::txn;
  std::string name;  // without the scope
  std::uint64_t hash = 0;

  // Names are made of letters, digits, '.' and '_'. The error says which part is wrong.
  static Result<VarRef, std::string> parse(std::string_view text);
};

// The share of one store in what all stores of the process hold together; tune.vars.global-max-size and
// proc-max-size limit that. A copy has no share: its owner charges it anew.
class VariableShare {
 public:
  VariableShare() = default;
  VariableShare(const VariableShare&) noexcept {}
  VariableShare& operator=(const VariableShare&) noexcept { return *this; }
  ~VariableShare() { set(0); }
  void set(std::size_t bytes) noexcept {
    if (bytes != bytes_) change(bytes);
  }

 private:
  void change(std::size_t bytes) noexcept;
  std::size_t bytes_ = 0;
};

// The variables of one scope of one session: few, so a linear search beats any tree. Values own their text.
// Not synchronised: proc is written at load and by rules of any thread, so its owner locks (see
// LockedVariables).
class VariableStore {
 public:
  // false: not set. The sample's text points into the store: it lives until the variable changes.
  [[nodiscard]] bool get(const VarRef& ref, Sample& out) const noexcept;
  void set(const VarRef& ref, const Sample& value);
  void unset(const VarRef& ref) noexcept;
  void clear() noexcept {
    entries_.clear();
    used_ = 0;
    share_.set(0);
  }
  // Counts this store among all of the process, as it is now; needed only where they are limited.
  void charge() noexcept { share_.set(used_); }
  [[nodiscard]] bool empty() const noexcept { return entries_.empty(); }
  // Bytes of names, values and bookkeeping.
  [[nodiscard]] std::size_t used() const noexcept { return used_; }
  [[nodiscard]] std::size_t cost(const VarRef& ref, const Sample& value) const noexcept;
  // What this variable costs now; 0: it is not set.
  [[nodiscard]] std::size_t held(const VarRef& ref) const noexcept;
  template <class F>
  void each(F f) const {
    for (const Entry& entry : entries_) {
      Sample value = entry.value;
      if (value.is_text()) value.text = entry.text;
      f(std::string_view(entry.name), value);
    }
  }

 private:
  struct Entry {
    std::uint64_t hash;
    std::string name;
    Sample value;
    std::string text;
  };
  [[nodiscard]] const Entry* find(const VarRef& ref) const noexcept;
  std::vector<Entry> entries_;
  std::size_t used_ = 0;
  VariableShare share_;
};

// tune.vars.*-max-size: bytes, 0 for no limit. A scope's limit counts those inside of it as well: sess counts
// txn, which counts req and res. proc and global count the variables of the process and those of all sessions
// and checks that exist at the time.
struct VariableLimits {
  std::size_t global = 0, proc = 0, sess = 0, txn = 0, reqres = 0;
  [[nodiscard]] bool whole_process() const noexcept { return global != 0 || proc != 0; }
};
// Set at load, before any worker runs.
VariableLimits& variable_limits() noexcept;

// Picks the store of the scope; nullptr where the session has none.
VariableStore* store_of(EvalContext& ctx, VarScope scope) noexcept;

// Reads and writes through the process lock where the scope is proc; text read from proc is copied to the
// scratch.
bool get_variable(EvalContext& ctx, const VarRef& ref, Sample& out) noexcept;
// Calls f(name, value) for each variable of the scope, if the session has it.
void each_variable(EvalContext& ctx, VarScope scope,
                   const std::function<void(std::string_view, const Sample&)>& f);
// false: there is no such scope at this point of the session, or the variable would exceed a limit.
bool set_variable(EvalContext& ctx, const VarRef& ref, const Sample& value);
bool unset_variable(EvalContext& ctx, const VarRef& ref) noexcept;

}  // namespace evenkeel::rules
