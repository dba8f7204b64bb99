// What a configuration would do with a request: rules are run and routes taken, no socket is opened and no
// server asked. `evenkeel explain` shows the way, `evenkeel test` the result.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/address.h"
#include "frontends/config.h"

namespace evenkeel::app {

using HeaderList = std::vector<std::pair<std::string, std::string>>;

struct TrialRequest {
  std::string frontend;  // empty: the only one
  std::string line;      // "GET /x HTTP/1.1"; a path alone and a missing version are completed
  HeaderList headers;
  std::string body;
  Address client;  // AF_UNSPEC: 127.0.0.1:50000
  Address local;   // where the client connects to; AF_UNSPEC: the frontend's first address
  // What the server answers.
  int status = 200;
  HeaderList response_headers;
};

struct TrialResult {
  std::string error;  // not empty: the request makes no sense, and nothing below is set
  std::string frontend;
  std::string backend;               // empty: it did not come that far
  std::vector<std::string> servers;  // who may get it: one where that is certain
  std::string server_reason;         // "use-server", "cookie", "balance roundrobin"
  std::string outcome;  // "forwarded", "answered", "denied", "tarpitted", "rejected", "dropped", "failed"
  int status = 0;       // that the client sees; 0: none
  std::string method;   // of the request as it leaves
  std::string target;
  HeaderList request_headers;
  HeaderList response_headers;
  std::string body;   // of an answer of our own
  std::string trace;  // every rule that was looked at, for people
};

TrialResult try_request(const std::shared_ptr<const frontends::Config>& config, const TrialRequest& request);

// Value of the header, any case; null: there is none. The last one counts.
const std::string* find_header(const HeaderList& headers, std::string_view name) noexcept;

}  // namespace evenkeel::app
