// jwt_header_query, jwt_payload_query, jwt_verify, jwt_verify_cert, jwt_decrypt_* (manual 7.3.1; RFC 7515 to
// 7519).
#include <algorithm>
#include <memory>

#include "rules/compile_env.h"
#include "rules/converter/families.h"
#include "rules/converter/json_query.h"
#include "rules/converter/operand.h"
#include "rules/jose.h"

namespace evenkeel::rules::converter {
namespace {

std::string prepare_query(Args& args, CompileEnv&) {
  if (args.size() == 0) return {};
  auto query = std::make_shared<JsonQuery>();
  if (std::string error = JsonQuery::read(args, *query); !error.empty()) return error;
  args.prepared = std::move(query);
  return {};
}

// Part 0 is the header, part 1 the payload of a signed token.
template <std::size_t kPart>
bool query(const Args& args, EvalContext& ctx, Sample& sample) {
  std::string_view json;
  const auto dots = static_cast<std::size_t>(std::count(sample.text.begin(), sample.text.end(), '.'));
  if (dots != 1 && dots != 2 && (kPart != 0 || dots != 4)) return false;
  if (!jose::part(sample.text, kPart, *ctx.scratch, json)) return false;
  if (args.prepared) return args.as<JsonQuery>().run(json, *ctx.scratch, sample);
  sample = Sample::of_bin(json);
  return true;
}

// Keys are read at load only; a variable may name a file that some other rule has named as well.
struct Verifier {
  TextOperand algorithm;
  TextOperand key;
  jose::Key loaded;
  std::shared_ptr<const CompileEnv::TokenKeys> known;
  bool certificate = false;
};

jose::Key read_key(CompileEnv& env, const std::string& path, bool certificate, std::string& error) {
  auto& known = (*env.token_keys)[path];
  if (known) return known;
  std::string pem;
  if (!env.read_file(path, pem)) {
    error = "cannot read '" + path + "': " + pem;
    return {};
  }
  known = jose::public_key(pem, certificate);
  // Old configurations name a certificate where only its key is needed.
  if (!known && !certificate) known = jose::public_key(pem, true);
  if (!known)
    error = "'" + path + "' holds no " + (certificate ? "certificate" : "public key") + " in PEM form";
  return known;
}

std::string prepare_verifier(Args& args, CompileEnv& env, bool certificate) {
  auto verifier = std::make_shared<Verifier>();
  verifier->algorithm = TextOperand(args.text(0));
  verifier->key = TextOperand(args.text(1));
  verifier->known = env.token_keys;
  verifier->certificate = certificate;
  const std::string& algorithm = verifier->algorithm.literal();
  const bool fixed = !verifier->algorithm.is_variable();
  if (certificate && fixed && jose::is_hmac(algorithm))
    return "'" + algorithm + "' takes a secret, no certificate";
  const bool secret = fixed && !jose::is_asymmetric(algorithm);
  if (!verifier->key.is_variable() && !secret) {
    std::string error;
    verifier->loaded = read_key(env, verifier->key.literal(), certificate, error);
    // With an algorithm that only the token tells, the text may as well be a secret.
    if (!verifier->loaded && (fixed || certificate)) return error;
  }
  args.prepared = std::move(verifier);
  return {};
}
std::string prepare_verify(Args& args, CompileEnv& env) { return prepare_verifier(args, env, false); }
std::string prepare_verify_cert(Args& args, CompileEnv& env) { return prepare_verifier(args, env, true); }

bool verify(const Args& args, EvalContext& ctx, Sample& sample) {
  const auto& verifier = args.as<Verifier>();
  std::string_view algorithm;
  std::string_view key;
  if (!verifier.algorithm.get(ctx, algorithm) || !verifier.key.get(ctx, key)) return false;
  jose::Verified answer = jose::Verified::unmanaged_algorithm;
  if (!verifier.certificate || !jose::is_hmac(algorithm)) {
    jose::Key loaded = verifier.loaded;
    if (!loaded && verifier.key.is_variable()) {
      if (const auto found = verifier.known->find(std::string(key)); found != verifier.known->end())
        loaded = found->second;
    }
    answer = jose::verify(sample.text, algorithm, key, loaded, *ctx.scratch);
  }
  sample = Sample::of_int(static_cast<int>(answer));
  return true;
}

struct Decrypter {
  TextOperand secret;  // base64url
  jose::Key key;
};

std::string prepare_secret(Args& args, CompileEnv&) {
  auto decrypter = std::make_shared<Decrypter>();
  decrypter->secret = TextOperand(args.text(0));
  Scratch scratch;
  std::string_view bytes;
  if (!decrypter->secret.is_variable() && !base64::decode(decrypter->secret.literal(), scratch, bytes, true))
    return "the secret must be base64url text or a variable";
  args.prepared = std::move(decrypter);
  return {};
}
std::string prepare_private(Args& args, CompileEnv& env) {
  auto decrypter = std::make_shared<Decrypter>();
  const std::string path(args.text(0));
  std::string pem;
  if (!env.read_file(path, pem)) return "cannot read '" + path + "': " + pem;
  decrypter->key = jose::private_key(pem);
  if (!decrypter->key) return "'" + path + "' holds no private key in PEM form";
  args.prepared = std::move(decrypter);
  return {};
}

bool decrypt(const Args& args, EvalContext& ctx, Sample& sample) {
  const auto& decrypter = args.as<Decrypter>();
  std::string_view secret;
  if (!decrypter.key) {
    if (!decrypter.secret.get(ctx, secret) || !base64::decode(secret, *ctx.scratch, secret, true))
      return false;
  }
  std::string_view out;
  if (!jose::decrypt(sample.text, secret, decrypter.key, *ctx.scratch, out)) return false;
  sample = Sample::of_bin(out);
  return true;
}

// jwt_decrypt_jwk: the key as JSON (RFC 7517), of which "oct" keys are read.
bool decrypt_jwk(const Args& args, EvalContext& ctx, Sample& sample) {
  std::string_view jwk;
  if (!args.as<Decrypter>().secret.get(ctx, jwk)) return false;
  static const JsonPath kind = *JsonPath::parse("$.kty");
  static const JsonPath value = *JsonPath::parse("$.k");
  const std::string_view text = value.find(jwk);
  if (kind.find(jwk) != "\"oct\"" || json::kind_of(text) != json::Kind::string) return false;
  std::string encoded;
  std::string_view secret;
  std::string_view out;
  if (!json::unquote(text, encoded) ||
      !base64::decode(ctx.scratch->copy(encoded), *ctx.scratch, secret, true) ||
      !jose::decrypt(sample.text, secret, {}, *ctx.scratch, out)) {
    return false;
  }
  sample = Sample::of_bin(out);
  return true;
}
std::string prepare_jwk(Args& args, CompileEnv&) {
  auto decrypter = std::make_shared<Decrypter>();
  decrypter->secret = TextOperand(args.text(0));
  static const JsonPath kind = *JsonPath::parse("$.kty");
  if (!decrypter->secret.is_variable() && kind.find(decrypter->secret.literal()) != "\"oct\"")
    return "only JSON keys of the kind 'oct' are supported: give private keys as PEM files to "
           "jwt_decrypt_cert";
  args.prepared = std::move(decrypter);
  return {};
}

constexpr SampleType kBin = SampleType::bin;
constexpr SampleType kInt = SampleType::sint;
constexpr SampleType kAny = SampleType::any;
constexpr ConverterSpec kConverters[] = {
    {"jwt_header_query", "[ss", kBin, kAny, query<0>, prepare_query},
    {"jwt_payload_query", "[ss", kBin, kAny, query<1>, prepare_query},
    {"jwt_verify", "ss", kBin, kInt, verify, prepare_verify},
    {"jwt_verify_cert", "ss", kBin, kInt, verify, prepare_verify_cert},
    {"jwt_decrypt_secret", "s", kBin, kBin, decrypt, prepare_secret},
    {"jwt_decrypt_cert", "s", kBin, kBin, decrypt, prepare_private},
    {"jwt_decrypt_jwk", "s", kBin, kBin, decrypt_jwk, prepare_jwk},
};

}  // namespace

std::span<const ConverterSpec> jwt() noexcept { return kConverters; }

}  // namespace evenkeel::rules::converter
