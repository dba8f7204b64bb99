#include "rules/jose.h"

#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>

#include "rules/base64.h"
#include "rules/cipher.h"
#include "rules/json_path.h"

namespace evenkeel::rules::jose {
namespace {

using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, decltype(&EVP_PKEY_CTX_free)>;

const unsigned char* bytes_of(std::string_view text) noexcept {
  return reinterpret_cast<const unsigned char*>(text.data());
}
EVP_PKEY* pkey_of(const Key& key) noexcept { return static_cast<EVP_PKEY*>(key.get()); }
Key owned(EVP_PKEY* key) {
  return key == nullptr ? Key() : Key(key, [](void* p) { EVP_PKEY_free(static_cast<EVP_PKEY*>(p)); });
}
Bio memory(const std::string& text) {
  return {BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), BIO_free};
}

const EVP_MD* digest_of(std::string_view algorithm) noexcept {
  if (algorithm.size() != 5) return nullptr;
  const std::string_view bits = algorithm.substr(2);
  return bits == "256" ? EVP_sha256()
                       : (bits == "384" ? EVP_sha384() : (bits == "512" ? EVP_sha512() : nullptr));
}
bool is_family(std::string_view algorithm, std::string_view family) noexcept {
  return algorithm.substr(0, 2) == family && digest_of(algorithm) != nullptr;
}

bool equal(std::string_view a, std::string_view b) noexcept {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

bool hmac_of(const EVP_MD* digest, std::string_view key, std::string_view data, Scratch& scratch,
             std::string_view& out) {
  char* const to = scratch.take(EVP_MAX_MD_SIZE);
  unsigned int size = 0;
  if (HMAC(digest, key.data(), static_cast<int>(key.size()), bytes_of(data), data.size(),
           reinterpret_cast<unsigned char*>(to), &size) == nullptr) {
    return false;
  }
  out = {to, size};
  return true;
}

// RFC 7518 section 3.4: r and s side by side, each as long as the curve's order. OpenSSL wants DER.
bool ec_signature_to_der(std::string_view raw, EVP_PKEY* key, std::string& der) {
  const std::size_t half = (static_cast<std::size_t>(EVP_PKEY_get_bits(key)) + 7) / 8;
  if (half == 0 || raw.size() != 2 * half) return false;
  const std::unique_ptr<ECDSA_SIG, decltype(&ECDSA_SIG_free)> signature(ECDSA_SIG_new(), ECDSA_SIG_free);
  BIGNUM* const r = BN_bin2bn(bytes_of(raw), static_cast<int>(half), nullptr);
  BIGNUM* const s = BN_bin2bn(bytes_of(raw) + half, static_cast<int>(half), nullptr);
  if (!signature || r == nullptr || s == nullptr || ECDSA_SIG_set0(signature.get(), r, s) != 1) {
    BN_free(r);
    BN_free(s);
    return false;
  }
  unsigned char* out = nullptr;
  const int size = i2d_ECDSA_SIG(signature.get(), &out);
  if (size <= 0) return false;
  der.assign(reinterpret_cast<char*>(out), static_cast<std::size_t>(size));
  OPENSSL_free(out);
  return true;
}

Verified verify_public(std::string_view algorithm, std::string_view signed_part, std::string_view signature,
                       EVP_PKEY* key) {
  std::string der;
  const int type = EVP_PKEY_get_base_id(key);
  if (is_family(algorithm, "ES")) {
    if (type != EVP_PKEY_EC || !ec_signature_to_der(signature, key, der)) return Verified::no;
    signature = der;
  } else if (type != EVP_PKEY_RSA) {
    return Verified::no;
  }
  const DigestContext ctx(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  EVP_PKEY_CTX* options = nullptr;
  if (!ctx || EVP_DigestVerifyInit(ctx.get(), &options, digest_of(algorithm), nullptr, key) != 1)
    return Verified::internal_error;
  if (is_family(algorithm, "PS") &&
      (EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING) != 1 ||
       EVP_PKEY_CTX_set_rsa_pss_saltlen(options, RSA_PSS_SALTLEN_DIGEST) != 1)) {
    return Verified::internal_error;
  }
  return EVP_DigestVerify(ctx.get(), bytes_of(signature), signature.size(), bytes_of(signed_part),
                          signed_part.size()) == 1
             ? Verified::yes
             : Verified::no;
}

// The text of a member of the header; empty: it is missing or no text.
std::string member(std::string_view json, std::string_view path) {
  const auto parsed = JsonPath::parse(path);
  std::string out;
  const std::string_view value = parsed->find(json);
  if (json::kind_of(value) != json::Kind::string || !json::unquote(value, out)) out.clear();
  return out;
}
bool decoded_member(std::string_view json, std::string_view path, Scratch& scratch, std::string_view& out) {
  return base64::decode(scratch.copy(member(json, path)), scratch, out, true);
}

bool rsa_decrypt(std::string_view algorithm, EVP_PKEY* key, std::string_view wrapped, Scratch& scratch,
                 std::string_view& out) {
  const KeyContext ctx(EVP_PKEY_CTX_new(key, nullptr), EVP_PKEY_CTX_free);
  if (!ctx || EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA || EVP_PKEY_decrypt_init(ctx.get()) != 1)
    return false;
  const bool oaep = algorithm != "RSA1_5";
  if (EVP_PKEY_CTX_set_rsa_padding(ctx.get(), oaep ? RSA_PKCS1_OAEP_PADDING : RSA_PKCS1_PADDING) != 1)
    return false;
  if (algorithm == "RSA-OAEP-256" && (EVP_PKEY_CTX_set_rsa_oaep_md(ctx.get(), EVP_sha256()) != 1 ||
                                      EVP_PKEY_CTX_set_rsa_mgf1_md(ctx.get(), EVP_sha256()) != 1)) {
    return false;
  }
  std::size_t size = static_cast<std::size_t>(EVP_PKEY_get_size(key));
  char* const to = scratch.take(size);
  if (EVP_PKEY_decrypt(ctx.get(), reinterpret_cast<unsigned char*>(to), &size, bytes_of(wrapped),
                       wrapped.size()) != 1)
    return false;
  out = {to, size};
  return true;
}

// RFC 7518 section 4: the key that the content was encrypted with.
bool content_key(std::string_view header, std::string_view wrapped, std::string_view secret, const Key& key,
                 Scratch& scratch, std::string_view& out) {
  const std::string algorithm = member(header, "$.alg");
  if (algorithm == "RSA1_5" || algorithm == "RSA-OAEP" || algorithm == "RSA-OAEP-256")
    return key && rsa_decrypt(algorithm, pkey_of(key), wrapped, scratch, out);
  if (key || secret.empty()) return false;
  if (algorithm == "dir") {
    out = secret;
    return wrapped.empty();
  }
  static constexpr std::pair<std::string_view, std::size_t> kWraps[] = {{"A128KW", 16},    {"A192KW", 24},
                                                                        {"A256KW", 32},    {"A128GCMKW", 16},
                                                                        {"A192GCMKW", 24}, {"A256GCMKW", 32}};
  for (const auto& [name, size] : kWraps) {
    if (name != algorithm || secret.size() != size) continue;
    if (name.size() == 6) return cipher::unwrap_key(secret, wrapped, scratch, out);
    std::string_view iv;
    std::string_view tag;
    return decoded_member(header, "$.iv", scratch, iv) && decoded_member(header, "$.tag", scratch, tag) &&
           cipher::gcm_decrypt(secret, iv, {}, tag, wrapped, scratch, out);
  }
  return false;
}

// RFC 7518 section 5.2: half of the key authenticates, the other half encrypts.
bool cbc_hmac(std::string_view key, const EVP_MD* digest, std::string_view iv, std::string_view aad,
              std::string_view bytes, std::string_view tag, Scratch& scratch, std::string_view& out) {
  const std::size_t half = static_cast<std::size_t>(EVP_MD_get_size(digest)) / 2;
  if (key.size() != 2 * half) return false;
  std::string text;
  text.append(aad).append(iv).append(bytes);
  for (unsigned shift = 64; shift > 0; shift -= 8)
    text += static_cast<char>((std::uint64_t{aad.size()} * 8 >> (shift - 8)) & 0xffU);
  std::string_view code;
  return hmac_of(digest, key.substr(0, half), text, scratch, code) && equal(code.substr(0, half), tag) &&
         cipher::cbc(false, key.substr(half), iv, bytes, scratch, out);
}

}  // namespace

Key public_key(const std::string& pem, bool certificate) {
  if (certificate) {
    const Bio bio = memory(pem);
    const std::unique_ptr<X509, decltype(&X509_free)> x509(
        PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr), X509_free);
    return x509 ? owned(X509_get_pubkey(x509.get())) : Key();
  }
  return owned(PEM_read_bio_PUBKEY(memory(pem).get(), nullptr, nullptr, nullptr));
}

Key private_key(const std::string& pem) {
  // An empty passphrase: OpenSSL would ask the terminal otherwise.
  char none[] = "";
  return owned(PEM_read_bio_PrivateKey(memory(pem).get(), nullptr, nullptr, none));
}

bool is_hmac(std::string_view algorithm) noexcept { return is_family(algorithm, "HS"); }

bool is_asymmetric(std::string_view algorithm) noexcept {
  return is_family(algorithm, "RS") || is_family(algorithm, "ES") || is_family(algorithm, "PS");
}

bool part(std::string_view token, std::size_t n, Scratch& scratch, std::string_view& out) {
  for (; n > 0; --n) {
    const std::size_t dot = token.find('.');
    if (dot == std::string_view::npos) return false;
    token.remove_prefix(dot + 1);
  }
  return base64::decode(token.substr(0, token.find('.')), scratch, out, true);
}

Verified verify(std::string_view token, std::string_view algorithm, std::string_view secret, const Key& key,
                Scratch& scratch) {
  const bool asymmetric = is_asymmetric(algorithm);
  if (!is_hmac(algorithm) && !asymmetric && algorithm != "none") return Verified::unknown_algorithm;
  if (std::count(token.begin(), token.end(), '.') != 2) return Verified::invalid_token;
  const std::size_t last = token.rfind('.');
  std::string_view signature;
  // Nothing was signed: an empty signature is all that can be right (RFC 7518 section 3.6).
  if (algorithm == "none") return last + 1 == token.size() ? Verified::yes : Verified::no;
  if (!part(token, 2, scratch, signature) || signature.empty()) return Verified::invalid_token;
  const std::string_view signed_part = token.substr(0, last);
  if (asymmetric)
    return key ? verify_public(algorithm, signed_part, signature, pkey_of(key)) : Verified::unknown_key;
  std::string_view code;
  if (!hmac_of(digest_of(algorithm), secret, signed_part, scratch, code)) return Verified::internal_error;
  return equal(code, signature) ? Verified::yes : Verified::no;
}

bool decrypt(std::string_view token, std::string_view secret, const Key& key, Scratch& scratch,
             std::string_view& out) {
  if (std::count(token.begin(), token.end(), '.') != 4) return false;
  std::array<std::string_view, 5> parts;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (!part(token, i, scratch, parts[i])) return false;
  }
  const std::string_view aad = token.substr(0, token.find('.'));
  std::string_view cek;
  if (!content_key(parts[0], parts[1], secret, key, scratch, cek)) return false;
  const std::string encryption = member(parts[0], "$.enc");
  if (!member(parts[0], "$.zip").empty()) return false;
  if (encryption == "A128CBC-HS256")
    return cbc_hmac(cek, EVP_sha256(), parts[2], aad, parts[3], parts[4], scratch, out);
  if (encryption == "A192CBC-HS384")
    return cbc_hmac(cek, EVP_sha384(), parts[2], aad, parts[3], parts[4], scratch, out);
  if (encryption == "A256CBC-HS512")
    return cbc_hmac(cek, EVP_sha512(), parts[2], aad, parts[3], parts[4], scratch, out);
  const std::size_t size =
      encryption == "A128GCM" ? 16 : (encryption == "A192GCM" ? 24 : (encryption == "A256GCM" ? 32 : 0));
  return size != 0 && cek.size() == size &&
         cipher::gcm_decrypt(cek, parts[2], aad, parts[4], parts[3], scratch, out);
}

}  // namespace evenkeel::rules::jose
