// Base64 (RFC 4648), the standard and the URL alphabet.
#pragma once

#include <string_view>

#include "rules/scratch.h"

namespace evenkeel::rules::base64 {

// False: the result would be longer than the scratch allows. The URL form has no padding.
bool encode(std::string_view bytes, Scratch& scratch, std::string_view& out, bool url = false) noexcept;
// False: a character outside of the alphabet, wrong padding or length. The URL form takes its text with or
// without padding.
bool decode(std::string_view text, Scratch& scratch, std::string_view& out, bool url = false) noexcept;

}  // namespace evenkeel::rules::base64
