// `balance url_param`: a parameter of the query string, or of a POSTed form, chooses the server.
#pragma once

#include <optional>
#include <string_view>

namespace evenkeel::balance {

// The value of `name=value` in the target's query; nullopt when it is missing or has no '='. Not decoded.
std::optional<std::string_view> url_param_of_target(std::string_view target, std::string_view name) noexcept;
// The same in the first bytes of a form. Only '&' ends a value there: HAProxy does not stop at blanks,
// whatever its manual says.
std::optional<std::string_view> url_param_of_body(std::string_view body, std::string_view name) noexcept;

}  // namespace evenkeel::balance
