// `agent-check`: one line of words from an agent beside the server (configuration manual 5.2).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "health/protocol.h"

namespace evenkeel::health {

// What one line asks for. Nothing is set that the agent did not mention; the last of contradicting words
// wins.
struct AgentReply {
  enum class Admin : std::uint8_t { ready, drain, maint };
  std::optional<int> weight_percent;  // of the configured weight; may exceed 100
  std::optional<int> maxconn;
  std::optional<Admin> admin;
  std::optional<bool> up;
  std::string word;         // the word that set up, as written: "up", "stopped", "FAIL"
  std::string description;  // what follows it, without its '#'
  std::string error;        // a word that is none: "agent reports an error : hello"
};

// line: without its end. Words are separated by spaces, tabs and commas; their case does not matter.
AgentReply parse_agent_reply(std::string_view line);

// Connects, says `send` if there is something to say, and reads up to the first CR or LF.
class AgentProtocol final : public Protocol {
 public:
  explicit AgentProtocol(std::string_view send);

  Step next(std::string_view received, bool eof) override;
  Verdict fail(const Failure& failure) override;
  [[nodiscard]] bool linger() const noexcept override { return false; }
  // Valid once next() has said done with a status other than a failure of the exchange itself.
  [[nodiscard]] const AgentReply& reply() const noexcept { return reply_; }

 private:
  enum class Phase : std::uint8_t { start, connected, sent } phase_ = Phase::start;
  ConnectStep connect_;
  std::string send_;
  AgentReply reply_;
};

// The status and text that a reply is reported with: L7OK for up, L7STS for down, CHECKED when it had no
// opinion.
Verdict verdict_of(const AgentReply& reply);

}  // namespace evenkeel::health
