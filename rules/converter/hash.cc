// Hashes of non-cryptographic kind (manual 7.3.1).
#include "core/hash.h"

#include "rules/converter/families.h"

namespace evenkeel::rules::converter {
namespace {

// The optional argument 1 asks for avalanche.
template <std::uint32_t (*kHash)(std::string_view) noexcept>
bool hashed(const Args& args, EvalContext&, Sample& sample) {
  std::uint32_t hash = kHash(sample.text);
  if (args.number(0, 0) == 1) hash = avalanche(hash);
  sample = Sample::of_int(hash);
  return true;
}
std::string prepare_avalanche(Args& args, CompileEnv&) {
  const std::int64_t kind = args.number(0, 0);
  return kind == 0 || kind == 1 ? "" : "the avalanche must be 0 or 1";
}

bool xxh32(const Args& args, EvalContext&, Sample& sample) {
  sample = Sample::of_int(hash_xxh32(sample.text, static_cast<std::uint32_t>(args.number(0, 0))));
  return true;
}
bool xxh64(const Args& args, EvalContext&, Sample& sample) {
  sample = Sample::of_int(
      static_cast<std::int64_t>(hash_xxh64(sample.text, static_cast<std::uint64_t>(args.number(0, 0)))));
  return true;
}

bool xxh3(const Args& args, EvalContext&, Sample& sample) {
  sample = Sample::of_int(
      static_cast<std::int64_t>(hash_xxh3(sample.text, static_cast<std::uint64_t>(args.number(0, 0)))));
  return true;
}

constexpr ConverterSpec kConverters[] = {
    {"crc32", "[i", SampleType::bin, SampleType::sint, hashed<hash_crc32>, prepare_avalanche},
    {"crc32c", "[i", SampleType::bin, SampleType::sint, hashed<hash_crc32c>, prepare_avalanche},
    {"djb2", "[i", SampleType::bin, SampleType::sint, hashed<hash_djb2>, prepare_avalanche},
    {"sdbm", "[i", SampleType::bin, SampleType::sint, hashed<hash_sdbm>, prepare_avalanche},
    {"wt6", "[i", SampleType::bin, SampleType::sint, hashed<hash_wt6>, prepare_avalanche},
    {"xxh32", "[i", SampleType::bin, SampleType::sint, xxh32},
    {"xxh64", "[i", SampleType::bin, SampleType::sint, xxh64},
    {"xxh3", "[i", SampleType::bin, SampleType::sint, xxh3},
};

}  // namespace

std::span<const ConverterSpec> hash() noexcept { return kConverters; }

}  // namespace evenkeel::rules::converter
