#include "core/poller.h"

#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <system_error>

namespace evenkeel {

Poller::Poller() : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
  if (epoll_ < 0) throw std::system_error(errno, std::generic_category(), "epoll_create1");
}

Poller::~Poller() { ::close(epoll_); }

namespace {

// User space ends below this bit on the machines that we run on, so a pointer leaves room for a generation.
constexpr int kPointerBits = 48;

std::uint64_t name_of(const Watch& watch) noexcept {
  return reinterpret_cast<std::uintptr_t>(&watch) | std::uint64_t{watch.generation} << kPointerBits;
}

// Null: an event of a descriptor that has been dropped.
Watch* watch_of(std::uint64_t name) noexcept {
  // NOLINTNEXTLINE(performance-no-int-to-ptr)
  auto* const watch = reinterpret_cast<Watch*>(name & ((std::uint64_t{1} << kPointerBits) - 1));
  return watch->owner != nullptr && watch->generation == name >> kPointerBits ? watch : nullptr;
}

// When many are ready, what an event leads to has left the caches since the last one: asked for while others
// are handled, it is there in time.
constexpr int kAhead = 4;  // events

void fetch_ahead(const epoll_event* events, int i, int n) noexcept {
  constexpr std::uint64_t kPointer = (std::uint64_t{1} << kPointerBits) - 1;
  if (i + 2 * kAhead < n)
    __builtin_prefetch(reinterpret_cast<const void*>(  // NOLINT(performance-no-int-to-ptr)
        events[i + 2 * kAhead].data.u64 & kPointer));
  if (i + kAhead >= n) return;
  const Watch* const watch = watch_of(events[i + kAhead].data.u64);
  if (watch == nullptr) return;
  // A stream, and what it is a part of.
  const char* const owner = static_cast<const char*>(watch->owner);
  for (int line = 0; line < 4; ++line) __builtin_prefetch(owner + line * 64, 1);
}

}  // namespace

Watch* Poller::make(Watch::Callback callback, void* owner, int fd) {
  if (free_.empty()) {
    // Room for all of them, so that giving one back cannot fail.
    free_.reserve(watches_.size() + 1);
    graveyard_.reserve(watches_.size() + 1);
    free_.push_back(&watches_.emplace_back());
  }
  Watch* const watch = free_.back();
  free_.pop_back();
  watch->callback = callback;
  watch->owner = owner;
  watch->fd = fd;
  watch->registered = Watch::kNothing;
  return watch;
}

void Poller::retire(Watch* watch) noexcept {
  ++watch->generation;
  free_.push_back(watch);
}

bool Poller::update(Watch& watch, std::uint32_t events) noexcept {
  const int op = watch.registered == Watch::kNothing ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
  epoll_event event{};
  event.events = events;
  event.data.u64 = name_of(watch);
  if (::epoll_ctl(epoll_, op, watch.fd, &event) != 0) return false;
  watch.registered = (events & EPOLLOUT) != 0 ? Watch::kReadAndWrite : Watch::kRead;
  return true;
}

bool Poller::want_read(Watch& watch) noexcept {
  if (watch.registered != Watch::kNothing) return true;
  return update(watch, EPOLLIN | EPOLLRDHUP | EPOLLET);
}

bool Poller::want_write(Watch& watch) noexcept {
  if (watch.registered == Watch::kReadAndWrite) return true;
  return update(watch, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET);
}

void Poller::drop(Watch* watch) noexcept {
  watch->owner = nullptr;
  // What was never registered is named by no event.
  if (watch->registered == Watch::kNothing && watch->fd >= 0) {
    free_.push_back(watch);
    return;
  }
  graveyard_.push_back(watch);
}

void Poller::release(Watch& watch) noexcept {
  if (watch.registered != Watch::kNothing) ::epoll_ctl(epoll_, EPOLL_CTL_DEL, watch.fd, nullptr);
  watch.registered = Watch::kNothing;
  watch.fd = -1;
}

void Poller::wait(Millis timeout, void (*before_dispatch)(void*) noexcept, void* context) noexcept {
  epoll_event events[256];
  const int ms = timeout >= INT_MAX ? -1 : static_cast<int>(std::max<Millis>(timeout, 0));
  const int n = ::epoll_wait(epoll_, events, 256, ms);
  batch_ = n;
  before_dispatch(context);
  for (int i = 0; i < n; ++i) {
    fetch_ahead(events, i, n);
    Watch* const watch = watch_of(events[i].data.u64);
    if (watch == nullptr) continue;
    const std::uint32_t e = events[i].events;
    const bool ended = (e & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
    watch->callback(watch->owner, (e & EPOLLIN) != 0 || ended,
                    (e & EPOLLOUT) != 0 || (e & (EPOLLHUP | EPOLLERR)) != 0, ended);
  }
  for (Watch* watch : graveyard_) retire(watch);
  graveyard_.clear();
}

}  // namespace evenkeel
