// room: http
// Cookies, URLs, lists, authorities, base64, lengths: no read out of bounds, ranges that are true, cutting
// that ends.
#include <cstdint>
#include <string>
#include <vector>

#include "http/auth.h"
#include "http/cookie.h"
#include "http/date.h"
#include "http/framing.h"
#include "http/host.h"
#include "http/url.h"
#include "tests/fuzz/check.h"

using namespace evenkeel::http;

namespace {

void cookies(std::string_view field) {
  CookieSpan span;
  CookieReader reader(field);
  while (reader.next(span)) {
    FUZZ_CHECK(field.substr(span.value_begin, span.value_end - span.value_begin) == span.value);
    FUZZ_CHECK(!span.name.empty());
    FUZZ_CHECK(with_cookie_value(field, span, span.value) == field);
  }
  std::string rest(field);
  while (find_cookie(rest, "SRV", span)) {
    const std::string shorter = without_cookie(rest, span);
    FUZZ_CHECK(shorter.size() < rest.size());
    rest = shorter;
  }
  std::string_view attributes;
  if (parse_set_cookie(field, span, attributes))
    FUZZ_CHECK(with_cookie_value(field, span, span.value) == field);
}

void urls(std::string_view text) {
  const UrlParts parts = split_url(text);
  FUZZ_CHECK(parts.path.size() + parts.query.size() + parts.authority.size() <= text.size());
  (void)parts.path_and_query();
  (void)find_parameter(text, "a");
  std::vector<char> out(text.size());
  const std::size_t n = url_decode(text, out, true);
  FUZZ_CHECK(n == kBadEscape || n <= text.size());
  Authority authority;
  if (split_authority(text, authority)) FUZZ_CHECK(authority.host.size() <= text.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::vector<char> copy(data, data + size);
  const std::string_view text(copy.data(), copy.size());
  cookies(text);
  urls(text);
  ListReader list(text);
  std::string_view element;
  while (list.next(element)) FUZZ_CHECK(!element.empty());
  std::uint64_t length = 0;
  if (parse_content_length(text, length) == ErrorCode::none) FUZZ_CHECK(length <= INT64_MAX);
  std::vector<char> out(text.size());
  const std::size_t n = base64_decode(text, out);
  if (n != kBadBase64) FUZZ_CHECK(base64_encode({out.data(), n}) == text);
  BasicCredentials credentials;
  (void)parse_basic_auth(text, credentials);
  if (const auto date = parse_imf_date(text)) FUZZ_CHECK(ImfDate(*date).text().size() == 29);
  return 0;
}
