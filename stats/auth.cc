#include "stats/auth.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <strings.h>

#include <array>

namespace evenkeel::stats {
namespace {

using Digest = std::array<unsigned char, 32>;

// Comparing digests takes the same time for texts of any length.
Digest digest_of(std::string_view text) {
  Digest digest{};
  unsigned int length = 0;
  EVP_Digest(text.data(), text.size(), digest.data(), &length, EVP_sha256(), nullptr);
  return digest;
}

// RFC 4648 section 4, padding optional; nullopt for anything else.
std::optional<std::string> base64_decode(std::string_view text) {
  while (!text.empty() && text.back() == '=') text.remove_suffix(1);
  std::string out;
  unsigned bits = 0;
  unsigned held = 0;
  for (const char c : text) {
    unsigned value = 0;
    if (c >= 'A' && c <= 'Z') {
      value = static_cast<unsigned>(c - 'A');
    } else if (c >= 'a' && c <= 'z') {
      value = static_cast<unsigned>(c - 'a') + 26;
    } else if (c >= '0' && c <= '9') {
      value = static_cast<unsigned>(c - '0') + 52;
    } else if (c == '+') {
      value = 62;
    } else if (c == '/') {
      value = 63;
    } else {
      return std::nullopt;
    }
    held = (held << 6 | value) & 0xFFFFF;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      out += static_cast<char>(held >> bits & 0xFF);
    }
  }
  return out;
}

}  // namespace

std::optional<Credential> parse_credential(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == 0 || colon == std::string_view::npos) return std::nullopt;
  return Credential{std::string(text.substr(0, colon)), std::string(text.substr(colon + 1))};
}

std::optional<std::string> authenticate(std::string_view authorization,
                                        const std::vector<Credential>& users) {
  constexpr std::string_view kScheme = "Basic ";
  if (authorization.size() < kScheme.size() ||
      strncasecmp(authorization.data(), kScheme.data(), kScheme.size()) != 0) {
    return std::nullopt;
  }
  authorization.remove_prefix(kScheme.size());
  while (!authorization.empty() && authorization.front() == ' ') authorization.remove_prefix(1);
  const std::optional<std::string> given = base64_decode(authorization);
  if (!given) return std::nullopt;
  const Digest digest = digest_of(*given);
  const Credential* match = nullptr;
  for (const Credential& user : users) {
    const Digest wanted = digest_of(user.user + ":" + user.password);
    if (CRYPTO_memcmp(wanted.data(), digest.data(), digest.size()) == 0) match = &user;
  }
  if (match == nullptr) return std::nullopt;
  return match->user;
}

std::string basic_challenge(std::string_view realm) {
  std::string out = "Basic realm=\"";
  for (const char c : realm) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

}  // namespace evenkeel::stats
