#include "stats/typed.h"

namespace evenkeel::stats {

void append_typed_row(std::string& out, const Row& row, bool with_desc) {
  constexpr std::string_view kLetters = "FBSL";
  const EntityType entity = row.entity();
  for (std::size_t i = 0; i < kFieldCount; ++i) {
    const Field& field = kFields[i];
    const Value value = field.get(row);
    if (!value.present) continue;
    out += kLetters[static_cast<std::size_t>(entity)];
    out += '.';
    out += std::to_string(row.iid.value_or(0)) + '.' + std::to_string(row.sid.value_or(0)) + '.' +
           std::to_string(i);
    out += '.';
    out += field.name;
    out += '.';
    out += std::to_string(row.pid.value_or(1));
    out += ':';
    out += tags_of(field, entity);
    out += ':';
    out += to_string(value.type);
    out += ':';
    append_plain(out, value);
    if (with_desc) {
      out += ":\"";
      out += field.doc;
      out += '"';
    }
    out += '\n';
  }
}

}  // namespace evenkeel::stats
