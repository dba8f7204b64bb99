#include "stats/page_request.h"

#include <algorithm>
#include <array>

namespace evenkeel::stats {
namespace {

constexpr std::array<std::string_view, 7> kResultWords{"NONE", "DONE", "PART", "ERRP",
                                                       "EXCD", "DENY", "UNKN"};
constexpr std::size_t kMaxScope = 64;

int hex_digit(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// '+' is a space in forms (WHATWG URL section 5.1).
std::optional<std::string> form_decode(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+') {
      out += ' ';
    } else if (text[i] != '%') {
      out += text[i];
    } else {
      if (i + 2 >= text.size()) return std::nullopt;
      const int high = hex_digit(text[i + 1]);
      const int low = hex_digit(text[i + 2]);
      if (high < 0 || low < 0 || (high | low) == 0) return std::nullopt;
      out += static_cast<char>(high << 4 | low);
      i += 2;
    }
  }
  return out;
}

void append_encoded(std::string& out, std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  constexpr std::string_view kPlain = "-._~";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool alnum = (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
    if (alnum || kPlain.find(c) != std::string_view::npos) {
      out += c;
    } else {
      out += '%';
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    }
  }
}

std::optional<PageResult> result_word(std::string_view word) noexcept {
  const auto it = std::find(kResultWords.begin(), kResultWords.end(), word);
  if (it == kResultWords.end()) return std::nullopt;
  return static_cast<PageResult>(it - kResultWords.begin());
}

void apply_word(PageRequest& request, std::string_view word) {
  if (word == "csv") {
    request.form = PageForm::csv;
  } else if (word == "json") {
    request.form = PageForm::json;
  } else if (word == "json-schema") {
    request.form = PageForm::json_schema;
  } else if (word == "typed") {
    request.form = PageForm::typed;
  } else if (word == "norefresh") {
    request.no_refresh = true;
  } else if (word == "up") {
    request.only_up = true;
  } else if (word == "no-maint") {
    request.no_maintenance = true;
  } else if (word.substr(0, 3) == "st=") {
    request.result = result_word(word.substr(3));
  } else if (word.substr(0, 6) == "scope=") {
    request.scope = form_decode(word.substr(6)).value_or("").substr(0, kMaxScope);
  }
}

}  // namespace

bool in_scope(const StatsPageDef& def, std::string_view own_proxy, std::string_view filter,
              std::string_view proxy) {
  if (!filter.empty() && proxy.find(filter) == std::string_view::npos) return false;
  if (def.scopes.empty()) return true;
  return std::any_of(def.scopes.begin(), def.scopes.end(), [&](const std::string& scope) {
    return scope == "." ? proxy == own_proxy : proxy == scope;
  });
}

std::string_view to_word(PageResult result) noexcept {
  return kResultWords[static_cast<std::size_t>(result)];
}

bool is_page_target(const StatsPageDef& def, std::string_view target) noexcept {
  return def.enabled && target.substr(0, def.uri.size()) == def.uri;
}

PageRequest parse_page_request(std::string_view rest) {
  PageRequest request;
  while (!rest.empty()) {
    const std::size_t end = rest.find_first_of(";?&");
    apply_word(request, rest.substr(0, end));
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  }
  return request;
}

std::string page_target(std::string_view uri, const PageRequest& request) {
  constexpr std::array<std::string_view, 5> kForms{"", ";csv", ";json", ";json-schema", ";typed"};
  std::string target(uri);
  if (request.result) target.append(";st=").append(to_word(*request.result));
  target += kForms[static_cast<std::size_t>(request.form)];
  if (request.only_up) target += ";up";
  if (request.no_maintenance) target += ";no-maint";
  if (request.no_refresh) target += ";norefresh";
  if (!request.scope.empty()) {
    target += uri.find('?') == std::string_view::npos ? "?scope=" : "&scope=";
    append_encoded(target, request.scope);
  }
  return target;
}

const std::vector<ActionWord>& action_words() {
  static const std::vector<ActionWord> words{
      {ServerAction::ready, "ready", "Set state to READY"},
      {ServerAction::drain, "drain", "Set state to DRAIN"},
      {ServerAction::maint, "maint", "Set state to MAINT"},
      {ServerAction::disable_health, "dhlth", "Health: disable checks"},
      {ServerAction::enable_health, "ehlth", "Health: enable checks"},
      {ServerAction::health_up, "hrunn", "Health: force UP"},
      {ServerAction::health_nolb, "hnolb", "Health: force NOLB"},
      {ServerAction::health_down, "hdown", "Health: force DOWN"},
      {ServerAction::disable_agent, "dagent", "Agent: disable checks"},
      {ServerAction::enable_agent, "eagent", "Agent: enable checks"},
      {ServerAction::agent_up, "arunn", "Agent: force UP"},
      {ServerAction::agent_down, "adown", "Agent: force DOWN"},
      {ServerAction::shutdown_sessions, "shutdown", "Kill sessions"},
  };
  return words;
}

std::optional<PageAction> parse_page_action(std::string_view body) {
  PageAction parsed;
  while (!body.empty()) {
    const std::size_t end = body.find('&');
    const std::string_view pair = body.substr(0, end);
    body.remove_prefix(end == std::string_view::npos ? body.size() : end + 1);
    const std::size_t equals = pair.find('=');
    if (equals == std::string_view::npos) continue;
    std::optional<std::string> value = form_decode(pair.substr(equals + 1));
    if (!value) return std::nullopt;
    const std::string_view key = pair.substr(0, equals);
    if (key == "s") {
      parsed.servers.push_back(*std::move(value));
    } else if (key == "b") {
      parsed.backend = *std::move(value);
    } else if (key == "token") {
      parsed.token = *std::move(value);
    } else if (key == "action" && !value->empty()) {
      const auto& words = action_words();
      const auto it =
          std::find_if(words.begin(), words.end(), [&](const ActionWord& w) { return w.word == *value; });
      parsed.known_action = it != words.end();
      if (parsed.known_action) parsed.action = it->action;
    }
  }
  return parsed;
}

std::optional<PageResult> refusal_of(const std::optional<PageAction>& action, bool admin,
                                     bool token_valid) noexcept {
  if (!admin || !token_valid) return PageResult::denied;
  if (!action || !action->known_action) return PageResult::bad_params;
  if (!action->action || action->servers.empty()) return PageResult::none;
  if (action->backend.empty()) return PageResult::bad_params;
  return std::nullopt;
}

PageResult result_of(std::size_t asked, std::size_t found, std::size_t changed) noexcept {
  if (found == 0) return PageResult::bad_params;
  if (found < asked) return PageResult::partial;
  return changed == 0 ? PageResult::none : PageResult::done;
}

}  // namespace evenkeel::stats
