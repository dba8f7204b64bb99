// room: rules
// A map or ACL file, then the payload of `add map`, then a sample to look up, divided by zero bytes; the
// first byte chooses the matching method and whether the file has columns.
#include <algorithm>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>

#include "rules/pattern_store.h"
#include "tests/fuzz/check.h"

using namespace evenkeel::rules;

namespace {

constexpr MatchMethod kMethods[] = {
    MatchMethod::str, MatchMethod::beg, MatchMethod::end,     MatchMethod::sub, MatchMethod::dir,
    MatchMethod::dom, MatchMethod::ip,  MatchMethod::integer, MatchMethod::len, MatchMethod::bin};

std::string_view next_part(std::string_view& rest) {
  const std::string_view part = rest.substr(0, rest.find('\0'));
  rest.remove_prefix(std::min(part.size() + 1, rest.size()));
  return part;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0 || size > 8192) return 0;
  const unsigned choice = data[0];
  std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  const bool columns = (choice & 0x80U) != 0;
  const MatchMethod method = kMethods[(choice & 0x0fU) % std::size(kMethods)];
  PatternStore store;
  const auto list = store.named("f");
  store.take_place(list);
  list->load(std::string(next_part(rest)), columns);
  const auto exact = list->add_way({MatchMethod::str, false, columns ? MapValue::text : MapValue::none});
  FUZZ_CHECK(exact.error.empty());
  const auto way = list->add_way({method, (choice & 0x40U) != 0, MapValue::none});
  store.finish();
  PayloadLines lines(next_part(rest));
  std::string_view key;
  std::string_view value;
  while (lines.next(key, value)) (void)list->add(key, value.data() == nullptr ? nullptr : &value);
  Scratch scratch;
  const Sample sample = Sample::of_text(rest);
  (void)list->match(exact.number, sample, scratch);
  if (way.error.empty()) (void)list->match(way.number, sample, scratch);
  const auto all = list->list(std::nullopt, 0, SIZE_MAX);
  for (const auto& one : all) {
    const PatternEntry* const found = list->match(exact.number, Sample::of_text(one.key), scratch);
    FUZZ_CHECK(found != nullptr && found->key() == one.key);
    FUZZ_CHECK(found->number <= one.number);  // the first of equal keys
  }
  for (std::size_t i = 0; i < all.size(); i += 2) (void)list->remove_numbered(all[i].number);
  for (const auto& one : all) (void)list->remove(one.key);
  FUZZ_CHECK(list->list(std::nullopt, 0, SIZE_MAX).empty());
  if (way.error.empty()) (void)list->match(way.number, sample, scratch);
  return 0;
}
