// Words about logs, of proxies and of `global`: log, log-tag, log-send-hostname and the options of log lines
// (manual chapters 3.1, 4.2 and 8).
#pragma once

#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "conf/address.h"
#include "conf/keyword_table.h"
#include "rules/keywords.h"
#include "stats/log_target.h"

namespace evenkeel::frontends {

// The log words of one section while it is being read. A proxy starts with a copy of its defaults' draft.
struct LogDraft {
  stats::ProxyLogDef def;
  conf::Resolver resolver = conf::resolve_with_libc;
  conf::Location format_at;  // of `option httplog` and its like: they need a `log` line
  std::string format_word;   // which of them it was
  // `log-format` and `error-log-format` as written: what they may name depends on the mode, which the end of
  // the section decides. Shared, because thousands of proxies inherit them.
  std::shared_ptr<const conf::Statement> custom;
  std::shared_ptr<const conf::Statement> custom_error;
  std::shared_ptr<const conf::Statement> structured;  // log-format-sd
  // Rings that targets name, and where: they may be declared later.
  std::vector<std::pair<std::string, conf::Location>> ring_uses;
  // Likewise log-profile sections and backends.
  std::vector<std::pair<std::string, conf::Location>> profile_uses;
  std::vector<std::pair<std::string, conf::Location>> backend_uses;
  bool send_hostname = false;  // global: log-send-hostname
  std::string hostname;        // of it; empty: the system's
};

std::span<const conf::Keyword<LogDraft>> log_keywords() noexcept;

// The custom formats of a proxy, compiled when its last line has been read. Null: none, or not a good one.
struct CustomFormats {
  std::shared_ptr<const rules::LogFormat> line;
  std::shared_ptr<const rules::LogFormat> error;
  std::shared_ptr<const rules::LogFormat> structured;
};
CustomFormats compile_log_formats(const LogDraft& draft, const rules::RuleSets& sets, bool http,
                                  rules::CompileEnv& env, conf::Diagnostics& diagnostics);

}  // namespace evenkeel::frontends
