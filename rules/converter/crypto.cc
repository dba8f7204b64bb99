// Digests and message authentication (manual 7.3.1).
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <memory>

#include "rules/base64.h"
#include "rules/converter/families.h"
#include "rules/variables.h"

namespace evenkeel::rules::converter {
namespace {

bool digest_with(const EVP_MD* algorithm, EvalContext& ctx, Sample& sample) noexcept {
  char* const to = ctx.scratch->take(EVP_MAX_MD_SIZE);
  unsigned int size = 0;
  if (EVP_Digest(sample.text.data(), sample.text.size(), reinterpret_cast<unsigned char*>(to), &size,
                 algorithm, nullptr) != 1) {
    return false;
  }
  sample = Sample::of_bin({to, size});
  return true;
}

bool sha1(const Args&, EvalContext& ctx, Sample& sample) { return digest_with(EVP_sha1(), ctx, sample); }

bool sha2(const Args& args, EvalContext& ctx, Sample& sample) {
  switch (args.number(0, 256)) {
    case 224:
      return digest_with(EVP_sha224(), ctx, sample);
    case 384:
      return digest_with(EVP_sha384(), ctx, sample);
    case 512:
      return digest_with(EVP_sha512(), ctx, sample);
    default:
      return digest_with(EVP_sha256(), ctx, sample);
  }
}
std::string prepare_sha2(Args& args, CompileEnv&) {
  const std::int64_t bits = args.number(0, 256);
  return bits == 224 || bits == 256 || bits == 384 || bits == 512 ? ""
                                                                  : "the size must be 224, 256, 384 or 512";
}

std::string prepare_digest(Args& args, CompileEnv&) {
  return EVP_get_digestbyname(args.list[0].text.c_str()) != nullptr
             ? ""
             : "unknown digest '" + args.list[0].text + "'";
}
bool digest(const Args& args, EvalContext& ctx, Sample& sample) {
  return digest_with(EVP_get_digestbyname(args.list[0].text.c_str()), ctx, sample);
}

// The key: base64 text, or a variable that holds base64 text.
struct Hmac {
  const EVP_MD* algorithm;
  std::string key;
  std::unique_ptr<VarRef> variable;
};
std::string prepare_hmac(Args& args, CompileEnv& env) {
  if (std::string error = prepare_digest(args, env); !error.empty()) return error;
  auto hmac = std::make_shared<Hmac>(Hmac{EVP_get_digestbyname(args.list[0].text.c_str()), {}, nullptr});
  if (auto ref = VarRef::parse(args.text(1))) {
    hmac->variable = std::make_unique<VarRef>(std::move(*ref));
  } else {
    Scratch scratch;
    std::string_view key;
    if (!base64::decode(args.text(1), scratch, key)) return "the key must be base64 text or a variable";
    hmac->key = std::string(key);
  }
  args.prepared = std::move(hmac);
  return {};
}
bool hmac(const Args& args, EvalContext& ctx, Sample& sample) {
  const auto& program = args.as<Hmac>();
  std::string_view key = program.key;
  if (program.variable) {
    Sample value;
    if (!get_variable(ctx, *program.variable, value)) return false;
    if (!base64::decode(as_text(value, *ctx.scratch), *ctx.scratch, key)) return false;
  }
  char* const to = ctx.scratch->take(EVP_MAX_MD_SIZE);
  unsigned int size = 0;
  if (HMAC(program.algorithm, key.data(), static_cast<int>(key.size()),
           reinterpret_cast<const unsigned char*>(sample.text.data()), sample.text.size(),
           reinterpret_cast<unsigned char*>(to), &size) == nullptr) {
    return false;
  }
  sample = Sample::of_bin({to, size});
  return true;
}

constexpr SampleType kBin = SampleType::bin;
constexpr ConverterSpec kConverters[] = {
    {"sha1", "", kBin, kBin, sha1},
    {"sha2", "[i", kBin, kBin, sha2, prepare_sha2},
    {"digest", "s", kBin, kBin, digest, prepare_digest},
    {"hmac", "ss", kBin, kBin, hmac, prepare_hmac},
};

}  // namespace

std::span<const ConverterSpec> crypto() noexcept { return kConverters; }

}  // namespace evenkeel::rules::converter
