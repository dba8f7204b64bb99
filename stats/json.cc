#include "stats/json.h"

#include <algorithm>

namespace evenkeel::stats {
namespace {

// Largest integer that every JSON reader keeps exactly (RFC 8259 section 6).
constexpr std::uint64_t kMaxExact = (std::uint64_t{1} << 53) - 1;

std::string_view origin_word(char letter) noexcept {
  switch (letter) {
    case 'M':
      return "Metric";
    case 'S':
      return "Status";
    case 'K':
      return "Key";
    case 'C':
      return "Config";
    case 'P':
      return "Product";
    default:
      return "Unknown";
  }
}

std::string_view nature_word(char letter) noexcept {
  switch (letter) {
    case 'G':
      return "Gauge";
    case 'L':
      return "Limit";
    case 'm':
      return "Min";
    case 'M':
      return "Max";
    case 'R':
      return "Rate";
    case 'C':
      return "Counter";
    case 'D':
      return "Duration";
    case 'A':
      return "Age";
    case 'T':
      return "Time";
    case 'N':
      return "Name";
    case 'O':
      return "Output";
    case 'a':
      return "Avg";
    default:
      return "Unknown";
  }
}

std::string_view scope_word(char letter) noexcept {
  switch (letter) {
    case 'C':
      return "Cluster";
    case 'P':
      return "Process";
    case 'S':
      return "Service";
    case 'Y':
      return "System";
    default:
      return "Unknown";
  }
}

// Length of the well-formed UTF-8 sequence at the start of text; 0 when there is none (Unicode table 3-7).
std::size_t utf8_length(std::string_view text) noexcept {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto follows = [&](std::size_t i, unsigned char low = 0x80, unsigned char high = 0xBF) {
    return i < text.size() && byte(i) >= low && byte(i) <= high;
  };
  const unsigned char c = byte(0);
  if (c < 0x80) return 1;
  if (c >= 0xC2 && c <= 0xDF) return follows(1) ? 2 : 0;
  if (c >= 0xE0 && c <= 0xEF) {
    return follows(1, c == 0xE0 ? 0xA0 : 0x80, c == 0xED ? 0x9F : 0xBF) && follows(2) ? 3 : 0;
  }
  if (c >= 0xF0 && c <= 0xF4) {
    return follows(1, c == 0xF0 ? 0x90 : 0x80, c == 0xF4 ? 0x8F : 0xBF) && follows(2) && follows(3) ? 4 : 0;
  }
  return 0;
}

void append_escaped(std::string& out, char c) {
  constexpr std::string_view kHex = "0123456789abcdef";
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      break;
  }
  const auto byte = static_cast<unsigned char>(c);
  if (byte < 0x20 || byte == 0x7F) {
    out += "\\u00";
    out += kHex[byte >> 4];
    out += kHex[byte & 15];
  } else {
    out += c;
  }
}

}  // namespace

void append_json_text(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    if (length == 1) {
      append_escaped(out, text.front());
    } else if (length == 0) {
      out += "\xEF\xBF\xBD";
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  out += '"';
}

void append_json_item(std::string& out, std::size_t position, std::string_view name, std::uint32_t process,
                      std::string_view tags, const Value& value) {
  out += "\"field\":{\"pos\":" + std::to_string(position) + ",\"name\":";
  append_json_text(out, name);
  out += "},\"processNum\":" + std::to_string(process) + ",\"tags\":{\"origin\":\"";
  out += origin_word(tags[0]);
  out += "\",\"nature\":\"";
  out += nature_word(tags[1]);
  out += "\",\"scope\":\"";
  out += scope_word(tags[2]);
  out += "\"},\"value\":{\"type\":\"";
  out += to_string(value.type);
  out += "\",\"value\":";
  if (value.type == ValueType::str) {
    append_json_text(out, value.text);
  } else {
    Value exact = value;
    if (value.type == ValueType::u64) exact.number = std::min(exact.number, kMaxExact);
    append_plain(out, exact);
  }
  out += "}}";
}

void append_json_row(std::string& out, const Row& row) {
  constexpr std::array<std::string_view, 4> kTypes{"Frontend", "Backend", "Server", "Listener"};
  const EntityType entity = row.entity();
  const std::string prefix = "{\"objType\":\"" + std::string(kTypes[static_cast<std::size_t>(entity)]) +
                             "\",\"proxyId\":" + std::to_string(row.iid.value_or(0)) +
                             ",\"id\":" + std::to_string(row.sid.value_or(0)) + ",";
  out += '[';
  bool first = true;
  for (std::size_t i = 0; i < kFieldCount; ++i) {
    const Value value = kFields[i].get(row);
    if (!value.present) continue;
    if (!first) out += ',';
    first = false;
    out += prefix;
    append_json_item(out, i, kFields[i].name, row.pid.value_or(1), tags_of(kFields[i], entity), value);
  }
  out += ']';
}

std::string_view json_schema() noexcept {
  return R"({"$schema":"http://json-schema.org/draft-04/schema#","oneOf":[)"
         R"({"title":"Info","type":"array","items":{"$ref":"#/definitions/infoItem"}},)"
         R"({"title":"Stat","type":"array","items":{"type":"array","items":{"$ref":"#/definitions/statItem"}}},)"
         R"({"title":"Error","type":"object","properties":{"errorStr":{"type":"string"}},"required":["errorStr"]}],)"
         R"("definitions":{)"
         R"("infoItem":{"type":"object","properties":{"field":{"$ref":"#/definitions/field"},)"
         R"("processNum":{"$ref":"#/definitions/processNum"},"tags":{"$ref":"#/definitions/tags"},)"
         R"("value":{"$ref":"#/definitions/typedValue"}},"required":["field","processNum","tags","value"]},)"
         R"("statItem":{"type":"object","properties":{)"
         R"("objType":{"enum":["Frontend","Backend","Listener","Server","Unknown"]},)"
         R"("proxyId":{"type":"integer","minimum":0},"id":{"type":"integer","minimum":0},)"
         R"("field":{"$ref":"#/definitions/field"},"processNum":{"$ref":"#/definitions/processNum"},)"
         R"("tags":{"$ref":"#/definitions/tags"},"value":{"$ref":"#/definitions/typedValue"}},)"
         R"("required":["objType","proxyId","id","field","processNum","tags","value"]},)"
         R"("field":{"type":"object","properties":{"pos":{"type":"integer","minimum":0},"name":{"type":"string"}},)"
         R"("required":["pos","name"]},)"
         R"("processNum":{"type":"integer","minimum":1},)"
         R"("tags":{"type":"object","properties":{)"
         R"("origin":{"enum":["Metric","Status","Key","Config","Product","Unknown"]},)"
         R"("nature":{"enum":["Gauge","Limit","Min","Max","Rate","Counter","Duration","Age","Time","Name","Output",)"
         R"("Avg","Unknown"]},"scope":{"enum":["Cluster","Process","Service","System","Unknown"]}},)"
         R"("required":["origin","nature","scope"]},)"
         R"("typedValue":{"type":"object","required":["type","value"],"oneOf":[)"
         R"({"properties":{"type":{"enum":["s32"]},"value":{"type":"integer","minimum":-2147483648,)"
         R"("maximum":2147483647}}},)"
         R"({"properties":{"type":{"enum":["u32"]},"value":{"type":"integer","minimum":0,"maximum":4294967295}}},)"
         R"({"properties":{"type":{"enum":["u64"]},"value":{"type":"integer","minimum":0,)"
         R"("maximum":9007199254740991}}},)"
         R"({"properties":{"type":{"enum":["str"]},"value":{"type":"string"}}}]}}})";
}

}  // namespace evenkeel::stats
