#include "backends/saved_state.h"

#include <array>
#include <charconv>

#include "health/status_number.h"

namespace evenkeel::backends {
namespace {

// Columns of format 1, by their place.
enum Column : std::size_t {
  kBackendName = 1,
  kServerName = 3,
  kAddress = 4,
  kOperation,
  kAdmin,
  kUserWeight,
  kInitialWeight,
  kSinceChange,
  kCheckStatus,
  kCheckResult,
  kCheckHealth,
  kCheckState,
  kAgentState,
  kFqdn = 17,
  kPort,
  kCheckPort = 21,
  kCheckAddress,
  kAgentAddress,
  kAgentPort,
};
constexpr std::size_t kFewest = 19;  // of HAProxy 1.8; later versions added columns
constexpr std::size_t kMost = 25;
constexpr unsigned kEnabled = 4;  // of srv_check_state and srv_agent_state

using Row = std::vector<std::string_view>;

Row split(std::string_view line) {
  Row row;
  while (row.size() < kMost + 1) {
    const std::size_t begin = line.find_first_not_of(' ');
    if (begin == std::string_view::npos) break;
    line.remove_prefix(begin);
    row.push_back(line.substr(0, line.find(' ')));
    line.remove_prefix(row.back().size());
  }
  return row;
}

// Reads the numbers of a row; the first one that is none, or too big, is remembered.
class Numbers {
 public:
  explicit Numbers(const Row& row) : row_(row) {}
  template <class Number>
  void read(Column column, const char* name, std::int64_t most, Number& value) {
    if (column >= row_.size() || !wrong_.empty()) return;
    const std::string_view text = row_[column];
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size() || number < 0 || number > most) {
      wrong_ = std::string(name) + " '" + std::string(text) + "'";
    } else {
      value = static_cast<Number>(number);
    }
  }
  [[nodiscard]] const std::string& wrong() const noexcept { return wrong_; }

 private:
  const Row& row_;
  std::string wrong_;
};

std::optional<Address> address_in(const Row& row, Column column) {
  return column < row.size() ? Address::from_ip(row[column], 0) : std::nullopt;
}

// What is wrong with the row; empty when `state` has been filled.
std::string read_row(const Row& row, SavedState& state) {
  Numbers numbers(row);
  int operation = 2;
  int status = 0;
  unsigned checks = kEnabled;
  unsigned agent = kEnabled;
  numbers.read(kOperation, "srv_op_state", 3, operation);
  numbers.read(kAdmin, "srv_admin_state", 0x7f, state.admin);
  numbers.read(kUserWeight, "srv_uweight", 256, state.user_weight);
  numbers.read(kInitialWeight, "srv_iweight", 256, state.initial_weight);
  numbers.read(kSinceChange, "srv_time_since_last_change", INT32_MAX, state.seconds_since_change);
  numbers.read(kCheckStatus, "srv_check_status", 255, status);
  numbers.read(kCheckState, "srv_check_state", 0x1f, checks);
  numbers.read(kAgentState, "srv_agent_state", 0x1f, agent);
  numbers.read(kPort, "srv_port", 65535, state.port);
  numbers.read(kCheckPort, "srv_check_port", 65535, state.check_port);
  numbers.read(kAgentPort, "srv_agent_port", 65535, state.agent_port);
  state.operation = static_cast<SavedState::Operation>(operation);
  state.check_status = health::status_of_number(status);
  state.checks_enabled = (checks & kEnabled) != 0;
  state.agent_enabled = (agent & kEnabled) != 0;
  state.address = address_in(row, kAddress).value_or(Address());
  state.check_address = address_in(row, kCheckAddress);
  state.agent_address = address_in(row, kAgentAddress);
  if (row[kFqdn] != "-") state.fqdn = row[kFqdn];
  return numbers.wrong();
}

std::string_view take_line(std::string_view& text) {
  std::string_view line = text.substr(0, text.find('\n'));
  text.remove_prefix(std::min(text.size(), line.size() + 1));
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

}  // namespace

StateFile parse_state_file(std::string_view text) {
  StateFile file;
  if (take_line(text) != "1") {
    file.error = "it does not begin with '1', the version of its format";
    return file;
  }
  for (std::size_t number = 2; !text.empty(); ++number) {
    const std::string_view line = take_line(text);
    if (line.empty() || line.front() == '#') continue;
    const Row row = split(line);
    if (row.size() < kFewest || row.size() > kMost) {
      file.servers.clear();
      file.error = "line " + std::to_string(number) + " has " + std::to_string(row.size()) + " columns";
      return file;
    }
    auto state = std::make_shared<SavedState>();
    const std::string wrong = read_row(row, *state);
    if (wrong.empty()) {
      file.servers[{std::string(row[kBackendName]), std::string(row[kServerName])}] = std::move(state);
    } else {
      file.complaints.push_back("server '" + std::string(row[kBackendName]) + "/" +
                                std::string(row[kServerName]) + "' starts anew: " + wrong +
                                " is out of range");
    }
  }
  return file;
}

}  // namespace evenkeel::backends
