// Reading the Authorization header.
#pragma once

#include <string_view>

namespace evenkeel::rules {

class EvalContext;

struct Credentials {
  std::string_view user;
  std::string_view password;
};

// RFC 7617. False: no header, another scheme, or nonsense in it. Decoded into ctx.scratch.
bool read_basic(EvalContext& ctx, Credentials& out);

// The scheme and what follows it, of Authorization (Proxy-Authorization for proxy-style requests) or of the
// named header.
bool read_scheme(EvalContext& ctx, std::string_view header, std::string_view& scheme,
                 std::string_view& rest) noexcept;

}  // namespace evenkeel::rules
