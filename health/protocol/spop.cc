#include "health/protocol/spop.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace evenkeel::health {
namespace {

using Kind = CustomVerdict::Kind;

// What we offer. Frames carry a length of 4 bytes that does not count itself, hence the odd number.
constexpr std::uint64_t kMaxFrameSize = 16'380;
constexpr std::uint64_t kMinFrameSize = 256;

enum Frame : unsigned char { client_hello = 1, agent_hello = 101, agent_disconnect = 102 };

enum Error : unsigned {
  invalid_frame = 4,
  no_version = 5,
  no_max_frame_size = 6,
  bad_version = 8,
  bad_frame_size = 9,
  fragmented = 10,
};

// The status codes of AGENT-DISCONNECT.
std::string_view reason(std::uint64_t code) noexcept {
  switch (code) {
    case 0:
      return "normal";
    case 1:
      return "I/O error";
    case 2:
      return "a timeout occurred";
    case 3:
      return "frame is too big";
    case invalid_frame:
      return "invalid frame received";
    case no_version:
      return "version value not found";
    case no_max_frame_size:
      return "max-frame-size value not found";
    case 7:
      return "capabilities value not found";
    case bad_version:
      return "unsupported version";
    case bad_frame_size:
      return "max-frame-size too big or too small";
    case fragmented:
      return "fragmentation not supported";
    case 11:
      return "invalid interlaced frames";
    case 12:
      return "frame-id not found";
    case 13:
      return "resource allocation error";
    default:
      return "an unknown error occurred";
  }
}

CustomVerdict refuse(std::uint64_t code) {
  return {Kind::fail, CheckStatus::l7_rsp, 0, std::string(reason(code))};
}

// Variable-length integers: values from 240 on keep four bits in the first byte and seven in each that
// follows.
std::optional<std::uint64_t> take_varint(std::string_view& bytes) noexcept {
  if (bytes.empty()) return std::nullopt;
  std::uint64_t value = static_cast<unsigned char>(bytes.front());
  bytes.remove_prefix(1);
  if (value < 240) return value;
  for (int shift = 4; shift < 64; shift += 7) {
    if (bytes.empty()) return std::nullopt;
    const auto next = static_cast<unsigned char>(bytes.front());
    bytes.remove_prefix(1);
    value += static_cast<std::uint64_t>(next) << shift;
    if (next < 128) return value;
  }
  return std::nullopt;
}

std::optional<std::string_view> take_text(std::string_view& bytes) noexcept {
  const auto size = take_varint(bytes);
  if (!size || bytes.size() < *size) return std::nullopt;
  const std::string_view text = bytes.substr(0, *size);
  bytes.remove_prefix(*size);
  return text;
}

struct Value {
  std::optional<std::uint64_t> number;
  std::optional<std::string_view> text;
};

// A typed value; the type is the low half of its first byte. nullopt: malformed.
std::optional<Value> take_value(std::string_view& bytes) noexcept {
  if (bytes.empty()) return std::nullopt;
  const int type = bytes.front() & 0x0f;
  bytes.remove_prefix(1);
  Value value;
  switch (type) {
    case 0:  // null
    case 1:  // boolean, inside the type byte
      return value;
    case 2:  // the four integer types
    case 3:
    case 4:
    case 5:
      value.number = take_varint(bytes);
      if (!value.number) return std::nullopt;
      return value;
    case 6:    // IPv4
    case 7: {  // IPv6
      const std::size_t size = type == 6 ? 4 : 16;
      if (bytes.size() < size) return std::nullopt;
      bytes.remove_prefix(size);
      return value;
    }
    case 8:  // string
    case 9:  // binary
      value.text = take_text(bytes);
      if (!value.text) return std::nullopt;
      return value;
    default:
      return std::nullopt;
  }
}

// "2.0", or a list that has it.
bool speaks_version_2(std::string_view versions) noexcept {
  while (!versions.empty()) {
    const auto comma = versions.find(',');
    std::string_view one = versions.substr(0, comma);
    while (!one.empty() && one.front() == ' ') one.remove_prefix(1);
    if (one.starts_with("2.")) return true;
    if (comma == std::string_view::npos) break;
    versions.remove_prefix(comma + 1);
  }
  return false;
}

CustomVerdict judge_hello(std::string_view items) {
  bool version = false;
  bool size = false;
  while (!items.empty()) {
    const auto name = take_text(items);
    const auto value = name ? take_value(items) : std::nullopt;
    if (!value) return refuse(invalid_frame);
    if (*name == "version") {
      if (!value->text) return refuse(invalid_frame);
      if (!speaks_version_2(*value->text)) return refuse(bad_version);
      version = true;
    } else if (*name == "max-frame-size") {
      if (!value->number) return refuse(invalid_frame);
      if (*value->number < kMinFrameSize || *value->number > kMaxFrameSize) return refuse(bad_frame_size);
      size = true;
    } else if (*name == "capabilities" && !value->text) {
      return refuse(invalid_frame);
    }
  }
  if (!version) return refuse(no_version);
  if (!size) return refuse(no_max_frame_size);
  return {Kind::pass, CheckStatus::l7_ok, 0, {}};
}

CustomVerdict judge_disconnect(std::string_view items) {
  std::uint64_t code = 0;
  while (!items.empty()) {
    const auto name = take_text(items);
    const auto value = name ? take_value(items) : std::nullopt;
    if (!value) return refuse(invalid_frame);
    if (*name == "status-code" && value->number) code = *value->number;
  }
  return refuse(code);
}

CustomVerdict judge_frame(std::string_view frame) {
  constexpr std::size_t kTypeAndFlags = 5;
  if (frame.size() < kTypeAndFlags) return refuse(invalid_frame);
  const auto type = static_cast<unsigned char>(frame[0]);
  if (type != agent_hello && type != agent_disconnect) return refuse(invalid_frame);
  const bool final_fragment = frame[4] & 1;
  if (!final_fragment) return refuse(fragmented);
  frame.remove_prefix(kTypeAndFlags);
  // Stream and frame number; both zero in a handshake.
  const auto stream = take_varint(frame);
  const auto number = take_varint(frame);
  if (!stream || !number || *stream != 0 || *number != 0) return refuse(invalid_frame);
  return type == agent_hello ? judge_hello(frame) : judge_disconnect(frame);
}

void put_text(std::string& out, std::string_view text) {
  out += static_cast<char>(text.size());  // all of ours are shorter than 240
  out += text;
}

std::string hello() {
  using namespace std::string_literals;
  std::string frame = "\x01\x00\x00\x00\x01\x00\x00"s;  // client hello, the only fragment, stream 0, frame 0
  put_text(frame, "supported-versions");
  frame += '\x08';
  put_text(frame, "2.0");
  put_text(frame, "max-frame-size");
  frame += "\x03\xfc\xf0\x06"s;  // kMaxFrameSize
  put_text(frame, "capabilities");
  frame += '\x08';
  put_text(frame, "");
  put_text(frame, "healthcheck");
  frame += '\x11';  // true
  std::string out;
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(frame.size() >> shift & 0xff);
  return out + frame;
}

}  // namespace

CustomVerdict parse_spop_hello(std::string_view received, bool eof) {
  std::size_t size = 0;
  if (received.size() >= 4) {
    for (std::size_t i = 0; i < 4; ++i) size = size << 8 | static_cast<unsigned char>(received[i]);
    if (received.size() - 4 >= size) return judge_frame(received.substr(4, size));
  }
  if (eof) return refuse(invalid_frame);
  return {};
}

std::vector<CheckStep> spop_steps() {
  ConnectStep connect;
  connect.use_server_defaults = true;
  connect.implicit = true;
  ExpectStep answer;
  answer.kind = ExpectKind::custom;
  answer.custom = parse_spop_hello;
  return {connect, SendStep{.data = {hello(), nullptr}}, answer};
}

}  // namespace evenkeel::health
