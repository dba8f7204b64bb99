#include "rules/cipher.h"

#include <openssl/evp.h>

#include <memory>

namespace evenkeel::rules::cipher {
namespace {

using Context = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;

const unsigned char* bytes_of(std::string_view text) noexcept {
  return reinterpret_cast<const unsigned char*>(text.data());
}

const EVP_CIPHER* by_key(std::string_view key, const EVP_CIPHER* c128, const EVP_CIPHER* c192,
                         const EVP_CIPHER* c256) noexcept {
  switch (key.size()) {
    case 16:
      return c128;
    case 24:
      return c192;
    case 32:
      return c256;
    default:
      return nullptr;
  }
}
const EVP_CIPHER* gcm_of(std::string_view key) noexcept {
  return by_key(key, EVP_aes_128_gcm(), EVP_aes_192_gcm(), EVP_aes_256_gcm());
}

bool begin_gcm(EVP_CIPHER_CTX* ctx, bool encrypt, std::string_view key, std::string_view nonce,
               std::string_view aad) {
  const EVP_CIPHER* const algorithm = gcm_of(key);
  if (ctx == nullptr || algorithm == nullptr || nonce.empty() || nonce.size() > 128) return false;
  int length = 0;
  return EVP_CipherInit_ex(ctx, algorithm, nullptr, nullptr, nullptr, encrypt ? 1 : 0) == 1 &&
         EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_SET_IVLEN, static_cast<int>(nonce.size()), nullptr) == 1 &&
         EVP_CipherInit_ex(ctx, nullptr, nullptr, bytes_of(key), bytes_of(nonce), -1) == 1 &&
         (aad.empty() ||
          EVP_CipherUpdate(ctx, nullptr, &length, bytes_of(aad), static_cast<int>(aad.size())) == 1);
}

// The whole input at once; false also when padding or tag are wrong.
bool finish(EVP_CIPHER_CTX* ctx, std::string_view bytes, Scratch& scratch, std::string_view& out) {
  auto* const to = reinterpret_cast<unsigned char*>(scratch.take(bytes.size() + EVP_MAX_BLOCK_LENGTH));
  if (to == nullptr) return false;
  int size = 0;
  int rest = 0;
  if (!bytes.empty() &&
      EVP_CipherUpdate(ctx, to, &size, bytes_of(bytes), static_cast<int>(bytes.size())) != 1)
    return false;
  if (EVP_CipherFinal_ex(ctx, to + size, &rest) != 1) return false;
  out = {reinterpret_cast<char*>(to), static_cast<std::size_t>(size + rest)};
  return true;
}

}  // namespace

bool gcm_encrypt(std::string_view key, std::string_view nonce, std::string_view aad, std::string_view plain,
                 Scratch& scratch, std::string_view& out, std::string_view& tag) {
  const Context ctx(EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free);
  if (!begin_gcm(ctx.get(), true, key, nonce, aad) || !finish(ctx.get(), plain, scratch, out)) return false;
  char* const to = scratch.take(kTagSize);
  if (EVP_CIPHER_CTX_ctrl(ctx.get(), EVP_CTRL_GCM_GET_TAG, kTagSize, to) != 1) return false;
  tag = {to, kTagSize};
  return true;
}

bool gcm_decrypt(std::string_view key, std::string_view nonce, std::string_view aad, std::string_view tag,
                 std::string_view bytes, Scratch& scratch, std::string_view& out) {
  const Context ctx(EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free);
  if (tag.size() != kTagSize || !begin_gcm(ctx.get(), false, key, nonce, aad)) return false;
  if (EVP_CIPHER_CTX_ctrl(ctx.get(), EVP_CTRL_GCM_SET_TAG, kTagSize, const_cast<char*>(tag.data())) != 1)
    return false;
  return finish(ctx.get(), bytes, scratch, out);
}

bool cbc(bool encrypt, std::string_view key, std::string_view nonce, std::string_view bytes, Scratch& scratch,
         std::string_view& out) {
  const EVP_CIPHER* const algorithm = by_key(key, EVP_aes_128_cbc(), EVP_aes_192_cbc(), EVP_aes_256_cbc());
  const Context ctx(EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free);
  return ctx && algorithm != nullptr && nonce.size() == 16 &&
         EVP_CipherInit_ex(ctx.get(), algorithm, nullptr, bytes_of(key), bytes_of(nonce), encrypt ? 1 : 0) ==
             1 &&
         finish(ctx.get(), bytes, scratch, out);
}

bool unwrap_key(std::string_view key, std::string_view wrapped, Scratch& scratch, std::string_view& out) {
  const EVP_CIPHER* const algorithm = by_key(key, EVP_aes_128_wrap(), EVP_aes_192_wrap(), EVP_aes_256_wrap());
  const Context ctx(EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free);
  if (!ctx || algorithm == nullptr || wrapped.size() < 24 || wrapped.size() % 8 != 0) return false;
  EVP_CIPHER_CTX_set_flags(ctx.get(), EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
  return EVP_DecryptInit_ex(ctx.get(), algorithm, nullptr, bytes_of(key), nullptr) == 1 &&
         finish(ctx.get(), wrapped, scratch, out);
}

}  // namespace evenkeel::rules::cipher
