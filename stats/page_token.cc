#include "stats/page_token.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <cstdlib>

namespace evenkeel::stats {

PageTokens::PageTokens() {
  if (RAND_bytes(secret_.data(), static_cast<int>(secret_.size())) != 1) std::abort();
}

std::string PageTokens::of_hour(std::string_view user, std::int64_t hour) const {
  std::string message = std::to_string(hour);
  message += ':';
  message += user;
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int length = 0;
  HMAC(EVP_sha256(), secret_.data(), static_cast<int>(secret_.size()),
       reinterpret_cast<const unsigned char*>(message.data()), message.size(), digest, &length);
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string token;
  for (unsigned int i = 0; i < length; ++i) {
    token += kHex[digest[i] >> 4];
    token += kHex[digest[i] & 15];
  }
  return token;
}

std::string PageTokens::make(std::string_view user, std::int64_t now_s) const {
  return of_hour(user, now_s / 3600);
}

bool PageTokens::valid(std::string_view token, std::string_view user, std::int64_t now_s) const {
  const auto same = [&](const std::string& expected) {
    return token.size() == expected.size() && CRYPTO_memcmp(token.data(), expected.data(), token.size()) == 0;
  };
  const bool now = same(of_hour(user, now_s / 3600));
  const bool before = same(of_hour(user, now_s / 3600 - 1));
  return now || before;
}

}  // namespace evenkeel::stats
