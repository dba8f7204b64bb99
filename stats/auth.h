// HTTP basic authentication (RFC 7617) against `stats auth user:password`.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stats/page_def.h"

namespace evenkeel::stats {

// "user:password" of `stats auth`; nullopt without a colon or a user.
std::optional<Credential> parse_credential(std::string_view text);

// authorization: value of the header field, empty when absent. Returns the user, or nullopt when nobody
// matches. Takes the same time for every user and password of the list, whichever matches; only the length of
// what the client sent shows.
std::optional<std::string> authenticate(std::string_view authorization, const std::vector<Credential>& users);

// Value of WWW-Authenticate: realm in quotes, with what needs it escaped.
std::string basic_challenge(std::string_view realm);

}  // namespace evenkeel::stats
