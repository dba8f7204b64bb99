#include "stats/row.h"

#include <charconv>

namespace evenkeel::stats {

std::string_view to_string(ValueType type) noexcept {
  switch (type) {
    case ValueType::s32:
      return "s32";
    case ValueType::u32:
      return "u32";
    case ValueType::u64:
      return "u64";
    case ValueType::str:
      return "str";
  }
  return "str";
}

const std::array<Field, kFieldCount> kFields = {{
#define X(name, type, tags, doc) \
  {#name, ValueType::type, tags, doc, [](const Row& row) { return value_of(row.name); }},
    EVENKEEL_STAT_FIELDS(X)
#undef X
}};

std::string_view tags_of(const Field& field, EntityType entity) noexcept {
  if (entity == EntityType::backend) {
    for (const std::string_view name : {"act", "bck", "rate", "rate_max"}) {
      if (field.name == name) return "MGP";
    }
  }
  return field.tags;
}

Value value_of(const std::optional<std::int32_t>& v) noexcept {
  return {ValueType::s32,
          v.has_value(),
          static_cast<std::uint64_t>(static_cast<std::int64_t>(v.value_or(0))),
          {}};
}

Value value_of(const std::optional<std::uint32_t>& v) noexcept {
  return {ValueType::u32, v.has_value(), v.value_or(0), {}};
}

Value value_of(const std::optional<std::uint64_t>& v) noexcept {
  return {ValueType::u64, v.has_value(), v.value_or(0), {}};
}

Value value_of(const std::optional<std::string>& v) noexcept {
  return {ValueType::str, v.has_value(), 0, v ? std::string_view(*v) : std::string_view()};
}

void append_plain(std::string& out, const Value& value) {
  if (!value.present) return;
  if (value.type == ValueType::str) {
    out += value.text;
    return;
  }
  char digits[24];
  const auto end = value.type == ValueType::s32 ? std::to_chars(digits, digits + sizeof digits,
                                                                static_cast<std::int64_t>(value.number))
                                                : std::to_chars(digits, digits + sizeof digits, value.number);
  out.append(digits, end.ptr);
}

}  // namespace evenkeel::stats
