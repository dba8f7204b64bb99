#include "core/fd_stream.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <thread>

#include "core/task.h"

namespace evenkeel {
namespace {

struct Pair {
  Pair() {
    int fds[2];
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
    a = std::make_unique<FdStream>(worker, fds[0]);
    b = std::make_unique<FdStream>(worker, fds[1]);
  }
  Worker worker{0};
  std::unique_ptr<FdStream> a;
  std::unique_ptr<FdStream> b;
};

Task<void> echo(Stream& stream) {
  char bytes[64];
  for (;;) {
    const IoResult in = co_await stream.read(bytes);
    if (!in.ok()) break;
    const IoResult out = co_await stream.write({bytes, in.bytes});
    if (!out.ok()) break;
  }
  stream.shutdown_write();
}

Task<void> ask(Worker& worker, Stream& stream, std::string& answer) {
  for (const std::string_view word : {"one", "two", "three"}) {
    (void)co_await stream.write(word);
    char bytes[64];
    const IoResult in = co_await stream.read(bytes);
    answer.append(bytes, in.bytes);
  }
  stream.shutdown_write();
  char byte[1];
  answer += to_string((co_await stream.read(byte)).status);
  worker.stop();
}

TEST(FdStream, CarriesBytesBothWaysAndEndsInGoodOrder) {
  Pair pair;
  std::string answer;
  spawn(echo(*pair.a));
  spawn(ask(pair.worker, *pair.b, answer));
  pair.worker.run();
  EXPECT_EQ(answer, "onetwothreeend of stream");
}

Task<void> wait_and_tell(Stream& stream, IoStatus& status) {
  char bytes[8];
  status = (co_await stream.read(bytes)).status;
}

TEST(FdStream, CancelEndsAWaitingReadAndEverythingAfterIt) {
  Pair pair;
  IoStatus first = IoStatus::ok;
  IoStatus second = IoStatus::ok;
  spawn(wait_and_tell(*pair.a, first));
  pair.a->cancel(IoStatus::timeout);
  EXPECT_EQ(first, IoStatus::ok) << "resumes from the loop, not from within cancel()";
  pair.worker.run_for(20);
  EXPECT_EQ(first, IoStatus::timeout);
  spawn(wait_and_tell(*pair.a, second));
  EXPECT_EQ(second, IoStatus::timeout);
}

TEST(FdStream, ADeadlineCancelsAStream) {
  Pair pair;
  IoStatus status = IoStatus::ok;
  Deadline deadline(
      pair.worker.timers(), [](void* s) noexcept { static_cast<Stream*>(s)->cancel(IoStatus::timeout); },
      pair.a.get());
  deadline.set(pair.worker.now() + 5);
  spawn(wait_and_tell(*pair.a, status));
  for (int i = 0; i < 100 && status == IoStatus::ok; ++i) pair.worker.run_for(20);
  EXPECT_EQ(status, IoStatus::timeout);
}

TEST(FdStream, AnIdleConnectionReportsThatThePeerWentAway) {
  Pair pair;
  bool told = false;
  pair.a->watch_idle([](void* flag) noexcept { *static_cast<bool*>(flag) = true; }, &told);
  pair.worker.run_for(20);
  EXPECT_FALSE(told);
  pair.b.reset();
  for (int i = 0; i < 100 && !told; ++i) pair.worker.run_for(20);
  EXPECT_TRUE(told);
  EXPECT_TRUE(pair.a->disturbed_while_idle());
}

Task<void> fill(Stream& stream, std::size_t total, std::size_t& sent) {
  const std::string block(65536, 'x');
  while (sent < total) {
    const IoResult out =
        co_await stream.write(std::string_view(block).substr(0, std::min(block.size(), total - sent)));
    if (!out.ok()) break;
    sent += out.bytes;
  }
  stream.shutdown_write();
}

Task<void> drain(Worker& worker, Stream& stream, std::size_t& got) {
  std::string block(65536, 0);
  for (;;) {
    const IoResult in = co_await stream.read(block);
    if (!in.ok()) break;
    got += in.bytes;
  }
  worker.stop();
}

TEST(FdStream, WaitsForASlowReader) {
  Pair pair;
  std::size_t sent = 0;
  std::size_t got = 0;
  spawn(fill(*pair.a, 5'000'000, sent));
  EXPECT_LT(sent, 5'000'000U);
  spawn(drain(pair.worker, *pair.b, got));
  pair.worker.run();
  EXPECT_EQ(got, 5'000'000U);
}

TEST(Worker, RunsWhatOtherThreadsPost) {
  Worker worker(0);
  int ran = 0;
  std::thread other([&] {
    for (int i = 0; i < 100; ++i) worker.post([&] { ++ran; });
    worker.post([&] { worker.stop(); });
  });
  worker.run();
  other.join();
  EXPECT_EQ(ran, 100);
}

Task<void> nap(Worker& worker, int& woke) {
  co_await worker.sleep(3);
  ++woke;
}

TEST(Worker, SleepsAndResumes) {
  Worker worker(0);
  int woke = 0;
  spawn(nap(worker, woke));
  EXPECT_EQ(woke, 0);
  for (int i = 0; i < 100 && woke == 0; ++i) worker.run_for(20);
  EXPECT_EQ(woke, 1);
}

}  // namespace
}  // namespace evenkeel
