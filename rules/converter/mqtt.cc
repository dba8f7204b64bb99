// mqtt_is_valid and mqtt_field_value (manual 7.3.1): CONNECT and CONNACK of MQTT 3.1, 3.1.1 and 5.0.
#include <array>
#include <memory>
#include <optional>

#include "rules/byte_reader.h"
#include "rules/converter/families.h"
#include "rules/text.h"

namespace evenkeel::rules::converter {
namespace {

constexpr unsigned kConnect = 1;
constexpr unsigned kConnack = 2;

struct Reader : ByteReader {
  std::string_view text() noexcept { return take(number(2)); }
  std::uint32_t varint() noexcept {
    std::uint32_t value = 0;
    for (unsigned i = 0; i < 4; ++i) {
      const std::uint32_t byte = number(1);
      value |= (byte & 0x7fU) << (7 * i);
      if ((byte & 0x80U) == 0) return value;
    }
    ok = false;
    return 0;
  }
};

// The types of property values (MQTT 5.0 section 2.2.2.2), and in which packets they may stand.
enum class Shape : std::uint8_t { byte, two, four, text, pair };
enum Where : std::uint8_t { in_connect = 1, in_will = 2, in_connack = 4 };
struct Property {
  std::uint8_t id;
  Shape shape;
  std::uint8_t where;
};
constexpr Property kProperties[] = {
    {1, Shape::byte, in_will},
    {2, Shape::four, in_will},
    {3, Shape::text, in_will},
    {8, Shape::text, in_will},
    {9, Shape::text, in_will},
    {24, Shape::four, in_will},
    {17, Shape::four, in_connect | in_connack},
    {18, Shape::text, in_connack},
    {19, Shape::two, in_connack},
    {21, Shape::text, in_connect | in_connack},
    {22, Shape::text, in_connect | in_connack},
    {23, Shape::byte, in_connect},
    {25, Shape::byte, in_connect},
    {26, Shape::text, in_connack},
    {28, Shape::text, in_connack},
    {31, Shape::text, in_connack},
    {33, Shape::two, in_connect | in_connack},
    {34, Shape::two, in_connect | in_connack},
    {36, Shape::byte, in_connack},
    {37, Shape::byte, in_connack},
    {38, Shape::pair, in_connect | in_will | in_connack},
    {39, Shape::four, in_connect | in_connack},
    {40, Shape::byte, in_connack},
    {41, Shape::byte, in_connack},
    {42, Shape::byte, in_connack},
};

struct Value {
  bool set = false;
  bool is_text = false;
  std::uint32_t number = 0;
  std::string_view text;

  void operator=(std::uint32_t n) noexcept { *this = Value{true, false, n, {}}; }
  void operator=(std::string_view t) noexcept { *this = Value{true, true, 0, t}; }
};

struct Packet {
  unsigned type = 0;
  Value flags, protocol_name, protocol_version, reason_code, keepalive;
  Value client_identifier, will_topic, will_payload, username, password;
  std::array<Value, 43> properties;
};

bool read_properties(Reader& reader, Where where, Packet& packet) noexcept {
  Reader list{reader.take(reader.varint())};
  if (!reader.ok) return false;
  while (list.ok && !list.rest.empty()) {
    const std::uint32_t id = list.varint();
    const Property* known = nullptr;
    for (const Property& property : kProperties) {
      if (property.id == id && (property.where & where) != 0) known = &property;
    }
    if (known == nullptr) return false;
    Value& value = packet.properties[id];
    if (value.set && known->shape != Shape::pair) return false;  // once each
    switch (known->shape) {
      case Shape::byte:
        value = list.number(1);
        break;
      case Shape::two:
        value = list.number(2);
        break;
      case Shape::four:
        value = list.number(4);
        break;
      case Shape::text:
        value = list.text();
        break;
      case Shape::pair:
        list.text();
        list.text();
        break;
    }
  }
  return list.ok;
}

// Section 3.1 of both specifications.
bool read_connect(Reader& reader, Packet& packet) noexcept {
  packet.protocol_name = reader.text();
  const std::uint32_t version = reader.number(1);
  packet.protocol_version = version;
  const bool known = (packet.protocol_name.text == "MQIsdp" && version == 3) ||
                     (packet.protocol_name.text == "MQTT" && (version == 4 || version == 5));
  const std::uint32_t flags = reader.number(1);
  packet.flags = flags;
  const bool will = (flags & 4U) != 0;
  // The lowest bit is reserved; without a will its QoS and retain bits are 0, and QoS 3 does not exist.
  if (!known || (flags & 1U) != 0 || (!will && (flags & 0x38U) != 0) || (flags & 0x18U) == 0x18U)
    return false;
  packet.keepalive = reader.number(2);
  if (version == 5 && !read_properties(reader, in_connect, packet)) return false;
  packet.client_identifier = reader.text();
  if (will) {
    if (version == 5 && !read_properties(reader, in_will, packet)) return false;
    packet.will_topic = reader.text();
    packet.will_payload = reader.text();
  }
  if ((flags & 0x80U) != 0) packet.username = reader.text();
  if ((flags & 0x40U) != 0) packet.password = reader.text();
  return reader.ok && reader.rest.empty();
}

// Section 3.2. Only 5.0 has properties, so the length tells the versions apart.
bool read_connack(Reader& reader, Packet& packet) noexcept {
  const bool five = reader.rest.size() > 2;
  packet.protocol_version = five ? 5U : 4U;
  const std::uint32_t flags = reader.number(1);
  packet.flags = flags;
  packet.reason_code = reader.number(1);
  if ((flags & 0xfeU) != 0) return false;
  if (five && !read_properties(reader, in_connack, packet)) return false;
  return reader.ok && reader.rest.empty();
}

bool read_packet(std::string_view bytes, Packet& packet) noexcept {
  Reader reader{bytes};
  const std::uint32_t first = reader.number(1);
  const std::uint32_t length = reader.varint();
  Reader body{reader.take(length)};
  packet.type = first >> 4U;
  if (!reader.ok || (first & 0x0fU) != 0) return false;
  if (packet.type == kConnect) return read_connect(body, packet);
  return packet.type == kConnack && read_connack(body, packet);
}

// No answer while bytes are missing: content rules then wait for them.
bool is_valid(const Args&, EvalContext&, Sample& sample) {
  Reader reader{sample.text};
  const std::uint32_t first = reader.number(1);
  const std::uint32_t length = reader.varint();
  if (first != kConnect << 4U && first != kConnack << 4U) {
    sample = Sample::of_bool(false);
    return true;
  }
  if (sample.text.size() < 5 && !reader.ok) return false;
  if (reader.ok && reader.rest.size() < length) return false;
  Packet packet;
  sample = Sample::of_bool(read_packet(sample.text, packet));
  return true;
}

struct Named {
  std::string_view name;
  unsigned packets;  // bits of the types
  Value Packet::*value;
};
constexpr Named kNames[] = {
    {"flags", 6, &Packet::flags},
    {"protocol_name", 2, &Packet::protocol_name},
    {"protocol_version", 6, &Packet::protocol_version},
    {"reason_code", 4, &Packet::reason_code},
    {"keepalive", 2, &Packet::keepalive},
    {"client_identifier", 2, &Packet::client_identifier},
    {"will_topic", 2, &Packet::will_topic},
    {"will_payload", 2, &Packet::will_payload},
    {"username", 2, &Packet::username},
    {"password", 2, &Packet::password},
};

struct Program {
  unsigned type = 0;
  Value Packet::*value = nullptr;
  std::size_t property = 0;
};

std::string prepare(Args& args, CompileEnv&) {
  Program program;
  const std::string_view type = args.text(0);
  if (type == "1" || text::equal_fold(type, "connect")) program.type = kConnect;
  if (type == "2" || text::equal_fold(type, "connack")) program.type = kConnack;
  if (program.type == 0) return "'" + std::string(type) + "' is no type of packet: connect or connack";
  for (const Named& named : kNames) {
    if ((named.packets & (1U << program.type)) != 0 && text::equal_fold(named.name, args.text(1)))
      program.value = named.value;
  }
  std::int64_t id = 0;
  if (program.value == nullptr && parse_int(args.text(1), id)) {
    // The manual counts the will's delay as 18 where the specification has 24.
    if (program.type == kConnect && id == 18) id = 24;
    const std::uint8_t wanted = program.type == kConnect ? in_connect | in_will : in_connack;
    for (const Property& property : kProperties) {
      if (property.id == id && property.shape != Shape::pair && (property.where & wanted) != 0)
        program.property = property.id;
    }
  }
  if (program.value == nullptr && program.property == 0)
    return "'" + std::string(args.text(1)) + "' is no field or property of this packet";
  args.prepared = std::make_shared<const Program>(program);
  return {};
}

bool field_value(const Args& args, EvalContext& ctx, Sample& sample) {
  const auto& program = args.as<Program>();
  Packet packet;
  if (!read_packet(sample.text, packet) || packet.type != program.type) return false;
  const Value& value = program.value != nullptr ? packet.*program.value : packet.properties[program.property];
  if (!value.set) return false;
  sample = Sample::of_text(value.text);
  if (!value.is_text) sample = Sample::of_text(as_text(Sample::of_int(value.number), *ctx.scratch));
  return true;
}

constexpr ConverterSpec kConverters[] = {
    {"mqtt_is_valid", "", SampleType::bin, SampleType::boolean, is_valid},
    {"mqtt_field_value", "ss", SampleType::bin, SampleType::str, field_value, prepare},
};

}  // namespace

std::span<const ConverterSpec> mqtt() noexcept { return kConverters; }

}  // namespace evenkeel::rules::converter
