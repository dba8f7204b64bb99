#include "health/script.h"

#include <algorithm>
#include <charconv>
#include <type_traits>

namespace evenkeel::health {
namespace {

char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

std::string lowered(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), lower);
  return out;
}

int digit_of(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool matches(TextMatch how, std::string_view text, std::string_view pattern,
             const std::optional<Regex>& regex) {
  switch (how) {
    case TextMatch::none:
      return true;
    case TextMatch::exact:
      return text == pattern;
    case TextMatch::prefix:
      return text.starts_with(pattern);
    case TextMatch::suffix:
      return text.ends_with(pattern);
    case TextMatch::substring:
      return text.find(pattern) != std::string_view::npos;
    case TextMatch::regex:
      return regex && regex->match(text);
  }
  return false;
}

// Calls on_value for each element of a comma separated list, quotes respected, until it returns true.
template <class F>
bool any_element(std::string_view list, F on_value) {
  std::size_t begin = 0;
  bool quoted = false;
  for (std::size_t i = 0; i <= list.size(); ++i) {
    if (i < list.size() && quoted && list[i] == '\\') {
      ++i;
      continue;
    }
    if (i < list.size() && list[i] == '"') quoted = !quoted;
    if (i < list.size() && (list[i] != ',' || quoted)) continue;
    std::string_view element = list.substr(begin, std::min(i, list.size()) - begin);
    while (!element.empty() && (element.front() == ' ' || element.front() == '\t')) element.remove_prefix(1);
    while (!element.empty() && (element.back() == ' ' || element.back() == '\t')) element.remove_suffix(1);
    if (on_value(element)) return true;
    begin = i + 1;
  }
  return false;
}

bool header_matches(const HeaderPattern& want, std::string_view want_name, std::string_view want_value,
                    const HttpReply& reply) {
  for (const auto& [name, value] : reply.headers) {
    const bool by_regex = want.name_match == TextMatch::regex;
    if (!matches(want.name_match, by_regex ? std::string(name) : lowered(name), want_name, want.name_regex))
      continue;
    if (want.value_match == TextMatch::none) return true;
    const auto hit = [&](std::string_view text) {
      return matches(want.value_match, text, want_value, want.value_regex);
    };
    if (want.full ? hit(value) : any_element(value, hit)) return true;
  }
  return false;
}

// "string 'foo'", "regex", "binary": how reports name what was expected.
std::string describe(const ExpectStep& step) {
  switch (step.kind) {
    case ExpectKind::string:
      return "expect string '" + step.pattern.literal + "'";
    case ExpectKind::rstring:
      return "expect regex";
    case ExpectKind::binary:
      return "expect binary";
    case ExpectKind::rbinary:
      return "expect binary regex";
    default:
      return "expect";
  }
}

// The part of a failure report that names the content: "'foo'", "(regex)".
std::string content_name(const ExpectStep& step) {
  switch (step.kind) {
    case ExpectKind::string:
      return "'" + step.pattern.literal + "'";
    case ExpectKind::rstring:
      return "(regex)";
    case ExpectKind::binary:
      return "(binary)";
    default:
      return "(binary regex)";
  }
}

bool in_ranges(int status, const std::vector<StatusRange>& ranges) noexcept {
  return std::any_of(ranges.begin(), ranges.end(),
                     [status](const StatusRange& r) { return status >= r.low && status <= r.high; });
}

}  // namespace

bool unhex(std::string_view digits, std::string& out) {
  if (digits.size() % 2 != 0) return false;
  for (std::size_t i = 0; i < digits.size(); i += 2) {
    const int high = digit_of(digits[i]);
    const int low = digit_of(digits[i + 1]);
    if (high < 0 || low < 0) return false;
    out += static_cast<char>(high * 16 + low);
  }
  return true;
}

std::string hex(std::string_view bytes) {
  constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    const auto u = static_cast<unsigned char>(c);
    out += {kHex[u >> 4], kHex[u & 15]};
  }
  return out;
}

void write_http_request(const HttpSendStep& step, const CheckScope& scope, std::string_view server_state,
                        std::string& out) {
  out += step.method + ' ';
  step.uri.append_to(scope, out);
  out += ' ' + step.version + "\r\n";
  const bool persistent = step.version != "HTTP/1.0";
  bool connection_given = false;
  for (const auto& [name, value] : step.headers) {
    const std::string key = lowered(name);
    if (key == "content-length" || key == "transfer-encoding") continue;  // ours to say
    std::string text;
    value.append_to(scope, text);
    if (key == "connection") {
      connection_given = true;
      if (lowered(text) == "keep-alive" && persistent) continue;  // what HTTP/1.1 means anyway
    }
    out += key + ": " + text + "\r\n";
  }
  if (step.send_state) out.append("x-haproxy-server-state: ").append(server_state).append("\r\n");
  std::string body;
  step.body.append_to(scope, body);
  if (!body.empty()) out += "content-length: " + std::to_string(body.size()) + "\r\n";
  if (persistent && !connection_given) out += "connection: close\r\n";
  out += "\r\n" + body;
}

CheckScope Script::scope(std::string_view received) {
  return CheckScope{target_.backend, target_.server, received, &vars_};
}

std::string Script::expand(const Template& text, std::string_view received) {
  std::string out;
  text.append_to(scope(received), out);
  return out;
}

std::string Script::wanted(const ExpectStep& step, std::string_view received) {
  std::string text = expand(step.pattern, received);
  if (!step.hex) return text;
  std::string bytes;
  return unhex(text, bytes) ? bytes : std::string();
}

Step Script::next(std::string_view received, bool eof) {
  while (at_ < def_.steps.size()) {
    current_ = at_;
    const CheckStep& step = def_.steps[at_];
    if (const auto* expect = std::get_if<ExpectStep>(&step)) {
      const Match match = do_expect(*expect, received, eof);
      if (match == Match::wait) return Step{.kind = Step::Kind::receive, .patience = expect->patience};
      if (match == Match::failed) return Step{.kind = Step::Kind::done, .verdict = verdict_};
      ++at_;
      continue;
    }
    ++at_;
    if (const auto* connect = std::get_if<ConnectStep>(&step)) return do_connect(*connect);
    if (const auto* send = std::get_if<SendStep>(&step)) return do_send(*send);
    if (const auto* request = std::get_if<HttpSendStep>(&step)) return do_http_send(*request);
    if (const auto* var = std::get_if<SetVarStep>(&step)) do_set_var(*var);
  }
  return Step{.kind = Step::Kind::done, .verdict = success()};
}

Step Script::do_connect(const ConnectStep& step) {
  linger_ = step.linger;
  Step out{.kind = Step::Kind::connect, .connect = &step};
  if (step.port) out.port = *step.port;
  if (step.port_expr.expand) {
    const std::string text = expand(step.port_expr, {});
    std::from_chars(text.data(), text.data() + text.size(), out.port);
  }
  return out;
}

Step Script::do_send(const SendStep& step) {
  spoke_ = true;
  bytes_ = expand(step.data, {});
  if (step.hex) {
    std::string raw;
    if (!unhex(bytes_, raw)) {
      return Step{.kind = Step::Kind::done,
                  .verdict = {CheckStatus::l7_rsp, 0, "hexadecimal string is invalid" + place()}};
    }
    bytes_ = std::move(raw);
  }
  return Step{.kind = Step::Kind::send, .bytes = bytes_};
}

Step Script::do_http_send(const HttpSendStep& step) {
  spoke_ = true;
  bytes_.clear();
  const std::string state = step.send_state && target_.server_state ? target_.server_state() : std::string();
  write_http_request(step, scope({}), state, bytes_);
  return Step{.kind = Step::Kind::send, .bytes = bytes_};
}

void Script::do_set_var(const SetVarStep& step) {
  std::erase_if(vars_, [&](const auto& var) { return var.first == step.name; });
  if (!step.unset) vars_.emplace_back(step.name, expand(step.value, {}));
}

Script::Match Script::do_expect(const ExpectStep& step, std::string_view received, bool eof) {
  spoke_ = true;
  switch (step.kind) {
    case ExpectKind::string:
    case ExpectKind::rstring:
    case ExpectKind::binary:
    case ExpectKind::rbinary:
      return expect_bytes(step, received, eof);
    case ExpectKind::custom:
      return expect_custom(step, received, eof);
    default:
      return expect_http(step, received, eof);
  }
}

Script::Match Script::expect_bytes(const ExpectStep& step, std::string_view received, bool eof) {
  if (received.empty()) {
    if (!eof) return Match::wait;
    return lose(step, CheckStatus::l7_rsp,
                "TCPCHK got an empty response at step " + std::to_string(step_number()));
  }
  const bool exact = step.kind == ExpectKind::string || step.kind == ExpectKind::binary;
  const std::string pattern = exact ? wanted(step, received) : std::string();
  const std::size_t need = std::max<std::size_t>(pattern.size(), std::max(step.min_recv, 0));
  if (!eof && received.size() < need) return Match::wait;
  bool found = false;
  if (exact) {
    found = received.find(pattern) != std::string_view::npos;
  } else if (step.regex) {
    found = step.kind == ExpectKind::rbinary ? step.regex->match(hex(received)) : step.regex->match(received);
  }
  if (found && step.negate) {
    return lose(step, CheckStatus::l7_rsp,
                "TCPCHK matched unwanted content " + content_name(step) + " at step " +
                    std::to_string(step_number()));
  }
  // Without min-recv more bytes may still bring what is missing, be it wanted or not.
  if (!found && !eof && step.min_recv < 0) return Match::wait;
  if (!found && !step.negate) {
    return lose(
        step, CheckStatus::l7_rsp,
        "TCPCHK did not match content " + content_name(step) + " at step " + std::to_string(step_number()));
  }
  win(step, received);
  return Match::passed;
}

Script::Match Script::expect_custom(const ExpectStep& step, std::string_view received, bool eof) {
  if (received.empty() && !(eof && step.silence_passes)) {
    if (!eof) return Match::wait;
    return lose(step, CheckStatus::l7_rsp,
                "TCPCHK got an empty response at step " + std::to_string(step_number()));
  }
  CustomVerdict said = step.custom(received, eof);
  if (said.kind == CustomVerdict::Kind::need_more) {
    if (!eof) return Match::wait;
    said = {CustomVerdict::Kind::fail, CheckStatus::l7_rsp, 0, {}};  // cut off in the middle of a message
  }
  verdict_ = {said.status, said.code, std::move(said.text)};
  return said.kind == CustomVerdict::Kind::pass ? Match::passed : Match::failed;
}

Script::Match Script::expect_http(const ExpectStep& step, std::string_view received, bool eof) {
  const HttpReply reply = read_http_reply(received, eof);
  if (reply.progress == HttpReply::Progress::head && !eof) return Match::wait;
  if (reply.status == 0 || reply.progress == HttpReply::Progress::invalid) {
    verdict_ = {CheckStatus::l7_rsp, 0, {}};
    return Match::failed;
  }
  code_ = reply.status;
  if (def_.disable_on_404 && reply.status == 404) {
    verdict_ = {CheckStatus::l7_okc, 404, {}};
    return Match::failed;
  }
  bool found = false;
  switch (step.kind) {
    case ExpectKind::http_status:
      found = in_ranges(reply.status, step.codes);
      break;
    case ExpectKind::http_rstatus:
      found = step.regex && step.regex->match(std::to_string(reply.status));
      break;
    case ExpectKind::http_header:
      found = header_matches(step.header, lowered(expand(step.header.name, received)),
                             expand(step.header.value, received), reply);
      break;
    default:
      return expect_body(step, reply, eof || reply.progress == HttpReply::Progress::done);
  }
  if (found == step.negate) return lose(step, CheckStatus::l7_sts, std::string(reply.reason));
  win(step, received);
  return Match::passed;
}

Script::Match Script::expect_body(const ExpectStep& step, const HttpReply& reply, bool complete) {
  if (reply.body.empty()) {
    if (!complete) return Match::wait;
    return lose(step, CheckStatus::l7_rsp, "HTTP content check could not find a response body");
  }
  const bool exact = step.kind == ExpectKind::http_body;
  const std::string pattern = exact ? wanted(step, reply.body) : std::string();
  const std::size_t need = std::max<std::size_t>(pattern.size(), std::max(step.min_recv, 0));
  if (!complete && reply.body.size() < need) return Match::wait;
  const bool found =
      exact ? reply.body.find(pattern) != std::string::npos : step.regex && step.regex->match(reply.body);
  if (found && step.negate) return lose(step, CheckStatus::l7_rsp, "HTTP check matched unwanted content");
  if (!found && !complete && step.min_recv < 0) return Match::wait;
  if (!found && !step.negate) return lose(step, CheckStatus::l7_rsp, "HTTP content check did not match");
  win(step, reply.body);
  return Match::passed;
}

Script::Match Script::lose(const ExpectStep& step, CheckStatus fallback, std::string text) {
  if (!step.on_error.empty()) text = expand(step.on_error, {});
  if (const std::string_view comment = comment_of_current(); !comment.empty()) {
    text.append(" comment: ").append(comment);
  }
  const CheckStatus status = step.error_status != CheckStatus::unknown ? step.error_status : fallback;
  verdict_ = {status, code_, std::move(text)};
  if (!step.status_code.empty()) {
    const std::string number = expand(step.status_code, {});
    std::from_chars(number.data(), number.data() + number.size(), verdict_.code);
  }
  return Match::failed;
}

void Script::win(const ExpectStep& step, std::string_view received) {
  verdict_ = {step.ok_status != CheckStatus::unknown ? step.ok_status : CheckStatus::l7_ok, code_, {}};
  if (!step.on_success.empty()) {
    verdict_.text = expand(step.on_success, received);
  } else if (def_.protocol == CheckProtocol::tcp_check) {
    verdict_.text = "(tcp-check)";
  }
  if (!step.status_code.empty()) {
    const std::string number = expand(step.status_code, received);
    std::from_chars(number.data(), number.data() + number.size(), verdict_.code);
  }
}

Verdict Script::success() {
  if (!def_.steps.empty() && std::holds_alternative<ExpectStep>(def_.steps.back())) return verdict_;
  const bool scripted =
      def_.protocol == CheckProtocol::tcp_check && (def_.steps.size() > 1 || step_number() > 0);
  return {spoke_ ? CheckStatus::l7_ok : CheckStatus::l4_ok, code_, scripted ? "(tcp-check)" : ""};
}

Verdict Script::fail(const Failure& failure) {
  const std::string text = std::string(failure.reason) + place();
  switch (failure.kind) {
    case Failure::Kind::connect_timeout:
      return {CheckStatus::l4_tout, 0, text};
    case Failure::Kind::connect_error:
      return {CheckStatus::l4_con, 0, text};
    case Failure::Kind::socket_error:
    case Failure::Kind::reset:
      return {CheckStatus::sock_err, 0, text};
    case Failure::Kind::timeout:
      break;
  }
  if (current_ < def_.steps.size()) {
    const CheckStep& step = def_.steps[current_];
    if (const auto* expect = std::get_if<ExpectStep>(&step)) return {expect->tout_status, 0, text};
    if (std::holds_alternative<ConnectStep>(step)) return {CheckStatus::l4_tout, 0, text};
  }
  return {CheckStatus::l7_tout, 0, text};
}

std::size_t Script::step_number() const {
  std::size_t number = 0;
  for (std::size_t i = 0; i <= current_ && i < def_.steps.size(); ++i) {
    const auto* connect = std::get_if<ConnectStep>(&def_.steps[i]);
    if (connect == nullptr || !connect->implicit) ++number;
  }
  return number;
}

std::string_view Script::comment_of_current() const {
  if (current_ >= def_.steps.size()) return {};
  const std::string_view own = std::visit(
      [](const auto& step) -> std::string_view {
        if constexpr (requires { step.comment; }) {
          return step.comment;
        } else {
          return {};
        }
      },
      def_.steps[current_]);
  if (!own.empty() || current_ == 0) return own;
  const auto* before = std::get_if<CommentStep>(&def_.steps[current_ - 1]);
  return before != nullptr ? std::string_view(before->text) : std::string_view();
}

std::string Script::place() const {
  if (def_.protocol != CheckProtocol::tcp_check || current_ >= def_.steps.size()) return {};
  const CheckStep& step = def_.steps[current_];
  const auto* connect = std::get_if<ConnectStep>(&step);
  if (connect != nullptr && connect->implicit) return " at initial connection step of tcp-check";
  std::string text = " at step " + std::to_string(step_number()) + " of tcp-check (";
  if (connect != nullptr) {
    text += connect->port ? "connect port " + std::to_string(*connect->port) : "connect";
  } else if (const auto* expect = std::get_if<ExpectStep>(&step)) {
    text += describe(*expect);
  } else {
    text += "send";
  }
  text += ')';
  if (const std::string_view comment = comment_of_current(); !comment.empty()) {
    text.append(" comment: '").append(comment).append("'");
  }
  return text;
}

}  // namespace evenkeel::health
