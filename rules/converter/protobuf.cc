// protobuf and ungrpc (manual 7.3.1; the wire format is described at
// protobuf.dev/programming-guides/encoding).
#include <bit>
#include <cmath>
#include <cstring>
#include <memory>
#include <optional>
#include <vector>

#include "rules/converter/families.h"
#include "rules/text.h"

namespace evenkeel::rules::converter {
namespace {

enum class Wire : std::uint8_t { varint = 0, fixed64 = 1, bytes = 2, fixed32 = 5 };
enum class Meaning : std::uint8_t { raw, integer32, integer64, unsigned32, zigzag, real32, real64 };

struct FieldType {
  std::string_view name;
  Wire wire;
  Meaning meaning;
};
constexpr FieldType kTypes[] = {
    {"int32", Wire::varint, Meaning::integer32},     {"int64", Wire::varint, Meaning::integer64},
    {"uint32", Wire::varint, Meaning::unsigned32},   {"uint64", Wire::varint, Meaning::integer64},
    {"sint32", Wire::varint, Meaning::zigzag},       {"sint64", Wire::varint, Meaning::zigzag},
    {"bool", Wire::varint, Meaning::integer64},      {"enum", Wire::varint, Meaning::integer32},
    {"fixed64", Wire::fixed64, Meaning::integer64},  {"sfixed64", Wire::fixed64, Meaning::integer64},
    {"double", Wire::fixed64, Meaning::real64},      {"fixed32", Wire::fixed32, Meaning::unsigned32},
    {"sfixed32", Wire::fixed32, Meaning::integer32}, {"float", Wire::fixed32, Meaning::real32},
};

struct Program {
  std::vector<std::uint64_t> path;
  const FieldType* type = nullptr;  // null: the field's bytes
};

std::string prepare(Args& args, CompileEnv&) {
  auto program = std::make_shared<Program>();
  std::string_view rest = args.text(0);
  while (true) {
    const std::string_view number = rest.substr(0, rest.find('.'));
    std::int64_t field = 0;
    if (!parse_int(number, field) || field < 1 || field > 0x1fffffff)
      return "'" + std::string(args.text(0)) + "' is no row of field numbers joined by dots";
    program->path.push_back(static_cast<std::uint64_t>(field));
    if (number.size() == rest.size()) break;
    rest.remove_prefix(number.size() + 1);
  }
  if (!args.text(1).empty()) {
    for (const FieldType& type : kTypes) {
      if (type.name == args.text(1)) program->type = &type;
    }
    if (program->type == nullptr) return "'" + std::string(args.text(1)) + "' is no type of a protobuf field";
  }
  args.prepared = std::move(program);
  return {};
}

struct Reader {
  std::string_view rest;

  std::optional<std::uint64_t> varint() noexcept {
    std::uint64_t value = 0;
    for (unsigned i = 0; i < 10 && i < rest.size(); ++i) {
      const auto byte = static_cast<unsigned char>(rest[i]);
      value |= std::uint64_t{byte & 0x7fU} << (7 * i);
      if ((byte & 0x80U) != 0) continue;
      rest.remove_prefix(i + 1);
      return value;
    }
    return std::nullopt;
  }
  std::optional<std::string_view> take(std::uint64_t n) noexcept {
    if (n > rest.size()) return std::nullopt;
    const std::string_view bytes = rest.substr(0, static_cast<std::size_t>(n));
    rest.remove_prefix(bytes.size());
    return bytes;
  }
};

struct Field {
  std::uint64_t number;
  Wire wire;
  std::string_view bytes;  // without key and length
};

std::optional<Field> next_field(Reader& reader) noexcept {
  const auto key = reader.varint();
  if (!key) return std::nullopt;
  Field field{*key >> 3U, static_cast<Wire>(*key & 7U), {}};
  const std::string_view before = reader.rest;
  switch (field.wire) {
    case Wire::varint:
      if (!reader.varint()) return std::nullopt;
      field.bytes = before.substr(0, before.size() - reader.rest.size());
      return field;
    case Wire::bytes: {
      const auto length = reader.varint();
      const auto bytes = length ? reader.take(*length) : std::nullopt;
      if (!bytes) return std::nullopt;
      field.bytes = *bytes;
      return field;
    }
    case Wire::fixed64:
    case Wire::fixed32: {
      const auto bytes = reader.take(field.wire == Wire::fixed64 ? 8 : 4);
      if (!bytes) return std::nullopt;
      field.bytes = *bytes;
      return field;
    }
  }
  return std::nullopt;  // groups, which nobody has written for fifteen years
}

std::uint64_t little_endian(std::string_view bytes) noexcept {
  std::uint64_t value = 0;
  for (std::size_t i = bytes.size(); i-- > 0;) value = value << 8U | static_cast<unsigned char>(bytes[i]);
  return value;
}
// Nothing outside of the range of an integer is undefined: it saturates.
std::int64_t whole(double value) noexcept {
  if (std::isnan(value)) return 0;
  if (value >= 9.2233720368547758e18) return INT64_MAX;
  return value <= -9.2233720368547758e18 ? INT64_MIN : static_cast<std::int64_t>(value);
}

std::int64_t integer_of(const Field& field, Meaning meaning) noexcept {
  Reader reader{field.bytes};
  const std::uint64_t value =
      field.wire == Wire::varint ? reader.varint().value_or(0) : little_endian(field.bytes);
  switch (meaning) {
    case Meaning::integer32:
      return static_cast<std::int32_t>(value);
    case Meaning::unsigned32:
      return static_cast<std::uint32_t>(value);
    case Meaning::zigzag:
      return static_cast<std::int64_t>(value >> 1U) ^ -static_cast<std::int64_t>(value & 1U);
    case Meaning::real32:
      return whole(std::bit_cast<float>(static_cast<std::uint32_t>(value)));
    case Meaning::real64:
      return whole(std::bit_cast<double>(value));
    default:
      return static_cast<std::int64_t>(value);
  }
}

// The first field of each number counts, on every level. Each level reads what the one above it found.
bool find(const Program& program, std::string_view message, Sample& sample) {
  for (std::size_t level = 0; level < program.path.size(); ++level) {
    const bool last = level + 1 == program.path.size();
    Reader reader{message};
    std::optional<Field> field;
    do field = next_field(reader);
    while (field && field->number != program.path[level]);
    if (!field) return false;
    if (last && program.type != nullptr) {
      if (field->wire != program.type->wire) return false;
      sample = Sample::of_int(integer_of(*field, program.type->meaning));
      return true;
    }
    if (!last && field->wire != Wire::bytes) return false;
    message = field->bytes;
  }
  sample = Sample::of_bin(message);
  return true;
}

bool protobuf(const Args& args, EvalContext&, Sample& sample) {
  return find(args.as<Program>(), sample.text, sample);
}

// A gRPC message: a flag byte, which is 1 when it is compressed, and four bytes of length before it.
bool ungrpc(const Args& args, EvalContext&, Sample& sample) {
  std::string_view rest = sample.text;
  while (rest.size() >= 5) {
    std::uint32_t length = 0;
    for (std::size_t i = 1; i < 5; ++i) length = length << 8U | static_cast<unsigned char>(rest[i]);
    if (rest[0] != 0 || rest.size() - 5 < length) return false;
    if (find(args.as<Program>(), rest.substr(5, length), sample)) return true;
    rest.remove_prefix(std::size_t{5} + length);
  }
  return false;
}

constexpr ConverterSpec kConverters[] = {
    {"protobuf", "s[s", SampleType::bin, SampleType::any, protobuf, prepare},
    {"ungrpc", "s[s", SampleType::bin, SampleType::any, ungrpc, prepare},
};

}  // namespace

std::span<const ConverterSpec> protobuf() noexcept { return kConverters; }

}  // namespace evenkeel::rules::converter
