// The normalisers of `http-request normalize-uri` (manual 4.2; RFC 3986 section 6.2.2), as functions over
// texts.
#pragma once

#include <string>
#include <string_view>

namespace evenkeel::rules::uri {

std::string fragment_encode(std::string_view uri);
std::string fragment_strip(std::string_view uri);

// Of a path alone.
std::string merge_slashes(std::string_view path);
std::string strip_dot(std::string_view path);
// full: ".." segments at the begin go as well.
std::string strip_dotdot(std::string_view path, bool full);

// Of a path or query. False with `strict`: a percent sign without two hexadecimal digits behind it.
bool decode_unreserved(std::string_view text, bool strict, std::string& out);
bool uppercase_escapes(std::string_view text, bool strict, std::string& out);

// Parameters between '&', sorted by name; those of one name keep their order.
std::string sort_query(std::string_view query);

}  // namespace evenkeel::rules::uri
