#include "vrrp/notify.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace evenkeel::vrrp {
namespace {

constexpr std::size_t kLongestLine = 512;
constexpr std::array<std::string_view, 8> kEvents = {
    "MASTER",          "BACKUP",         "FAULT", "STOP", "DELETED", "MASTER_RX_LOWER_PRI",
    "MASTER_PRIORITY", "BACKUP_PRIORITY"};

std::string_view take_word(std::string_view& rest) {
  const std::size_t end = std::min(rest.find(' '), rest.size());
  const std::string_view word = rest.substr(0, end);
  rest.remove_prefix(std::min(rest.size(), end + 1));
  return word;
}

template <class T>
bool whole_number(std::string_view text, T& value) {
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
  return result.ec == std::errc() && result.ptr == text.data() + text.size();
}

bool printable(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

std::string called(const Notice& notice) {
  return std::string(notice.group ? "group" : "instance") + " '" + notice.name + "'";
}

}  // namespace

std::optional<Notice> parse_notice(std::string_view line) {
  Notice notice;
  const std::string_view kind = take_word(line);
  if (kind != "INSTANCE" && kind != "GROUP") return std::nullopt;
  notice.group = kind == "GROUP";
  if (!line.starts_with('"')) return std::nullopt;
  const std::size_t quote = line.find('"', 1);
  if (quote == std::string_view::npos) return std::nullopt;
  notice.name = line.substr(1, quote - 1);
  line.remove_prefix(quote + 1);
  if (!printable(notice.name) || !line.starts_with(' ')) return std::nullopt;
  line.remove_prefix(1);
  notice.event = take_word(line);
  if (std::find(kEvents.begin(), kEvents.end(), notice.event) == kEvents.end()) return std::nullopt;
  if (!whole_number(take_word(line), notice.priority) || notice.priority < 0 || notice.priority > 255)
    return std::nullopt;
  if (line.empty()) return notice;
  std::int64_t since = 0;
  if (!whole_number(line, since) || since < 0 || since > 253402300799) return std::nullopt;
  notice.since_s = since;
  return notice;
}

std::string format_notice(const Notice& notice) {
  std::string text = notice.group ? "GROUP \"" : "INSTANCE \"";
  text += notice.name + "\" " + notice.event + " " + std::to_string(notice.priority);
  if (notice.since_s) text += " " + std::to_string(*notice.since_s);
  return text;
}

void LineSplitter::feed(std::string_view bytes, std::vector<std::string>& lines) {
  for (const char c : bytes) {
    if (c == '\n') {
      if (!skipping_) lines.push_back(std::move(pending_));
      pending_.clear();
      skipping_ = false;
    } else if (pending_.size() == kLongestLine) {
      skipping_ = true;
    } else {
      pending_ += c;
    }
  }
}

std::string Roles::apply(const Notice& notice, std::int64_t now_s) {
  auto role = std::find_if(roles_.begin(), roles_.end(), [&](const stats::VrrpRole& known) {
    return known.group == notice.group && known.name == notice.name;
  });
  if (notice.event == "DELETED") {
    if (role == roles_.end()) return "";
    roles_.erase(role);
    return called(notice) + " is no more";
  }
  if (role == roles_.end()) {
    stats::VrrpRole made;
    made.name = notice.name;
    made.group = notice.group;
    made.since_s = now_s;
    role = roles_.insert(roles_.end(), std::move(made));
  }
  role->priority = notice.priority;
  if (notice.event == "MASTER_RX_LOWER_PRI") {
    role->rival_s = now_s;
    return called(notice) + ": another machine with a lower priority says that it is MASTER, too";
  }
  const std::string_view state =
      std::string_view(notice.event).substr(0, notice.event.find('_'));  // of MASTER_PRIORITY
  const bool changed = role->state != state;
  if (!changed && !notice.since_s) return "";
  const std::string before = role->state;
  role->state = state;
  role->since_s = notice.since_s.value_or(now_s);
  if (state != "MASTER") role->rival_s = 0;
  return called(notice) + " is " + role->state + (before.empty() ? "" : ", was " + before) + ", priority " +
         std::to_string(role->priority);
}

}  // namespace evenkeel::vrrp
