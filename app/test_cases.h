// The file of `evenkeel test`: requests and what has to become of them, as lines "key: value" in the manner
// of YAML. docs/testing.md describes it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/trial.h"

namespace evenkeel::app {

// What a header has to be: this value, a match of this expression ("~ regex"), or not there ("(none)").
struct HeaderExpectation {
  enum class Kind : std::uint8_t { value, regex, none };
  std::string name;
  std::string text;
  Kind kind = Kind::value;
};

// Only what is set is looked at.
struct Expectation {
  std::optional<std::string> backend;
  std::optional<std::string> server;  // a name, or "any"
  std::optional<std::string> outcome;
  std::optional<int> status;
  std::optional<std::string> method;
  std::optional<std::string> target;
  std::optional<std::string> body;
  std::vector<HeaderExpectation> request_headers;   // as the server gets them
  std::vector<HeaderExpectation> response_headers;  // as the client gets them
};

struct TestCase {
  std::string name;
  unsigned line = 0;
  TrialRequest request;
  Expectation expect;
};

struct CaseFile {
  std::vector<TestCase> cases;
  std::vector<std::string> errors;  // "line 4: ..."; not empty: cases are not to be trusted
};
CaseFile parse_cases(std::string_view text);

// What is not as expected, one line each; empty: all is.
std::vector<std::string> disappointments(const Expectation& expected, const TrialResult& result);

// "192.0.2.1", "192.0.2.1:99", "[2001:db8::1]:99".
std::optional<Address> parse_endpoint(std::string_view text, std::uint16_t port);

}  // namespace evenkeel::app
