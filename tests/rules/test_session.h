// A session for tests: a request parsed from text, a still clock, its own variables.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "core/clock.h"
#include "http/parser.h"
#include "rules/context.h"
#include "stats/log_date.h"
#include "stats/session_record.h"

namespace evenkeel::rules {

inline constexpr std::string_view kPlainRequest =
    "GET /a/b?x=1&y=two HTTP/1.1\r\nHost: www.Example.com:8080\r\nX: one, two\r\nX: three\r\nCookie: a=1; "
    "b=2\r\n\r\n";

class TestSession : public EvalContext {
 public:
  explicit TestSession(std::string_view request_text = kPlainRequest) : text_(request_text) {
    const auto parsed = http::parse_request_head({text_.data(), text_.size()}, http::Limits{}, request_head);
    EXPECT_TRUE(parsed.is_complete()) << request_text;
    request_body = {std::string_view(text_).substr(parsed.offset), true};
    request_body_size = request_body.data.size();
    request_head.headers.rebase(text_.data());
    request = &request_head;
    scratch = &scratch_;
    clock = &manual_clock;
    log_date = &dates_;
    record = &session_record;
    src = *Address::from_ip("127.0.0.1", 4711);
    dst = *Address::from_ip("127.0.0.1", 8080);
    captured_method = request_head.method_text();
    captured_uri = request_head.target();
    captured_version = "HTTP/1.1";
    session_record.http = true;
    session_record.frontend = "f";
    session_record.client = src;
    session_record.local = dst;
    process_vars = session_vars = transaction_vars = request_vars = response_vars = &variables;
  }

  http::RequestHead request_head;
  ManualClock manual_clock;
  VariableStore variables;
  stats::SessionRecord session_record;

 private:
  std::string text_;
  Scratch scratch_;
  stats::LogDate dates_;
};

}  // namespace evenkeel::rules
