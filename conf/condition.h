// The expressions of ".if" and of -cc (configuration manual, chapter 2.4).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "conf/environment.h"

namespace evenkeel::conf {

// What the predicates are answered from; injected, so that grammar does not know how the program was built.
struct Facts {
  std::vector<std::string> features;  // feature(OPENSSL)
  std::vector<std::string> enabled;   // enabled(SPLICE)
  std::string version = "3.5";        // the HAProxy version that we are compatible with
  std::string openssl_version;        // "3.0.17"; empty: no such library, version predicates are false
  std::string ssl_library;            // "OpenSSL 3.0.17 1 Jul 2025"
  long awslc_api = 0;                 // 0: not AWS-LC, its predicates are false
};

struct ConditionError {
  std::string message;
  std::size_t offset = 0;  // into the expression
};

struct ConditionResult {
  bool value = false;
  std::optional<ConditionError> error;
};

// An empty expression is false. The whole expression is checked, also where && and || decide early.
ConditionResult evaluate_condition(std::string_view expression, const Environment& env, const Facts& facts);

// <0, 0, >0 as a is older than, as old as or newer than b: "3.5", "2.6.12", "2.4-dev19". Missing components
// are 0; a development version is older than its release; what follows '+' does not count. nullopt: not a
// version.
std::optional<int> compare_versions(std::string_view a, std::string_view b);

}  // namespace evenkeel::conf
