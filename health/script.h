// Runs the steps of a BackendCheck: `option tcp-check`, `option httpchk` and all presets, which are scripts
// as well.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "health/protocol.h"
#include "health/protocol/http_reply.h"

namespace evenkeel::health {

class Script final : public Protocol {
 public:
  // def outlives the script. check.steps holds at least one ConnectStep, before any send or expect.
  Script(const BackendCheck& def, CheckTarget target) : def_(def), target_(std::move(target)) {}

  Step next(std::string_view received, bool eof) override;
  Verdict fail(const Failure& failure) override;
  [[nodiscard]] bool linger() const noexcept override { return linger_; }

 private:
  enum class Match : std::uint8_t { passed, wait, failed };

  Step do_connect(const ConnectStep& step);
  Step do_send(const SendStep& step);
  Step do_http_send(const HttpSendStep& step);
  void do_set_var(const SetVarStep& step);
  // Sets verdict_ on failure.
  Match do_expect(const ExpectStep& step, std::string_view received, bool eof);
  Match expect_bytes(const ExpectStep& step, std::string_view received, bool eof);
  Match expect_custom(const ExpectStep& step, std::string_view received, bool eof);
  Match expect_http(const ExpectStep& step, std::string_view received, bool eof);
  Match expect_body(const ExpectStep& step, const HttpReply& reply, bool complete);
  Match lose(const ExpectStep& step, CheckStatus fallback, std::string text);
  void win(const ExpectStep& step, std::string_view received);
  Verdict success();

  [[nodiscard]] CheckScope scope(std::string_view received);
  [[nodiscard]] std::string expand(const Template& text, std::string_view received);
  // The pattern as bytes to look for; digits converted where the step says hex.
  [[nodiscard]] std::string wanted(const ExpectStep& step, std::string_view received);
  // The number of the current step as reports count them, from 1; implicit steps do not count.
  [[nodiscard]] std::size_t step_number() const;
  // " at step 2 of tcp-check (expect string 'x') comment: 'y'"; empty for presets and HTTP, as in HAProxy.
  [[nodiscard]] std::string place() const;
  [[nodiscard]] std::string_view comment_of_current() const;

  const BackendCheck& def_;
  CheckTarget target_;
  std::size_t at_ = 0;       // the step that runs next, or that waits for bytes
  std::size_t current_ = 0;  // the step that the runner is busy with
  bool linger_ = false;
  bool spoke_ = false;  // a send or an expect has been done: the result is one of layer 7
  std::string bytes_;
  std::vector<std::pair<std::string, std::string>> vars_;
  int code_ = 0;
  Verdict verdict_;
};

// Hexadecimal digits to bytes; false when a character is no digit or their number is odd.
bool unhex(std::string_view digits, std::string& out);
// The reverse, in upper case, as `expect rbinary` sees its input.
std::string hex(std::string_view bytes);

// Writes the request of one `http-check send` as HAProxy puts it on the wire: header names in lower case,
// content-length whenever there is a body, connection: close from HTTP/1.1 on.
void write_http_request(const HttpSendStep& step, const CheckScope& scope, std::string_view server_state,
                        std::string& out);

}  // namespace evenkeel::health
