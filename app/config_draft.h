// A whole configuration between reading and compiling.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "app/proxy_section.h"
#include "frontends/cache/cache_keywords.h"
#include "frontends/frontend_draft.h"
#include "frontends/log_forward_keywords.h"
#include "frontends/log_profile.h"
#include "frontends/ring_keywords.h"
#include "vrrp/keywords.h"

namespace evenkeel::app {

struct HttpErrors {
  conf::Location where;
  std::vector<backends::ErrorEntry> errors;
};

struct ConfigDraft {
  frontends::GlobalDraft global;
  frontends::LogDraft global_log;
  lvs::GlobalDraft lvs;
  vrrp::GlobalDraft vrrp;
  rules::CompileEnv rules;  // sections refer to it
  ProxySections defaults;
  ProxySections proxies;
  std::map<std::string, HttpErrors, std::less<>> http_errors;
  std::vector<frontends::LogForwardDraft> log_forwards;
  std::vector<frontends::LogProfileDraft> log_profiles;
  std::vector<std::shared_ptr<const frontends::LogProfile>> compiled_profiles;
  std::vector<frontends::RingDraft> rings;
  std::vector<conf::Location> ring_places;
  std::map<std::string, frontends::CacheDraft, std::less<>> caches;
};

}  // namespace evenkeel::app
