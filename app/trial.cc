#include "app/trial.h"

#include <algorithm>
#include <cctype>

#include "app/trial_session.h"
#include "http/parser.h"
#include "http/status.h"
#include "stats/page_request.h"

namespace evenkeel::app {
namespace {

using frontends::FrontendDef;
using rules::RuleSet;
using rules::RuleSets;
using rules::Truth;
using rules::Verdict;

constexpr std::size_t kShown = 100;  // bytes of a value
constexpr unsigned kValues = 8;      // of a sample with several

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text.substr(0, kShown)) {
    if (c == '"' || c == '\\') out += '\\';
    out += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '.' : c;
  }
  return out + (text.size() > kShown ? "\"..." : "\"");
}

std::string shown(const rules::Sample& sample, rules::Scratch& scratch) {
  if (sample.type == rules::SampleType::boolean) return sample.integer != 0 ? "true" : "false";
  const std::string_view text = as_text(sample, scratch);
  return sample.is_text() ? quoted(text) : std::string(text);
}

HeaderList list_of(const http::HeaderBlock& headers) {
  HeaderList list;
  for (std::size_t i = 0; i < headers.size(); ++i) list.emplace_back(headers.name(i), headers.value(i));
  return list;
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

// The lines of one list that the other has not, with a sign in front.
void diff(const HeaderList& from, const HeaderList& to, char sign, std::string& out) {
  HeaderList rest = to;
  for (const auto& header : from) {
    const auto same = std::find(rest.begin(), rest.end(), header);
    if (same != rest.end()) {
      rest.erase(same);
    } else {
      out += std::string("        ") + sign + " " + header.first + ": " + header.second + "\n";
    }
  }
}

// Verdicts behind which the same set goes on, once something has happened that does not happen here.
bool lets_time_pass(Verdict verdict) noexcept {
  return verdict == Verdict::wait || verdict == Verdict::pause || verdict == Verdict::wait_body ||
         verdict == Verdict::hints ||
         // A trial's caches are empty.
         verdict == Verdict::cache_use || verdict == Verdict::cache_store;
}

std::string_view verdict_word(Verdict verdict) noexcept {
  switch (verdict) {
    case Verdict::deny:
      return "denied";
    case Verdict::tarpit:
      return "tarpitted";
    case Verdict::reject:
      return "rejected";
    case Verdict::silent_drop:
      return "dropped";
    case Verdict::respond:
    case Verdict::serve:
      return "answered";
    default:
      return "failed";
  }
}

class Trial {
 public:
  Trial(std::shared_ptr<const frontends::Config> config, const TrialRequest& request)
      : config_(std::move(config)), request_(request) {}

  TrialResult run() {
    if (!choose_frontend()) return std::move(result_);
    const Address local = local_address();
    const Address client =
        request_.client.family() == AF_UNSPEC ? *Address::from_ip("127.0.0.1", 50000) : request_.client;
    TrialSession session(config_, *frontend_, client, local);
    session_ = &session;
    if (!parse_request()) return std::move(result_);
    result_.frontend = frontend_->name;
    say("frontend " + frontend_->name + " (" + place(*frontend_) + "): " + client.to_string() + " -> " +
        local.to_string() + "\n");
    walk();
    finish();
    return std::move(result_);
  }

 private:
  void say(const std::string& text) { result_.trace += text; }
  static std::string place(const backends::ProxyDef& def) {
    return def.file + ":" + std::to_string(def.line);
  }

  bool choose_frontend() {
    std::string names;
    for (const auto& one : config_->frontends) {
      names += (names.empty() ? "" : ", ") + one->name;
      if (one->name == request_.frontend || (request_.frontend.empty() && config_->frontends.size() == 1))
        frontend_ = one.get();
    }
    if (frontend_ != nullptr) return true;
    if (names.empty()) {
      result_.error = "the configuration has no frontend";
    } else if (request_.frontend.empty()) {
      result_.error = "the configuration has several frontends, name one: " + names;
    } else {
      result_.error = "there is no frontend '" + request_.frontend + "'; there are: " + names;
    }
    return false;
  }

  Address local_address() const {
    if (request_.local.family() != AF_UNSPEC) return request_.local;
    for (const frontends::BindDef& bind : frontend_->binds)
      if (bind.kind == frontends::BindDef::Kind::address && bind.address.is_ip()) return bind.address;
    return *Address::from_ip("127.0.0.1", 80);
  }

  // "/x", "GET /x" and "GET /x HTTP/1.1" are all the same.
  std::string request_line() const {
    std::string line = request_.line.empty() ? "/" : request_.line;
    if (line.find(' ') == std::string::npos) line.insert(0, "GET ");
    if (line.find(" HTTP/") == std::string::npos) line += " HTTP/1.1";
    return line;
  }

  bool parse_request() {
    text_ = request_line() + "\r\n";
    for (const auto& [name, value] : request_.headers) text_ += name + ": " + value + "\r\n";
    if (!request_.body.empty() && find_header(request_.headers, "content-length") == nullptr &&
        find_header(request_.headers, "transfer-encoding") == nullptr)
      text_ += "content-length: " + std::to_string(request_.body.size()) + "\r\n";
    text_ += "\r\n";
    bytes_ = text_ + request_.body;
    http::RequestHead& head = session_->request_head;
    http::Limits limits;
    limits.accept_unsafe = frontend_->accept_unsafe_request;
    const http::ParseResult parsed = http::parse_request_head(text_, limits, head);
    const bool http = frontend_->mode == backends::Mode::http;
    if (!parsed.is_complete() && http) {
      result_.error =
          "this is no HTTP request (byte " + std::to_string(parsed.offset) + "): " + quoted(text_);
      return false;
    }
    session_->request_bytes = {bytes_, true};
    if (!parsed.is_complete()) {
      session_->not_http = true;
      return true;
    }
    head.headers.rebase(text_.data());
    line_ = std::string(head.method_text()) + " " + std::string(head.target());
    session_->request = &head;
    session_->request_body = {request_.body, true};
    session_->request_body_size = request_.body.size();
    const std::size_t method = head.method_text().size();
    session_->captured_method = std::string_view(line_).substr(0, method);
    session_->captured_uri = std::string_view(line_).substr(method + 1);
    session_->captured_version = head.version_minor == 0 ? "HTTP/1.0" : "HTTP/1.1";
    session_->session.method = session_->captured_method;
    session_->session.target_uri = session_->captured_uri;
    session_->session.version = session_->captured_version;
    capture(frontend_->rules ? frontend_->rules->request_captures : kNoCaptures, head.headers,
            session_->request_captures);
    return true;
  }

  static void capture(const std::vector<rules::CaptureDef>& defs, const http::HeaderBlock& headers,
                      rules::CaptureSlots* slots) {
    for (std::size_t i = 0; i < defs.size(); ++i) {
      if (defs[i].name.empty()) continue;
      const std::size_t last = headers.nth(defs[i].name, -1);
      if (last != http::HeaderBlock::npos)
        slots->values[i] = std::string(headers.value(last).substr(0, defs[i].length));
    }
  }

  // ---- conditions

  void show_test(const rules::AclTest& test) {
    rules::FetchState state;
    state.iterate = true;
    std::string values;
    unsigned count = 0;
    do {
      state.more = false;
      rules::Sample sample;
      if (!test.expression().eval(*session_, state, sample)) break;
      values += (count == 0 ? "" : ", ") + shown(sample, *session_->scratch);
    } while (state.more && ++count < kValues);
    say(test.expression().source() + " = " + (values.empty() ? "(nothing)" : values) + " (" +
        std::string(to_string(test.method())) + ")");
  }

  static const char* word(Truth truth) noexcept {
    return truth == Truth::yes ? "yes" : truth == Truth::no ? "no" : "not yet";
  }

  // Whether the literal holds, after saying why.
  bool show_literal(const rules::Condition::Literal& literal) {
    const Truth truth = literal.acl->test(*session_);
    for (std::size_t i = 0; i < literal.acl->tests.size(); ++i) {
      say(literal.negated ? "      ! " : "      ");
      if (!literal.acl->name.empty()) say(literal.acl->name + ": ");
      show_test(literal.acl->tests[i]);
      say(std::string(" -> ") + word(literal.acl->tests[i].test(*session_)) + "\n");
      if (literal.acl->tests[i].test(*session_) == Truth::yes) break;
    }
    return (truth == Truth::yes) != literal.negated;
  }

  // In the order in which it is evaluated, up to where it is decided.
  bool show_condition(const rules::Condition& condition) {
    if (condition.unconditional()) return true;
    bool holds = false;
    bool first = true;
    for (const auto& literals : condition.alternatives()) {
      if (!std::exchange(first, false)) say("      or\n");
      holds = std::all_of(literals.begin(), literals.end(),
                          [this](const auto& literal) { return show_literal(literal); });
      if (holds) break;
    }
    return holds != condition.inverted();
  }

  // ---- rules

  // The variables that a rule names are shown after it has run.
  void show_variable(const std::string& text) {
    for (const std::string_view action : {"set-var(", "set-var-fmt("}) {
      const std::size_t at = text.find(action);
      if (at == std::string::npos) continue;
      const std::size_t begin = at + action.size();
      const std::string_view inside =
          std::string_view(text).substr(begin, text.find_first_of("),", begin) - begin);
      const auto ref = rules::VarRef::parse(inside);
      rules::Sample value;
      if (ref && rules::get_variable(*session_, *ref, value))
        say("        " + std::string(inside) + " = " + shown(value, *session_->scratch) + "\n");
    }
  }

  struct Snapshot {
    std::string line;
    HeaderList request;
    HeaderList response;
    Address src;
    Address dst;
  };
  Snapshot snapshot() const {
    Snapshot now;
    if (session_->request != nullptr) {
      now.line =
          std::string(session_->request->method_text()) + " " + std::string(session_->request->target());
      now.request = list_of(session_->request->headers);
    }
    if (session_->response != nullptr) {
      now.line = "status " + std::to_string(session_->response->status);
      now.response = list_of(session_->response->headers);
    }
    now.src = session_->src;
    now.dst = session_->dst;
    return now;
  }
  void show_changes(const Snapshot& before, const Snapshot& after) {
    if (before.line != after.line) say("        " + before.line + " -> " + after.line + "\n");
    diff(before.request, after.request, '-', result_.trace);
    diff(after.request, before.request, '+', result_.trace);
    diff(before.response, after.response, '-', result_.trace);
    diff(after.response, before.response, '+', result_.trace);
    if (before.src.to_string() != after.src.to_string()) say("        src = " + after.src.to_string() + "\n");
    if (before.dst.to_string() != after.dst.to_string()) say("        dst = " + after.dst.to_string() + "\n");
  }

  // False: this is where the request's way ends.
  bool run_set(const RuleSet& set) {
    session_->strict = true;
    for (const rules::Rule& rule : set.rules()) {
      say("  line " + std::to_string(rule.line) + ": " + rule.text + "\n");
      if (!show_condition(rule.condition)) {
        say("    does not apply\n");
        continue;
      }
      const Snapshot before = snapshot();
      const Verdict verdict = rule.action->run(*session_);
      const bool goes_on = verdict == Verdict::proceed || lets_time_pass(verdict) ||
                           (verdict == Verdict::failed && !session_->strict);
      say(goes_on                     ? "    applied\n"
          : verdict == Verdict::allow ? "    applied, ends these rules\n"
                                      : "    applied, ends here\n");
      show_changes(before, snapshot());
      show_variable(rule.text);
      if (goes_on) continue;
      if (verdict == Verdict::allow) return true;
      end_with(verdict);
      return false;
    }
    return true;
  }

  void end_with(Verdict verdict) {
    result_.outcome = verdict_word(verdict);
    const rules::Reply& reply = session_->reply;
    if (verdict == Verdict::failed) result_.status = 500;
    if (verdict == Verdict::serve) result_.status = 200;
    if (verdict != Verdict::deny && verdict != Verdict::tarpit && verdict != Verdict::respond) return;
    if (reply.kind == rules::Reply::Kind::closed) return;
    result_.status = reply.status != 0 ? reply.status : 403;
    if (session_->response != nullptr && verdict == Verdict::deny &&
        reply.kind == rules::Reply::Kind::standard && reply.status == 403)
      result_.status = 502;
    result_.body = reply.payload();
    if (reply.kind != rules::Reply::Kind::built) return;
    http::ResponseHead& head = session_->response_head;
    head.clear();
    head.status = static_cast<std::uint16_t>(result_.status);
    for (const auto& [name, value] : reply.headers) head.headers.add(name, value);
    session_->response = &head;
    run_after_response();
    result_.status = head.status;
    result_.response_headers = list_of(head.headers);
  }

  // ---- the way of a request

  bool run_proxy(const RuleSets& sets, const backends::ProxyDef& def, bool http) {
    return run_titled(sets.tcp_request_content, "tcp-request content", def) &&
           (!http || (run_titled(sets.http_request, "http-request", def) &&
                      run_titled(sets.request_lines, "rules that were reqrep and its like", def) &&
                      run_titled(sets.redirects, "redirect", def)));
  }
  bool run_titled(const RuleSet& set, const std::string& title, const backends::ProxyDef& def) {
    if (set.empty()) return true;
    say("\n" + title + " rules of " + def.name + " (" + place(def) + ")\n");
    return run_set(set);
  }

  void walk() {
    const bool http = frontend_->mode == backends::Mode::http;
    const RuleSets* const own = frontend_->rules.get();
    if (own != nullptr && !run_titled(own->tcp_connection, "tcp-request connection", *frontend_)) return;
    if (own != nullptr && !run_titled(own->tcp_session, "tcp-request session", *frontend_)) return;
    if (http && monitored()) return;
    if (own != nullptr && !run_proxy(*own, *frontend_, http)) return;
    if (http && page(frontend_->stats_page)) return;
    backends::Backend* const chosen = choose_backend();
    if (chosen == nullptr) {
      say("\nno backend: 503\n");
      result_.outcome = "failed";
      result_.status = 503;
      return;
    }
    session_->enter(*chosen);
    result_.backend = chosen->name();
    const backends::BackendDef& def = chosen->def();
    if (def.rules && def.rules != frontend_->rules && !run_proxy(*def.rules, def, http)) return;
    if (http && page(def.stats_page)) return;
    choose_server(*chosen);
    note_request();
    if (result_.servers.empty()) {
      say("\nno server of " + def.name + " can take it: 503\n");
      result_.outcome = "failed";
      result_.status = 503;
      return;
    }
    result_.outcome = "forwarded";
    if (http) respond(def);
  }

  bool monitored() {
    const std::string& uri = frontend_->monitor_uri;
    const std::string_view target = session_->request->target();
    if (uri.empty() || target.substr(0, target.find('?')) != uri) return false;
    say("\nmonitor-uri " + uri + "\n");
    bool fails = false;
    if (frontend_->rules) {
      for (const rules::Condition& condition : frontend_->rules->monitor_fail)
        fails = fails || show_condition(condition);
    }
    result_.outcome = "answered";
    result_.status = fails ? 503 : 200;
    return true;
  }

  bool page(const stats::StatsPageDef& def) {
    if (!stats::is_page_target(def, session_->request->target())) return false;
    say("\nthe statistics page answers\n");
    result_.outcome = "answered";
    result_.status = def.users.empty() ? 200 : 401;
    return true;
  }

  backends::Backend* choose_backend() {
    if (frontend_->rules && !frontend_->rules->use_backend.empty()) {
      say("\nuse_backend rules of " + frontend_->name + "\n");
      for (const rules::TargetRule& rule : frontend_->rules->use_backend.rules()) {
        say("  line " + std::to_string(rule.line) + ": " + rule.text + "\n");
        if (!show_condition(rule.condition)) {
          say("    does not apply\n");
          continue;
        }
        const std::string name(rule.target.eval(*session_));
        backends::Backend* const found = session_->find_backend(name);
        say("    applies: backend " + name + (found == nullptr ? ", which does not exist" : "") + "\n");
        if (found != nullptr) return found;
      }
    }
    backends::Backend* const found = session_->find_backend(frontend_->default_backend);
    if (found != nullptr) say("\ndefault_backend " + found->name() + "\n");
    return found;
  }

  // ---- servers

  void choose_server(backends::Backend& backend) {
    const backends::BackendDef& def = backend.def();
    if (def.rules && !def.rules->use_server.empty()) {
      say("\nuse-server rules of " + def.name + "\n");
      for (const rules::TargetRule& rule : def.rules->use_server.rules()) {
        say("  line " + std::to_string(rule.line) + ": " + rule.text + "\n");
        const bool holds = show_condition(rule.condition);
        const std::string name = holds ? std::string(rule.target.eval(*session_)) : std::string();
        const backends::Server* const server = holds ? backend.find_server(name) : nullptr;
        say(!holds ? "    does not apply\n" : "    applies: server " + name + "\n");
        if (server == nullptr || !(server->can_serve() || def.persist)) continue;
        return settle({name}, "use-server");
      }
    }
    if (by_cookie(backend)) return;
    balance_over(backend);
  }

  void settle(std::vector<std::string> names, std::string reason) {
    result_.servers = std::move(names);
    result_.server_reason = std::move(reason);
    if (result_.servers.empty()) return;
    std::string list;
    for (const std::string& name : result_.servers) list += (list.empty() ? "" : ", ") + name;
    say("\n" + std::string(result_.servers.size() == 1 ? "server " : "one of the servers ") + list + " (" +
        result_.server_reason + ")\n");
    if (result_.servers.size() == 1) session_->session.server = result_.servers.front();
  }

  bool by_cookie(backends::Backend& backend) {
    const backends::BackendDef& def = backend.def();
    if (!def.cookie.on() || session_->request == nullptr) return false;
    if (def.rules) {
      for (const rules::Condition& condition : def.rules->ignore_persist)
        if (condition.holds(*session_)) return false;
    }
    const auto find = [&](std::string_view value) {
      for (backends::Server* server : backend.servers()) {
        const std::string own = server->def().cookie.empty() && def.cookie.dynamic
                                    ? backends::dynamic_cookie(def.cookie.dynamic_key, server->def().address)
                                    : server->def().cookie;
        if (own == value) return backends::CookieMatch{server, server->can_serve()};
      }
      return backends::CookieMatch{};
    };
    const auto state =
        backends::read_request_cookie(def.cookie, session_->request->headers,
                                      session_->session.accepted_wall_us / 1'000'000, def.persist, find);
    if (state.server == nullptr) return false;
    settle({state.server->name}, "cookie " + def.cookie.name);
    return true;
  }

  void balance_over(backends::Backend& backend) {
    static constexpr std::string_view kNames[] = {"roundrobin", "static-rr",  "leastconn", "first",
                                                  "source",     "uri",        "url_param", "hdr",
                                                  "random",     "rdp-cookie", "hash"};
    const backends::BackendDef& def = backend.def();
    const std::string reason =
        "balance " + std::string(kNames[static_cast<std::size_t>(def.balance.algorithm)]);
    const bool known = def.balance.is_hash() && def.balance.algorithm != balance::Algorithm::rdp_cookie;
    if (known) {
      balance::PickContext pick;
      pick.source = &session_->src;
      if (session_->request != nullptr) pick.target = session_->request->target();
      if (def.balance.algorithm == balance::Algorithm::hdr && session_->request != nullptr) {
        const std::size_t at = session_->request->headers.find(def.balance.name);
        if (at != http::HeaderBlock::npos) pick.header = session_->request->headers.value(at);
      }
      if (def.balance.needs_body()) pick.body = request_.body;
      rules::Sample sample;
      if (def.hash_sample && def.hash_sample->eval(*session_, sample) &&
          rules::cast(sample, rules::SampleType::bin, *session_->scratch))
        pick.sample = sample.text;
      const backends::Server* const server = backend.pick(pick);
      return settle(server == nullptr ? std::vector<std::string>() : std::vector<std::string>{server->name},
                    reason);
    }
    std::vector<std::string> active;
    std::vector<std::string> backups;
    for (const backends::Server* server : backend.servers())
      if (server->can_serve() && server->def().weight > 0)
        (server->def().backup ? backups : active).push_back(server->name);
    if (active.empty() && !backups.empty() && !def.all_backups) backups.resize(1);
    settle(active.empty() ? backups : active, reason);
  }

  void note_request() {
    if (session_->request == nullptr) return;
    result_.method = session_->request->method_text();
    result_.target = session_->request->target();
    result_.request_headers = list_of(session_->request->headers);
  }

  // ---- the response

  void respond(const backends::BackendDef& def) {
    http::ResponseHead& head = session_->response_head;
    head.clear();
    head.status = static_cast<std::uint16_t>(request_.status);
    head.set_reason(http::reason_phrase(request_.status));
    for (const auto& [name, value] : request_.response_headers) head.headers.add(lower(name), value);
    session_->response = &head;
    session_->in_response = true;
    session_->session.status = request_.status;
    if (frontend_->rules)
      capture(frontend_->rules->response_captures, head.headers, session_->response_captures);
    const RuleSets* const be = def.rules.get();
    const RuleSets* const fe = frontend_->rules.get();
    if (be != nullptr && !run_titled(be->http_response, "http-response", def)) return;
    if (fe != nullptr && fe != be && !run_titled(fe->http_response, "http-response", *frontend_)) return;
    run_after_response();
    result_.status = head.status;
    result_.response_headers = list_of(head.headers);
  }

  void run_after_response() {
    session_->in_response = true;
    const RuleSets* const be = session_->backend != nullptr ? session_->backend->def().rules.get() : nullptr;
    const RuleSets* const fe = frontend_->rules.get();
    if (be != nullptr && !be->http_after_response.empty())
      (void)run_after(be->http_after_response, session_->backend->def());
    if (fe != nullptr && fe != be && !fe->http_after_response.empty())
      (void)run_after(fe->http_after_response, *frontend_);
  }
  bool run_after(const RuleSet& set, const backends::ProxyDef& def) {
    say("\nhttp-after-response rules of " + def.name + " (" + place(def) + ")\n");
    for (const rules::Rule& rule : set.rules()) {
      say("  line " + std::to_string(rule.line) + ": " + rule.text + "\n");
      if (!show_condition(rule.condition)) {
        say("    does not apply\n");
        continue;
      }
      const Snapshot before = snapshot();
      const Verdict verdict = rule.action->run(*session_);
      say("    applied\n");
      show_changes(before, snapshot());
      if (verdict == Verdict::allow) break;
    }
    return true;
  }

  void finish() {
    if (result_.request_headers.empty()) note_request();
    say("\n" + result_.outcome + (result_.status != 0 ? ", status " + std::to_string(result_.status) : "") +
        "\n");
    if (result_.outcome == "forwarded" && session_->request != nullptr) {
      say("the server gets\n  " + result_.method + " " + result_.target + "\n");
      for (const auto& [name, value] : result_.request_headers) say("  " + name + ": " + value + "\n");
    }
    if (!result_.response_headers.empty()) say("the client gets\n");
    for (const auto& [name, value] : result_.response_headers) say("  " + name + ": " + value + "\n");
  }

  static inline const std::vector<rules::CaptureDef> kNoCaptures{};
  std::shared_ptr<const frontends::Config> config_;
  const TrialRequest& request_;
  const FrontendDef* frontend_ = nullptr;
  TrialSession* session_ = nullptr;
  std::string text_;   // the head; the request refers to it
  std::string bytes_;  // head and body
  std::string line_;
  TrialResult result_;
};

}  // namespace

TrialResult try_request(const std::shared_ptr<const frontends::Config>& config, const TrialRequest& request) {
  return Trial(config, request).run();
}

const std::string* find_header(const HeaderList& headers, std::string_view name) noexcept {
  const std::string* found = nullptr;
  for (const auto& [key, value] : headers)
    if (http::iequals(key, name)) found = &value;
  return found;
}

}  // namespace evenkeel::app
