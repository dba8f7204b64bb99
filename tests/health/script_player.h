// Plays a check script against a scripted server, without sockets or time.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "health/script.h"

namespace evenkeel::health {

struct Played {
  Verdict verdict;
  std::string sent;  // everything, over all connections
  int connects = 0;
  // "L7STS 404 Why"; the code only where reports show it.
  [[nodiscard]] std::string shown() const {
    std::string out(code(verdict.status));
    if (has_code(verdict.status)) out += ' ' + std::to_string(verdict.code);
    if (!verdict.text.empty()) out += " | " + verdict.text;
    return out;
  }
};

// Each chunk is what one wait for bytes yields. Behind the last one the server closes, or stays silent until
// the check's time is over.
inline Played play(Protocol& protocol, const std::vector<std::string>& chunks, bool closes) {
  Played played;
  std::string received;
  std::size_t next_chunk = 0;
  bool eof = false;
  for (int guard = 0; guard < 1000; ++guard) {
    Step step = protocol.next(received, eof);
    switch (step.kind) {
      case Step::Kind::connect:
        ++played.connects;
        received.clear();
        eof = false;
        break;
      case Step::Kind::send:
        played.sent += step.bytes;
        received.clear();
        eof = false;
        break;
      case Step::Kind::receive:
        if (next_chunk < chunks.size()) {
          received += chunks[next_chunk++];
        } else if (closes && !eof) {
          eof = true;
        } else {
          played.verdict = protocol.fail({Failure::Kind::timeout, {}});
          return played;
        }
        break;
      case Step::Kind::done:
        played.verdict = std::move(step.verdict);
        return played;
    }
  }
  played.verdict = {CheckStatus::unknown, 0, "the script does not end"};
  return played;
}

inline Played play(const BackendCheck& check, const std::vector<std::string>& chunks, bool closes = false) {
  CheckTarget target{"be", "s1", [] { return std::string("UP 1/3"); }};
  Script script(check, target);
  return play(script, chunks, closes);
}

}  // namespace evenkeel::health
