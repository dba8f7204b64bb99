#include "http/conditional.h"

#include "http/date.h"

namespace evenkeel::http {
namespace {

std::string_view opaque(std::string_view tag) noexcept { return is_weak_tag(tag) ? tag.substr(2) : tag; }

}  // namespace

bool is_entity_tag(std::string_view text) noexcept {
  const std::string_view tag = opaque(text);
  if (tag.size() < 2 || tag.front() != '"' || tag.back() != '"') return false;
  for (const char c : tag.substr(1, tag.size() - 2)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= 0x20 || byte == '"' || byte == 0x7f) return false;
  }
  return true;
}

bool weakly_equal(std::string_view a, std::string_view b) noexcept { return opaque(a) == opaque(b); }

bool is_not_modified(const HeaderBlock& request, std::string_view etag,
                     std::string_view last_modified) noexcept {
  if (request.has(HeaderId::if_none_match)) {
    for (std::size_t i = request.find(HeaderId::if_none_match); i != HeaderBlock::npos;
         i = request.find(HeaderId::if_none_match, i + 1)) {
      ListReader reader(request.value(i));
      std::string_view tag;
      while (reader.next(tag)) {
        if (tag == "*") return true;
        if (!etag.empty() && weakly_equal(tag, etag)) return true;
      }
    }
    return false;
  }
  if (last_modified.empty()) return false;
  const auto since = parse_imf_date(request.get(HeaderId::if_modified_since));
  const auto modified = parse_imf_date(last_modified);
  return since && modified && *modified <= *since;
}

}  // namespace evenkeel::http
