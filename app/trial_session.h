// What rules see of a session that exists in thought only: idle proxies, servers that are up.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "backends/backend.h"
#include "frontends/config.h"
#include "http/head.h"
#include "rules/session_context.h"
#include "stats/log_date.h"
#include "stats/session_record.h"

namespace evenkeel::app {

class TrialSession final : public rules::SessionContext {
 public:
  TrialSession(std::shared_ptr<const frontends::Config> config, const frontends::FrontendDef& frontend,
               const Address& client, const Address& local);

  // Null: there is no backend of that name.
  backends::Backend* find_backend(std::string_view name) const;
  void enter(backends::Backend& chosen);

  std::optional<std::int64_t> number(rules::Number what, std::string_view name) const override;
  std::optional<std::string_view> text(rules::Text what) const override;
  // The same number each time: what is shown is what decided.
  std::uint64_t random() override { return 0x9e3779b97f4a7c15; }

  stats::SessionRecord session;
  http::RequestHead request_head;
  http::ResponseHead response_head;
  backends::Backend* backend = nullptr;

 private:
  [[nodiscard]] std::optional<std::int64_t> backend_number(rules::Number what, std::string_view name) const;
  [[nodiscard]] std::optional<std::int64_t> server_number(rules::Number what, std::string_view name) const;

  std::shared_ptr<const frontends::Config> config_;
  const frontends::FrontendDef& frontend_;
  std::vector<std::unique_ptr<backends::Backend>> backends_;
  stats::LogDate dates_;
  rules::VariableStore process_;
  Address client_;
  Address local_;
};

}  // namespace evenkeel::app
