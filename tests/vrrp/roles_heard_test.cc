#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <mutex>

#include "vrrp/keeper.h"

namespace evenkeel::vrrp {
namespace {

// Whoever follows the role hears what is known at the start, and every line of keepalived after it.
TEST(RolesHeard, FirstWhatIsRememberedThenEveryChange) {
  std::string folder = testing::TempDir() + "roles.XXXXXX";
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  Def def;
  def.notify_fifo = folder + "/fifo";
  std::ofstream(def.notify_fifo + ".state") << "INSTANCE \"VI_1\" BACKUP 50 1000\n";
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<std::string> heard;
  const auto on_roles = [&](const std::vector<stats::VrrpRole>& roles) {
    const std::lock_guard lock(mutex);
    heard.push_back(roles.empty() ? "" : roles[0].state);
    changed.notify_all();
  };
  Keeper keeper(
      def, [] { return std::vector<BackendState>(); }, on_roles);
  std::string error;
  ASSERT_TRUE(keeper.open(error)) << error;
  keeper.start();
  {
    const std::lock_guard lock(mutex);
    EXPECT_EQ(heard, std::vector<std::string>{"BACKUP"});
  }
  std::ofstream(def.notify_fifo) << "INSTANCE \"VI_1\" MASTER 110\n" << std::flush;
  std::unique_lock lock(mutex);
  EXPECT_TRUE(changed.wait_for(lock, std::chrono::seconds(10), [&] { return heard.back() == "MASTER"; }));
  lock.unlock();
  keeper.finish();
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace evenkeel::vrrp
