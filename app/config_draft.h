// A whole configuration between reading and compiling.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "app/proxy_section.h"
#include "frontends/frontend_draft.h"

namespace evenkeel::app {

struct HttpErrors {
  conf::Location where;
  std::vector<backends::ErrorEntry> errors;
};

struct ConfigDraft {
  frontends::GlobalDraft global;
  frontends::LogDraft global_log;
  rules::CompileEnv rules;  // sections refer to it
  ProxySections defaults;
  ProxySections proxies;
  std::map<std::string, HttpErrors, std::less<>> http_errors;
};

}  // namespace evenkeel::app
