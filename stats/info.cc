#include "stats/info.h"

#include <cstdio>

#include "stats/json.h"

namespace evenkeel::stats {
namespace {

void append_line(std::string& out, std::size_t position, const InfoField& field, const Value& value,
                 bool typed, bool with_desc) {
  if (typed) {
    out += std::to_string(position) + '.' + std::string(field.name) + ".1:";
    out += field.tags;
    out += ':';
    out += to_string(value.type);
    out += ':';
  } else {
    out += field.name;
    out += ": ";
  }
  append_plain(out, value);
  if (with_desc) {
    out += ":\"";
    out += field.doc;
    out += '"';
  }
  out += '\n';
}

}  // namespace

const std::array<InfoField, kInfoFieldCount> kInfoFields = {{
#define X(member, name, type, tags, doc) \
  {name, ValueType::type, tags, doc, [](const Info& info) { return value_of(info.member); }},
    EVENKEEL_INFO_FIELDS(X)
#undef X
}};

void append_info(std::string& out, const Info& info, InfoForm form, bool with_desc) {
  if (form == InfoForm::json) out += '[';
  bool first = true;
  for (std::size_t i = 0; i < kInfoFieldCount; ++i) {
    const InfoField& field = kInfoFields[i];
    const Value value = field.get(info);
    if (!value.present) continue;
    if (form == InfoForm::json) {
      out += first ? "{" : ",{";
      append_json_item(out, i, field.name, 1, field.tags, value);
    } else {
      append_line(out, i, field, value, form == InfoForm::typed, with_desc);
    }
    first = false;
  }
  if (form == InfoForm::json) out += ']';
}

std::string uptime_words(std::uint64_t seconds) {
  char text[48];
  std::snprintf(
      text, sizeof text, "%llud %lluh%02llum%02llus", static_cast<unsigned long long>(seconds / 86400),
      static_cast<unsigned long long>(seconds / 3600 % 24),
      static_cast<unsigned long long>(seconds / 60 % 60), static_cast<unsigned long long>(seconds % 60));
  return text;
}

}  // namespace evenkeel::stats
