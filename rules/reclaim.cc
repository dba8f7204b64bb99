#include "rules/reclaim.h"

#include <mutex>

#include "core/worker.h"

namespace evenkeel::rules {

struct Reclaimer::State {
  std::mutex mutex;
  std::vector<Worker*> workers;
  std::vector<std::shared_ptr<const void>> waiting;
  bool turning = false;  // a round is under way
};

// What was retired before the round began; goes with the last message that names it.
class Reclaimer::Round {
 public:
  Round(std::shared_ptr<State> state, std::vector<std::shared_ptr<const void>> garbage)
      : state_(std::move(state)), garbage_(std::move(garbage)) {}
  Round(const Round&) = delete;
  Round& operator=(const Round&) = delete;
  ~Round() {
    garbage_.clear();
    {
      const std::scoped_lock lock(state_->mutex);
      state_->turning = false;
    }
    turn(state_);
  }

 private:
  std::shared_ptr<State> state_;
  std::vector<std::shared_ptr<const void>> garbage_;
};

Reclaimer::Reclaimer() : state_(std::make_shared<State>()) {}
Reclaimer::~Reclaimer() { watch({}); }

void Reclaimer::watch(std::vector<Worker*> workers) {
  {
    const std::scoped_lock lock(state_->mutex);
    state_->workers = std::move(workers);
  }
  turn(state_);
}

void Reclaimer::retire(std::shared_ptr<const void> garbage) {
  {
    const std::scoped_lock lock(state_->mutex);
    if (!state_->workers.empty()) state_->waiting.push_back(std::move(garbage));
  }
  turn(state_);
}

void Reclaimer::turn(const std::shared_ptr<State>& state) {
  std::vector<std::shared_ptr<const void>> garbage;
  std::shared_ptr<Round> round;
  const std::scoped_lock lock(state->mutex);
  if (state->turning || state->waiting.empty()) return;
  garbage.swap(state->waiting);
  if (state->workers.empty()) return;  // nobody reads; freed here
  state->turning = true;
  round = std::make_shared<Round>(state, std::move(garbage));
  for (Worker* worker : state->workers) worker->post([round] { (void)round; });
}

}  // namespace evenkeel::rules
