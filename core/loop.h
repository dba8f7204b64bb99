// Asio's half of a worker. Private to core's .cc files: everybody else is spared Asio's headers.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <coroutine>
#include <mutex>
#include <vector>

#include "core/worker.h"

namespace evenkeel {

namespace asio = boost::asio;

struct Worker::Loop {
  explicit Loop(Worker& w);

  void arm_timer();
  void wait_for_mail();
  void drain_mail();

  Worker& worker;
  asio::io_context context{BOOST_ASIO_CONCURRENCY_HINT_UNSAFE};
  asio::executor_work_guard<asio::io_context::executor_type> guard{context.get_executor()};
  asio::steady_timer timer{context};
  Millis armed_for = kNever;
  asio::posix::stream_descriptor wake{context};  // an eventfd: other threads ring here
  std::mutex mutex;                              // guards mail and stopping
  std::vector<std::function<void()>> mail;
  bool stopping = false;
  std::vector<std::coroutine_handle<>> ready;
  bool ready_posted = false;
};

}  // namespace evenkeel
