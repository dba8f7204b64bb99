// What an algorithm derives from its servers (a schedule, a map, a ring), rebuilt after changes.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "balance/policy.h"
#include "balance/published.h"

namespace evenkeel::balance {

// T is built from the candidates (MemberSet::candidates(), maybe empty), all members, and its predecessor
// (nullptr at first). A change only marks it stale; the next pick rebuilds it, so that a thousand servers
// that go down at once cost one rebuild. While one thread rebuilds, the others go on with the old T (choose()
// looks at Member::usable() itself) and wait only when that yields nobody.
template <class T>
class Live {
 public:
  using Build = std::function<std::unique_ptr<T>(const std::vector<Member*>& candidates, const MemberSet& all,
                                                 const T* previous)>;

  Live(MemberSet set, Build build) : set_(std::move(set)), build_(std::move(build)) { rebuild(); }

  void mark() noexcept { stale_.store(true, std::memory_order_release); }

  void set_members(MemberSet set) {
    const std::scoped_lock lock(mutex_);
    set_ = std::move(set);
    rebuild();
    published_.drain();
  }

  // Runs choose(T&) -> Member* on the current T.
  template <class Choose>
  Member* pick(Choose&& choose) {
    return read([&](Box& box) { return choose(*box.derived); });
  }

  [[nodiscard]] bool any_usable() {
    return read([](Box& box) -> Member* {
             for (Member* member : box.candidates) {
               if (member->usable()) return member;
             }
             return nullptr;
           }) != nullptr;
  }

  // Runs use(T&), without rebuilding.
  template <class Use>
  void with(Use&& use) {
    const ReadSection reading;
    use(*published_.get()->derived);
  }

 private:
  struct Box {
    std::vector<Member*> candidates;
    std::unique_ptr<T> derived;
  };

  template <class Choose>
  Member* read(Choose&& choose) {
    const bool stale = stale_.load(std::memory_order_acquire);
    if (stale) refresh(std::try_to_lock);
    if (Member* member = look(choose); member != nullptr || !stale) return member;
    refresh();
    return look(choose);
  }

  template <class Choose>
  Member* look(Choose&& choose) {
    const ReadSection reading;
    return choose(*published_.get());
  }

  template <class... How>
  void refresh(How... how) {
    const std::unique_lock<std::mutex> lock(mutex_, how...);
    if (lock.owns_lock() && stale_.load(std::memory_order_acquire)) rebuild();
  }

  void rebuild() {
    // Cleared first: a change that comes while we build marks it stale again.
    stale_.store(false, std::memory_order_seq_cst);
    auto box = std::make_unique<Box>();
    box->candidates = set_.candidates();
    const Box* previous = published_.get();
    box->derived = build_(box->candidates, set_, previous == nullptr ? nullptr : previous->derived.get());
    published_.publish(std::move(box));
  }

  std::mutex mutex_;  // guards set_, build_ and the writing side of published_
  MemberSet set_;
  Build build_;
  Published<Box> published_;
  std::atomic<bool> stale_{false};
};

}  // namespace evenkeel::balance
