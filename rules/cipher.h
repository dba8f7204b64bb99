// AES in the modes that converters use, over OpenSSL.
#pragma once

#include <string_view>

#include "rules/scratch.h"

namespace evenkeel::rules::cipher {

// The tag of GCM is always 16 bytes. Keys of 16, 24 or 32 bytes choose the cipher.
inline constexpr std::size_t kTagSize = 16;

// False: key or nonce are of a wrong length, or the result is longer than a scratch text may be.
bool gcm_encrypt(std::string_view key, std::string_view nonce, std::string_view aad, std::string_view plain,
                 Scratch& scratch, std::string_view& out, std::string_view& tag);
// False: also when the tag does not fit: nothing is told of what was decrypted.
bool gcm_decrypt(std::string_view key, std::string_view nonce, std::string_view aad, std::string_view tag,
                 std::string_view bytes, Scratch& scratch, std::string_view& out);
// With PKCS#7 padding; the nonce is the initialisation vector of 16 bytes.
bool cbc(bool encrypt, std::string_view key, std::string_view nonce, std::string_view bytes, Scratch& scratch,
         std::string_view& out);
// RFC 3394, without padding.
bool unwrap_key(std::string_view key, std::string_view wrapped, Scratch& scratch, std::string_view& out);

}  // namespace evenkeel::rules::cipher
