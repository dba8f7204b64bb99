// Entity tags and conditional requests (RFC 9110 sections 8.8.3 and 13).
#pragma once

#include <string_view>

#include "http/head.h"

namespace evenkeel::http {

// "..." or W/"..." with the characters that a tag may have.
bool is_entity_tag(std::string_view text) noexcept;
inline bool is_weak_tag(std::string_view tag) noexcept { return tag.starts_with("W/"); }
// The weak comparison of section 8.8.3.2.
bool weakly_equal(std::string_view a, std::string_view b) noexcept;

// Whether this GET or HEAD is answered with 304 by a representation with these validators (section 13.2.2:
// If-None-Match, else If-Modified-Since). Empty: the representation has no such field.
bool is_not_modified(const HeaderBlock& request, std::string_view etag,
                     std::string_view last_modified) noexcept;

}  // namespace evenkeel::http
