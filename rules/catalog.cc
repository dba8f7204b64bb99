#include "rules/catalog.h"

#include <array>
#include <unordered_map>

#include "rules/converter/families.h"
#include "rules/fetch/families.h"

namespace evenkeel::rules {
namespace {

template <class Spec, class Families>
std::unordered_map<std::string_view, const Spec*> index_of(const Families& families) {
  std::unordered_map<std::string_view, const Spec*> index;
  for (const auto& family : families) {
    for (const Spec& spec : family) index.emplace(spec.name, &spec);
  }
  return index;
}

template <class Spec>
const Spec* look_up(const std::unordered_map<std::string_view, const Spec*>& index,
                    std::string_view name) noexcept {
  const auto found = index.find(name);
  return found == index.end() ? nullptr : found->second;
}

}  // namespace

std::span<const std::span<const FetchSpec>> fetch_families() noexcept {
  static const std::array families = {
      fetch::constants(),    fetch::internal(),     fetch::proxies(),      fetch::layer4(),
      fetch::layer6(),       fetch::client_hello(), fetch::http_request(), fetch::http_headers(),
      fetch::http_cookies(), fetch::http_auth(),    fetch::http_body(),    fetch::transaction(),
      fetch::conditions(),   fetch::distcc(),       fetch::filters(),      fetch::captures(),
      fetch::variables(),    fetch::http_lines(),
  };
  return families;
}

std::span<const std::span<const ConverterSpec>> converter_families() noexcept {
  static const std::array families = {
      converter::text(),     converter::parts(),   converter::number(), converter::hash(),
      converter::encode(),   converter::url(),     converter::regsub(), converter::ip(),
      converter::date(),     converter::json(),    converter::map(),    converter::variable(),
      converter::crypto(),   converter::aes(),     converter::fix(),    converter::json_query(),
      converter::jwt(),      converter::lookup(),  converter::mqtt(),   converter::packet(),
      converter::protobuf(), converter::rfc7239(), converter::x509(),   converter::debugging(),
  };
  return families;
}

const FetchSpec* find_fetch(std::string_view name) noexcept {
  static const auto index = index_of<FetchSpec>(fetch_families());
  return look_up(index, name);
}

const ConverterSpec* find_converter(std::string_view name) noexcept {
  static const auto index = index_of<ConverterSpec>(converter_families());
  return look_up(index, name);
}

}  // namespace evenkeel::rules
