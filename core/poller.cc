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

Poller::~Poller() {
  for (Watch* watch : graveyard_) delete watch;
  ::close(epoll_);
}

bool Poller::update(Watch& watch, std::uint32_t events) noexcept {
  const int op = watch.registered == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
  epoll_event event{};
  event.events = events;
  event.data.ptr = &watch;
  if (::epoll_ctl(epoll_, op, watch.fd, &event) != 0) return false;
  watch.registered = events;
  return true;
}

bool Poller::want_read(Watch& watch) noexcept {
  if (watch.registered != 0) return true;
  return update(watch, EPOLLIN | EPOLLRDHUP | EPOLLET);
}

bool Poller::want_write(Watch& watch) noexcept {
  if ((watch.registered & EPOLLOUT) != 0) return true;
  return update(watch, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET);
}

void Poller::drop(Watch* watch) noexcept {
  watch->owner = nullptr;
  if (watch->registered == 0 && watch->fd >= 0) {
    delete watch;  // never registered: no event can name it
    return;
  }
  graveyard_.push_back(watch);
}

void Poller::release(Watch& watch) noexcept {
  if (watch.registered != 0) ::epoll_ctl(epoll_, EPOLL_CTL_DEL, watch.fd, nullptr);
  watch.registered = 0;
  watch.fd = -1;
}

void Poller::wait(Millis timeout, void (*before_dispatch)(void*) noexcept, void* context) noexcept {
  epoll_event events[256];
  const int ms = timeout >= INT_MAX ? -1 : static_cast<int>(std::max<Millis>(timeout, 0));
  const int n = ::epoll_wait(epoll_, events, 256, ms);
  batch_ = n;
  before_dispatch(context);
  for (int i = 0; i < n; ++i) {
    auto* const watch = static_cast<Watch*>(events[i].data.ptr);
    if (watch->owner == nullptr) continue;
    const std::uint32_t e = events[i].events;
    const bool ended = (e & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
    watch->callback(watch->owner, (e & EPOLLIN) != 0 || ended,
                    (e & EPOLLOUT) != 0 || (e & (EPOLLHUP | EPOLLERR)) != 0, ended);
  }
  for (Watch* watch : graveyard_) delete watch;
  graveyard_.clear();
}

}  // namespace evenkeel
