#include "stats/csv.h"

namespace evenkeel::stats {
namespace {

constexpr std::size_t kFirstModuleField = kFieldCount - kModuleFieldCount;

}  // namespace

void append_csv_text(std::string& out, std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) {
    out += text;
    return;
  }
  out += '"';
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
}

void append_csv_header(std::string& out) {
  out += "# ";
  for (std::size_t i = 0; i < kFieldCount; ++i) {
    if (i == kFirstModuleField) out += "-,";
    out += kFields[i].name;
    out += ',';
  }
  out += '\n';
}

void append_csv_row(std::string& out, const Row& row) {
  for (std::size_t i = 0; i < kFieldCount; ++i) {
    if (i == kFirstModuleField) out += "-,";
    const Value value = kFields[i].get(row);
    if (value.type == ValueType::str) {
      append_csv_text(out, value.text);
    } else {
      append_plain(out, value);
    }
    out += ',';
  }
  out += '\n';
}

}  // namespace evenkeel::stats
