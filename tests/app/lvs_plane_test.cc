#include "app/lvs_plane.h"

#include <gtest/gtest.h>

namespace evenkeel::app {
namespace {

stats::VrrpRole role(const char* name, const char* state) {
  stats::VrrpRole result;
  result.name = name;
  result.state = state;
  return result;
}

TEST(LvsPlane, TheDaemonsFollowTheRoles) {
  using lvs::SyncRole;
  EXPECT_EQ(sync_role({}), SyncRole::configured);
  EXPECT_EQ(sync_role({role("a", "")}), SyncRole::configured);
  EXPECT_EQ(sync_role({role("a", "MASTER")}), SyncRole::master);
  for (const char* state : {"BACKUP", "FAULT", "STOP"})
    EXPECT_EQ(sync_role({role("a", state)}), SyncRole::backup);
  // Active and active: master of one address, backup of the other.
  EXPECT_EQ(sync_role({role("a", "MASTER"), role("b", "BACKUP")}), SyncRole::both);
}

}  // namespace
}  // namespace evenkeel::app
