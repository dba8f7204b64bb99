#include "health/protocol/agent.h"

#include <algorithm>
#include <charconv>

namespace evenkeel::health {
namespace {

constexpr std::string_view kSeparators = " \t,";

std::string lowered(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return out;
}

std::string_view skip(std::string_view text, std::string_view what) noexcept {
  const auto begin = text.find_first_not_of(what);
  return begin == std::string_view::npos ? std::string_view() : text.substr(begin);
}

std::optional<int> number(std::string_view digits) noexcept {
  int value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (digits.empty() || digits.front() == '-' || error != std::errc() ||
      end != digits.data() + digits.size()) {
    return std::nullopt;
  }
  return value;
}

// True when the word was understood, or faulty in a known way.
bool take_word(std::string_view word, AgentReply& reply) {
  const std::string lower = lowered(word);
  if (lower == "up" || lower == "down" || lower == "stopped" || lower == "fail") {
    reply.up = lower == "up";
    reply.word = word;
    return true;
  }
  if (lower == "ready" || lower == "drain" || lower == "maint") {
    reply.admin = lower == "ready"   ? AgentReply::Admin::ready
                  : lower == "drain" ? AgentReply::Admin::drain
                                     : AgentReply::Admin::maint;
    return true;
  }
  if (lower.starts_with("maxconn:")) {
    reply.maxconn = number(word.substr(8));
    if (!reply.maxconn) reply.error = "agent warns : maxconn string empty or preceded by garbage";
    return true;
  }
  if (word.ends_with('%')) {
    const auto percent = number(word.substr(0, word.size() - 1));
    if (percent) reply.weight_percent = percent;
    return percent.has_value();
  }
  return false;
}

}  // namespace

AgentReply parse_agent_reply(std::string_view line) {
  AgentReply reply;
  for (line = skip(line, kSeparators); !line.empty(); line = skip(line, kSeparators)) {
    const std::string_view word = line.substr(0, line.find_first_of(kSeparators));
    if (word.front() != '#' && take_word(word, reply)) {
      line.remove_prefix(word.size());
      continue;
    }
    // Behind a word of state comes free text, introduced by a sharp or by being no word of ours.
    if (reply.up) {
      reply.description = skip(line, "# \t");
    } else {
      reply.error = "agent reports an error : " + std::string(word);
    }
    break;
  }
  return reply;
}

Verdict verdict_of(const AgentReply& reply) {
  if (reply.up) {
    std::string text = "via agent : " + reply.word;
    if (!reply.description.empty()) text += " (" + reply.description + ")";
    return {*reply.up ? CheckStatus::l7_ok : CheckStatus::l7_sts, 0, std::move(text)};
  }
  return {CheckStatus::checked, 0, reply.error};
}

AgentProtocol::AgentProtocol(std::string_view send) : send_(send) {}

Step AgentProtocol::next(std::string_view received, bool eof) {
  switch (phase_) {
    case Phase::start:
      phase_ = Phase::connected;
      return Step{.kind = Step::Kind::connect, .connect = &connect_};
    case Phase::connected:
      phase_ = Phase::sent;
      if (!send_.empty()) return Step{.kind = Step::Kind::send, .bytes = send_};
      [[fallthrough]];
    case Phase::sent:
      break;
  }
  const auto end = received.find_first_of("\r\n");
  if (end != std::string_view::npos) {
    reply_ = parse_agent_reply(received.substr(0, end));
    return Step{.kind = Step::Kind::done, .verdict = verdict_of(reply_)};
  }
  if (!eof) return Step{.kind = Step::Kind::receive};
  Verdict verdict{CheckStatus::checked, 0, "Ignoring incomplete line from agent"};
  if (received.empty()) verdict = {CheckStatus::l7_rsp, 0, "TCPCHK got an empty response at step 2"};
  return Step{.kind = Step::Kind::done, .verdict = std::move(verdict)};
}

Verdict AgentProtocol::fail(const Failure& failure) {
  switch (failure.kind) {
    case Failure::Kind::connect_timeout:
      return {CheckStatus::l4_tout, 0, {}};
    case Failure::Kind::connect_error:
      return {CheckStatus::l4_con, 0, std::string(failure.reason)};
    case Failure::Kind::socket_error:
    case Failure::Kind::reset:
      return {CheckStatus::sock_err, 0, std::string(failure.reason)};
    case Failure::Kind::timeout:
      break;
  }
  return {CheckStatus::l7_tout, 0, {}};
}

}  // namespace evenkeel::health
