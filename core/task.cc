#include "core/task.h"

#include <array>
#include <new>

#include "core/log.h"
#include "core/poison.h"

namespace evenkeel {
namespace {

// Size classes are those of the allocator beneath (16 bytes, of which 8 are its own): every byte that is
// rounded up is lost in each frame of each idle connection.
constexpr std::size_t kClass = 16;
constexpr std::size_t kHeader = 8;
constexpr std::size_t kClasses = 256;  // frames up to 4 KiB are pooled
constexpr std::size_t kKeep = 1024;    // frames kept per class and thread, as many as buffers

constexpr std::size_t size_of_class(std::size_t index) noexcept { return index * kClass - kHeader; }
constexpr std::size_t class_of(std::size_t size) noexcept { return (size + kHeader + kClass - 1) / kClass; }

struct FreeFrame {
  FreeFrame* next;
};

struct FramePool {
  std::array<FreeFrame*, kClasses> head{};
  std::array<std::size_t, kClasses> count{};
  ~FramePool() {
    for (auto*& list : head) {
      while (list != nullptr) ::operator delete(std::exchange(list, list->next));
    }
  }
};

FramePool& pool() {
  thread_local FramePool instance;
  return instance;
}

struct Detached {
  struct promise_type : detail::FramePooled {
    Detached get_return_object() const noexcept { return {}; }
    [[nodiscard]] std::suspend_never initial_suspend() const noexcept { return {}; }
    [[nodiscard]] std::suspend_never final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}
    void unhandled_exception() const noexcept {}
  };
};

Detached run_detached(Task<void> task) {
  try {
    co_await task;
  } catch (const std::exception& e) {
    log_error(std::string("a task ended by an exception: ") + e.what());
  }
}

}  // namespace

namespace detail {

void* frame_alloc(std::size_t size) {
  const std::size_t index = class_of(size);
  if (index >= kClasses) return ::operator new(size);
  auto& p = pool();
  if (p.head[index] != nullptr) {
    --p.count[index];
    void* const frame = std::exchange(p.head[index], p.head[index]->next);
    poison(frame, size_of_class(index));
    return frame;
  }
  return ::operator new(size_of_class(index));
}

void frame_free(void* frame, std::size_t size) noexcept {
  const std::size_t index = class_of(size);
  auto& p = pool();
  if (index >= kClasses || p.count[index] >= kKeep) {
    ::operator delete(frame);
    return;
  }
  ++p.count[index];
  auto* node = static_cast<FreeFrame*>(frame);
  node->next = p.head[index];
  p.head[index] = node;
}

}  // namespace detail

void spawn(Task<void> task) { run_detached(std::move(task)); }

}  // namespace evenkeel
