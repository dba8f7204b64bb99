// Signed and encrypted tokens in compact form (RFC 7515, RFC 7516), with the algorithms of RFC 7518, over
// OpenSSL.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "core/result.h"
#include "rules/scratch.h"

namespace evenkeel::rules::jose {

// What jwt_verify answers (manual 7.3.1).
enum class Verified : int {
  no = 0,
  yes = 1,
  unknown_algorithm = -1,
  unmanaged_algorithm = -2,
  invalid_token = -3,
  unknown_key = -5,
  internal_error = -6,
};

// A public key, or the private key of a decryption: an EVP_PKEY whose header stays out of ours.
using Key = std::shared_ptr<void>;

// From a PEM text: a public key ("PUBLIC KEY", "RSA PUBLIC KEY") or, with `certificate`, the key of its first
// certificate. Empty: there is none in it.
Key public_key(const std::string& pem, bool certificate);
// The first private key of a PEM text; empty: there is none.
Key private_key(const std::string& pem);

// Whether the algorithm takes a secret (HS256, HS384, HS512).
bool is_hmac(std::string_view algorithm) noexcept;
// Whether it takes a public key (RS, ES and PS with 256, 384 or 512).
bool is_asymmetric(std::string_view algorithm) noexcept;
// `secret` is for algorithms of the HMAC family, `key` for all others.
Verified verify(std::string_view token, std::string_view algorithm, std::string_view secret, const Key& key,
                Scratch& scratch);

// The n-th part of a token between its dots, decoded. False: there is no such part, or it is no base64url.
bool part(std::string_view token, std::size_t n, Scratch& scratch, std::string_view& out);

// Decrypts a token of five parts. `secret`: the key of dir, A*KW and A*GCMKW; `key`: the private key of
// RSA1_5 and RSA-OAEP*. False: unknown algorithms, a wrong key, a broken token.
bool decrypt(std::string_view token, std::string_view secret, const Key& key, Scratch& scratch,
             std::string_view& out);

}  // namespace evenkeel::rules::jose
