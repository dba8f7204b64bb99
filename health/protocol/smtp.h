// `option smtpchk`: greeting, HELO or EHLO, QUIT.
#pragma once

#include <string_view>
#include <vector>

#include "health/check_def.h"

namespace evenkeel::health {

// hello: "EHLO" asks for ESMTP, anything else means HELO.
std::vector<CheckStep> smtp_steps(std::string_view hello, std::string_view domain);

// The greeting has the form of a reply at all; it is a success; the answers to the hello and to QUIT are.
CustomVerdict parse_smtp_form(std::string_view received, bool eof);
CustomVerdict parse_smtp_greeting(std::string_view received, bool eof);
CustomVerdict parse_smtp_hello(std::string_view received, bool eof);
CustomVerdict parse_smtp_quit(std::string_view received, bool eof);

}  // namespace evenkeel::health
