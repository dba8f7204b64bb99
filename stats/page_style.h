// The style sheet of the stats page.
#pragma once

#include <string>
#include <string_view>

namespace evenkeel::stats {

std::string_view page_style() noexcept;
// "'sha256-...'": its hash, for style-src of a Content-Security-Policy.
std::string page_style_source();

}  // namespace evenkeel::stats
