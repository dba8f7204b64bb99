// What a client asks of the stats page: the words after its URI, and the form that operators send.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stats/page_def.h"

namespace evenkeel::stats {

enum class PageForm : std::uint8_t { html, csv, json, json_schema, typed };

// How an action ended; travels in the ;st= word of the redirect. HAProxy's words.
enum class PageResult : std::uint8_t {
  none,        // NONE: nothing has changed
  done,        // DONE
  partial,     // PART: some servers are unknown
  bad_params,  // ERRP
  too_large,   // EXCD
  denied,      // DENY: no admin rights, or no valid token
  unknown,     // UNKN
};
std::string_view to_word(PageResult result) noexcept;

// The words after `stats uri`, in any order: ";csv", ";json", ";json-schema", ";typed", ";norefresh", ";up",
// ";no-maint", ";st=DONE", and "scope=<part of a name>" behind ";", "?" or "&".
struct PageRequest {
  PageForm form = PageForm::html;
  bool no_refresh = false;
  bool only_up = false;
  bool no_maintenance = false;
  std::optional<PageResult> result;
  std::string scope;  // at most 64 bytes, percent-decoded
};

// Whether the request target belongs to the page: `uri` is a prefix of it.
bool is_page_target(const StatsPageDef& def, std::string_view target) noexcept;
// rest: the target behind the uri. Unknown words are ignored, as HAProxy does.
PageRequest parse_page_request(std::string_view rest);

// The target that shows the page with these words again.
std::string page_target(std::string_view uri, const PageRequest& request);

enum class ServerAction : std::uint8_t {
  ready,
  drain,
  maint,
  enable_health,
  disable_health,
  health_up,
  health_nolb,
  health_down,
  enable_agent,
  disable_agent,
  agent_up,
  agent_down,
  shutdown_sessions,
};
struct ActionWord {
  ServerAction action;
  std::string_view word;   // value in the form
  std::string_view label;  // text in the menu
};
const std::vector<ActionWord>& action_words();

struct PageAction {
  std::optional<ServerAction> action;
  bool known_action = true;          // false: a word that is not an action
  std::string backend;               // a name, or "#<id>"
  std::vector<std::string> servers;  // in the order of the form
  std::string token;
};
// application/x-www-form-urlencoded: s=<server>... action=<word> b=<backend> token=<token>. nullopt when a
// value is not well-formed.
std::optional<PageAction> parse_page_action(std::string_view body);

// What to answer before touching a server: nullopt when the action may be carried out.
std::optional<PageResult> refusal_of(const std::optional<PageAction>& action, bool admin,
                                     bool token_valid) noexcept;
// After carrying it out on every server of the form: how many of them exist, and for how many something was
// done.
PageResult result_of(std::size_t asked, std::size_t found, std::size_t changed) noexcept;

}  // namespace evenkeel::stats
