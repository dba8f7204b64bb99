#include "health/protocol/smtp.h"

#include <cstddef>
#include <string>

#include "health/protocol.h"

namespace evenkeel::health {
namespace {

using Kind = CustomVerdict::Kind;

bool digit(char c) noexcept { return c >= '0' && c <= '9'; }

bool three_digits(std::string_view line) noexcept {
  return line.size() >= 3 && digit(line[0]) && digit(line[1]) && digit(line[2]);
}

// Does the line begin with "2nn" and one of these characters?
bool success(std::string_view line, std::string_view ends) noexcept {
  return three_digits(line) && line[0] == '2' && line.size() > 3 &&
         ends.find(line[3]) != std::string_view::npos;
}

// The reply's number and the text behind it.
CustomVerdict report(Kind kind, CheckStatus status, std::string_view received) {
  CustomVerdict verdict{kind, status, 0, {}};
  if (three_digits(received)) {
    verdict.code = (received[0] - '0') * 100 + (received[1] - '0') * 10 + (received[2] - '0');
  }
  if (received.size() > 4) verdict.text = first_line(received.substr(4));
  return verdict;
}

// One line, judged as soon as its first four bytes are there.
CustomVerdict one_line(std::string_view received, bool eof, std::string_view ends) {
  if (received.size() < 4 && !eof) return {};
  if (success(received, ends)) return report(Kind::pass, CheckStatus::l7_ok, received);
  return report(Kind::fail, CheckStatus::l7_sts, received);
}

// Skips "2nn-..." lines as long as they are complete.
std::string_view behind_continuations(std::string_view received) noexcept {
  while (success(received, "-")) {
    const auto end = received.find("\r\n");
    if (end == std::string_view::npos) break;
    received.remove_prefix(end + 2);
  }
  return received;
}

}  // namespace

CustomVerdict parse_smtp_form(std::string_view received, bool eof) {
  if (received.size() < 4 && !eof) return {};
  if (three_digits(received) && received.size() > 3 && (received[3] == ' ' || received[3] == '\r')) {
    return {Kind::pass, CheckStatus::l7_ok, 0, {}};
  }
  return {Kind::fail, CheckStatus::l7_rsp, 0, std::string(first_line(received))};
}

CustomVerdict parse_smtp_greeting(std::string_view received, bool eof) {
  return one_line(received, eof, " \r");
}

// An EHLO reply has several lines. One that is no success stays undecided until the server closes, as in
// HAProxy: the check then ends as a timeout instead of a wrong status.
CustomVerdict parse_smtp_hello(std::string_view received, bool eof) {
  if (success(behind_continuations(received), " \r")) return report(Kind::pass, CheckStatus::l7_ok, received);
  if (!eof) return {};
  return report(Kind::fail, CheckStatus::l7_sts, received);
}

CustomVerdict parse_smtp_quit(std::string_view received, bool eof) { return one_line(received, eof, "- \r"); }

std::vector<CheckStep> smtp_steps(std::string_view hello, std::string_view domain) {
  const auto expect = [](CustomParser parser, CheckStatus error) {
    ExpectStep step;
    step.kind = ExpectKind::custom;
    step.custom = parser;
    step.error_status = error;
    return step;
  };
  ConnectStep connect;
  connect.use_server_defaults = true;
  connect.linger = true;
  std::string command = hello == "EHLO" ? "EHLO " : "HELO ";
  command.append(domain).append("\r\n");
  return {connect,
          expect(parse_smtp_form, CheckStatus::l7_rsp),
          expect(parse_smtp_greeting, CheckStatus::l7_sts),
          SendStep{.data = {command, nullptr}},
          expect(parse_smtp_hello, CheckStatus::l7_sts),
          SendStep{.data = {"QUIT\r\n", nullptr}},
          expect(parse_smtp_quit, CheckStatus::l7_sts)};
}

}  // namespace evenkeel::health
