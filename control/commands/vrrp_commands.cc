// What keepalived has told, and what it is told.
#include "control/commands/commands.h"
#include "stats/role_board.h"

namespace evenkeel::control {

Answer show_vrrp(Call&) {
  const auto roles = stats::role_board().roles();
  const std::string weight = stats::role_board().weight();
  Answer answer;
  if (!weight.empty()) answer.text += "# weight: " + weight + "\n";
  answer.text += "# kind name state priority since_utc\n";
  for (const stats::VrrpRole& role : roles) {
    answer.text += std::string(role.group ? "group " : "instance ") + role.name + " " +
                   (role.state.empty() ? "unknown" : role.state) + " " + std::to_string(role.priority) + " " +
                   stats::role_time(role.since_s);
    if (role.rival_s != 0) answer.text += " two-masters-seen " + stats::role_time(role.rival_s);
    answer.text += "\n";
  }
  if (roles.empty()) answer.text += "# keepalived has told nothing yet; see 'vrrp notify-fifo'\n";
  for (const stats::VrrpSighting& sighting : stats::role_board().sightings())
    answer.text += "# heard " + stats::sighting_words(sighting) + "\n";
  answer.severity = Severity::none;
  return answer;
}

}  // namespace evenkeel::control
