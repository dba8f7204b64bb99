#include "rules/variables.h"

#include <algorithm>
#include <atomic>
#include <shared_mutex>

#include "rules/context.h"

namespace evenkeel::rules {
namespace {

constexpr std::string_view kScopes[] = {"proc", "sess", "txn", "req", "res", "check"};

// Process variables are read and written by all workers. One lock for all of them: writes are rare, and the
// reads that matter (proc constants set in `global`) share it.
std::shared_mutex& process_lock() {
  static std::shared_mutex lock;
  return lock;
}

std::uint64_t hash_of(std::string_view text) noexcept {
  std::uint64_t hash = 0xcbf29ce484222325U;  // FNV-1a
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  return hash;
}

bool name_char(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
         c == '-';
}

// Bytes of all stores but that of the process.
std::atomic<std::size_t>& shared_bytes() noexcept {
  static std::atomic<std::size_t> bytes{0};
  return bytes;
}

}  // namespace

void VariableShare::change(std::size_t bytes) noexcept {
  shared_bytes().fetch_add(bytes - bytes_, std::memory_order_relaxed);  // wraps around as it should
  bytes_ = bytes;
}

Result<VarRef, std::string> VarRef::parse(std::string_view text) {
  const std::size_t dot = text.find('.');
  const std::string_view scope = text.substr(0, dot);
  const auto* const found = std::find(std::begin(kScopes), std::end(kScopes), scope);
  if (found == std::end(kScopes)) {
    return "'" + std::string(scope) +
           "' is no variable scope: write proc., sess., txn., req., res. or check. before the name";
  }
  if (dot == std::string_view::npos || dot + 1 == text.size()) return std::string("the variable has no name");
  const std::string_view name = text.substr(dot + 1);
  if (!std::all_of(name.begin(), name.end(), name_char)) {
    return "variable name '" + std::string(name) + "' may hold letters, digits, '.', '_' and '-' only";
  }
  return VarRef{static_cast<VarScope>(found - std::begin(kScopes)), std::string(name), hash_of(name)};
}

const VariableStore::Entry* VariableStore::find(const VarRef& ref) const noexcept {
  for (const Entry& entry : entries_) {
    if (entry.hash == ref.hash && entry.name == ref.name) return &entry;
  }
  return nullptr;
}

bool VariableStore::get(const VarRef& ref, Sample& out) const noexcept {
  const Entry* const entry = find(ref);
  if (entry == nullptr) return false;
  out = entry->value;
  if (out.is_text()) out.text = entry->text;
  return true;
}

void VariableStore::set(const VarRef& ref, const Sample& value) {
  // The value may point into the store itself, which growing moves: copy its text before anything else.
  std::string text(value.is_text() ? value.text : std::string_view());
  auto* entry = const_cast<Entry*>(find(ref));
  used_ += cost(ref, value);
  if (entry == nullptr) {
    entry = &entries_.emplace_back(Entry{ref.hash, ref.name, {}, {}});
  } else {
    used_ -= sizeof(Entry) + entry->name.size() + entry->text.size();
  }
  entry->text = std::move(text);
  entry->value = value;
  entry->value.text = {};
}

void VariableStore::unset(const VarRef& ref) noexcept {
  const Entry* const entry = find(ref);
  if (entry == nullptr) return;
  used_ -= sizeof(Entry) + entry->name.size() + entry->text.size();
  entries_.erase(entries_.begin() + (entry - entries_.data()));
}

std::size_t VariableStore::cost(const VarRef& ref, const Sample& value) const noexcept {
  return sizeof(Entry) + ref.name.size() + (value.is_text() ? value.text.size() : 0);
}

std::size_t VariableStore::held(const VarRef& ref) const noexcept {
  const Entry* const entry = find(ref);
  return entry == nullptr ? 0 : sizeof(Entry) + entry->name.size() + entry->text.size();
}

VariableLimits& variable_limits() noexcept {
  static VariableLimits limits;
  return limits;
}

VariableStore* store_of(EvalContext& ctx, VarScope scope) noexcept {
  switch (scope) {
    case VarScope::proc:
      return ctx.process_vars;
    case VarScope::sess:
      return ctx.session_vars;
    case VarScope::txn:
      return ctx.transaction_vars;
    case VarScope::req:
      return ctx.request_vars;
    case VarScope::res:
      return ctx.response_vars;
    case VarScope::check:
      return ctx.check_vars;
  }
  return nullptr;
}

bool get_variable(EvalContext& ctx, const VarRef& ref, Sample& out) noexcept {
  const VariableStore* const store = store_of(ctx, ref.scope);
  if (store == nullptr) return false;
  if (ref.scope != VarScope::proc) return store->get(ref, out);
  const std::shared_lock hold(process_lock());
  if (!store->get(ref, out)) return false;
  if (out.is_text()) out.text = ctx.scratch->copy(out.text);
  return true;
}

void each_variable(EvalContext& ctx, VarScope scope,
                   const std::function<void(std::string_view, const Sample&)>& f) {
  const VariableStore* const store = store_of(ctx, scope);
  if (store == nullptr) return;
  std::shared_lock<std::shared_mutex> hold;
  if (scope == VarScope::proc) hold = std::shared_lock(process_lock());
  store->each(f);
}

namespace {

std::size_t used(const VariableStore* store) noexcept { return store == nullptr ? 0 : store->used(); }

// Whether so many more bytes are within the limits of the scope and of those around it.
bool fits(const EvalContext& ctx, VarScope scope, std::size_t more) noexcept {
  const VariableLimits& limits = variable_limits();
  const auto within = [](std::size_t size, std::size_t limit) { return limit == 0 || size <= limit; };
  if (limits.whole_process()) {
    const std::size_t all = shared_bytes().load(std::memory_order_relaxed) + used(ctx.process_vars) + more;
    if (!within(all, limits.proc) || !within(all, limits.global)) return false;
  }
  if (scope == VarScope::proc || scope == VarScope::check) return true;
  std::size_t size = used(ctx.request_vars) + used(ctx.response_vars) + more;
  if ((scope == VarScope::req || scope == VarScope::res) && !within(size, limits.reqres)) return false;
  size += used(ctx.transaction_vars);
  if (scope != VarScope::sess && !within(size, limits.txn)) return false;
  return within(size + used(ctx.session_vars), limits.sess);
}

}  // namespace

bool set_variable(EvalContext& ctx, const VarRef& ref, const Sample& value) {
  VariableStore* const store = store_of(ctx, ref.scope);
  if (store == nullptr) return false;
  std::unique_lock<std::shared_mutex> hold;
  if (ref.scope == VarScope::proc) hold = std::unique_lock(process_lock());
  // What the variable holds already is given back by the change.
  const std::size_t more = store->cost(ref, value);
  const std::size_t less = store->held(ref);
  if (more > less && !fits(ctx, ref.scope, more - less)) return false;
  store->set(ref, value);
  if (ref.scope != VarScope::proc && variable_limits().whole_process()) store->charge();
  return true;
}

bool unset_variable(EvalContext& ctx, const VarRef& ref) noexcept {
  VariableStore* const store = store_of(ctx, ref.scope);
  if (store == nullptr) return false;
  if (ref.scope != VarScope::proc) {
    store->unset(ref);
    if (variable_limits().whole_process()) store->charge();
    return true;
  }
  const std::unique_lock hold(process_lock());
  store->unset(ref);
  return true;
}

}  // namespace evenkeel::rules
