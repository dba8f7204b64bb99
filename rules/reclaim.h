// Freeing what other threads may still be looking at.
#pragma once

#include <memory>
#include <utility>
#include <vector>

namespace evenkeel {
class Worker;
}

namespace evenkeel::rules {

// Maps and ACL files change while all workers read them, and readers take no lock and count no reference.
// What a change has made invisible is retired here: it is freed once every worker has come back to its event
// loop, since no rule keeps a pointer into a pattern list across a suspension (map values are copied into the
// Scratch). One message per worker frees all that was retired meanwhile, so that a rule that changes a map
// with every request costs no message per request. The rejected alternative, a copy of each list per worker
// kept up to date by messages, would multiply the memory of large maps by the number of threads, and a rule
// could not see what the rule before it had set.
class Reclaimer {
 public:
  Reclaimer();
  ~Reclaimer();
  Reclaimer(const Reclaimer&) = delete;
  Reclaimer& operator=(const Reclaimer&) = delete;

  // Whose event loops to wait for; none (at load, in tests, at the end): things go at once. Workers that are
  // named must live until this is called again without them.
  void watch(std::vector<Worker*> workers);

  // Any thread.
  template <class T>
  void retire(std::unique_ptr<T> garbage) {
    retire(std::shared_ptr<const void>(std::shared_ptr<T>(std::move(garbage))));
  }
  void retire(std::shared_ptr<const void> garbage);

 private:
  struct State;
  class Round;
  static void turn(const std::shared_ptr<State>& state);

  std::shared_ptr<State> state_;
};

}  // namespace evenkeel::rules
