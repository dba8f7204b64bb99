// aes_gcm_enc, aes_gcm_dec, aes_cbc_enc, aes_cbc_dec (manual 7.3.1): nonce, key, tag and additional data are
// base64 texts or variables that hold such.
#include <memory>

#include "rules/cipher.h"
#include "rules/converter/families.h"
#include "rules/converter/operand.h"

namespace evenkeel::rules::converter {
namespace {

struct Program {
  std::size_t key_size = 0;
  TextOperand nonce, key, tag, aad;
  VarRef tag_variable;  // of aes_gcm_enc
};

std::string read_common(const Args& args, Program& program) {
  const std::int64_t bits = args.number(0, 0);
  if (bits != 128 && bits != 192 && bits != 256) return "the size of the key must be 128, 192 or 256";
  program.key_size = static_cast<std::size_t>(bits) / 8;
  if (!TextOperand::base64(args.text(1), program.nonce)) return "the nonce must be base64 text or a variable";
  if (!TextOperand::base64(args.text(2), program.key)) return "the key must be base64 text or a variable";
  if (!program.key.is_variable() && program.key.literal().size() != program.key_size)
    return "the key has " + std::to_string(program.key.literal().size() * 8) + " bits, not " +
           std::to_string(bits);
  return {};
}

std::string prepare_gcm(Args& args, bool encrypt) {
  auto program = std::make_shared<Program>();
  if (std::string error = read_common(args, *program); !error.empty()) return error;
  if (encrypt) {
    auto ref = VarRef::parse(args.text(3));
    if (!ref) return "the tag goes to a variable: " + ref.error();
    program->tag_variable = std::move(*ref);
  } else if (!TextOperand::base64(args.text(3), program->tag)) {
    return "the tag must be base64 text or a variable";
  }
  if (!args.text(4).empty() && !TextOperand::base64(args.text(4), program->aad))
    return "the additional data must be base64 text or a variable";
  args.prepared = std::move(program);
  return {};
}
std::string prepare_gcm_enc(Args& args, CompileEnv&) { return prepare_gcm(args, true); }
std::string prepare_gcm_dec(Args& args, CompileEnv&) { return prepare_gcm(args, false); }

std::string prepare_cbc(Args& args, CompileEnv&) {
  auto program = std::make_shared<Program>();
  if (std::string error = read_common(args, *program); !error.empty()) return error;
  if (!args.text(3).empty()) return "CBC has no additional data that it could authenticate: leave them out";
  if (!program->nonce.is_variable() && program->nonce.literal().size() != 16)
    return "the nonce must have 16 bytes";
  args.prepared = std::move(program);
  return {};
}

bool key_and_nonce(const Program& program, EvalContext& ctx, std::string_view& key, std::string_view& nonce) {
  return program.key.get(ctx, key) && key.size() == program.key_size && program.nonce.get(ctx, nonce);
}

bool gcm_enc(const Args& args, EvalContext& ctx, Sample& sample) {
  const auto& program = args.as<Program>();
  std::string_view key, nonce, aad, out, tag, encoded;
  if (!key_and_nonce(program, ctx, key, nonce) || !program.aad.get(ctx, aad)) return false;
  if (!cipher::gcm_encrypt(key, nonce, aad, sample.text, *ctx.scratch, out, tag)) return false;
  if (!base64::encode(tag, *ctx.scratch, encoded)) return false;
  if (!set_variable(ctx, program.tag_variable, Sample::of_text(encoded))) return false;
  sample = Sample::of_bin(out);
  return true;
}

bool gcm_dec(const Args& args, EvalContext& ctx, Sample& sample) {
  const auto& program = args.as<Program>();
  std::string_view key, nonce, aad, out, tag;
  if (!key_and_nonce(program, ctx, key, nonce) || !program.aad.get(ctx, aad) || !program.tag.get(ctx, tag))
    return false;
  if (!cipher::gcm_decrypt(key, nonce, aad, tag, sample.text, *ctx.scratch, out)) return false;
  sample = Sample::of_bin(out);
  return true;
}

template <bool kEncrypt>
bool cbc(const Args& args, EvalContext& ctx, Sample& sample) {
  const auto& program = args.as<Program>();
  std::string_view key, nonce, out;
  if (!key_and_nonce(program, ctx, key, nonce)) return false;
  if (!cipher::cbc(kEncrypt, key, nonce, sample.text, *ctx.scratch, out)) return false;
  sample = Sample::of_bin(out);
  return true;
}

constexpr SampleType kBin = SampleType::bin;
constexpr ConverterSpec kConverters[] = {
    {"aes_gcm_enc", "isss[s", kBin, kBin, gcm_enc, prepare_gcm_enc},
    {"aes_gcm_dec", "isss[s", kBin, kBin, gcm_dec, prepare_gcm_dec},
    {"aes_cbc_enc", "iss[s", kBin, kBin, cbc<true>, prepare_cbc},
    {"aes_cbc_dec", "iss[s", kBin, kBin, cbc<false>, prepare_cbc},
};

}  // namespace

std::span<const ConverterSpec> aes() noexcept { return kConverters; }

}  // namespace evenkeel::rules::converter
