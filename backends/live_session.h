// What every running session shows to the rest of the process: who it is, where it went, and how to end it.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/address.h"
#include "core/error.h"
#include "core/worker.h"

namespace evenkeel::backends {

class Server;
class Backend;

// What `show sess` tells of a session, beside what LiveSession holds. Views live as long as the session.
struct SessionFacts {
  bool http = false;
  bool datagram = false;
  Address client;
  std::string_view frontend;
  std::uint32_t frontend_id = 0;
  std::uint32_t listener_id = 0;
  std::string_view backend;  // empty: not routed yet
  std::uint32_t backend_id = 0;
  int client_fd = -1;
  int server_fd = -1;  // -1: no connection
  std::int64_t began_wall_us = 0;
  std::uint64_t number = 0;  // %rt; 0: not counted
  std::uint32_t retries = 0;
  Millis client_deadline = kNever;  // of the worker's clock
  Millis server_deadline = kNever;
};

// Intrusive entry of its worker's list. Touched by its worker only.
class LiveSession {
 public:
  LiveSession() noexcept : since(Worker::current() != nullptr ? Worker::current()->now() : 0) {}
  LiveSession(const LiveSession&) = delete;
  LiveSession& operator=(const LiveSession&) = delete;
  virtual ~LiveSession() { leave(); }

  // Ends the session as soon as it gets to it; it then reports this cause.
  virtual void kill(Cause why) noexcept = 0;
  virtual void describe(SessionFacts& facts) const = 0;
  // The process stops softly: if nothing is under way, end by then.
  virtual void limit_idle(Millis) noexcept {}

  const Millis since;          // of its worker's clock
  Server* server = nullptr;    // the one that serves it now
  Backend* backend = nullptr;  // null until routed
  const void* frontend = nullptr;

  void leave() noexcept {
    if (link_ == nullptr) return;
    *link_ = next_;
    if (next_ != nullptr) next_->link_ = link_;
    link_ = nullptr;
    next_ = nullptr;
  }
  [[nodiscard]] LiveSession* next() const noexcept { return next_; }

 private:
  friend class SessionList;
  LiveSession** link_ = nullptr;
  LiveSession* next_ = nullptr;
};

// The sessions of one worker.
class SessionList {
 public:
  void join(LiveSession& session) noexcept {
    session.next_ = head_;
    session.link_ = &head_;
    if (head_ != nullptr) head_->link_ = &session.next_;
    head_ = &session;
  }
  [[nodiscard]] LiveSession* first() const noexcept { return head_; }
  // Kills all sessions for which the test holds.
  template <class Test>
  void kill_if(Test test, Cause why) noexcept {
    for (LiveSession* s = head_; s != nullptr;) {
      LiveSession* const next = s->next_;
      if (test(*s)) s->kill(why);
      s = next;
    }
  }

 private:
  LiveSession* head_ = nullptr;
};

}  // namespace evenkeel::backends
