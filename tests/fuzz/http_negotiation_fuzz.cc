// room: http
// Accept-Encoding, Cache-Control and conditional fields as peers may write them, and what follows from them.
#include <algorithm>
#include <string>

#include "http/compressible.h"
#include "http/conditional.h"
#include "http/freshness.h"
#include "tests/fuzz/check.h"

using namespace evenkeel::http;

namespace {

void check_codings(std::string_view value) {
  AcceptedCodings accepted;
  accepted.add(value);
  for (std::size_t i = 0; i <= kKnownCodings; ++i) {
    const int quality = accepted.quality(static_cast<Coding>(i));
    FUZZ_CHECK(quality >= 0 && quality <= 1000);
  }
  constexpr Algorithm kOurs[] = {Algorithm::zstd, Algorithm::br, Algorithm::gzip};
  const auto chosen = choose_algorithm(accepted, kOurs);
  FUZZ_CHECK(!chosen || accepted.quality(coding_of(*chosen)) > 0);
}

void check_control(std::string_view value) {
  CacheControl control;
  add_cache_control(control, value);
  for (const auto& seconds : {control.max_age, control.s_maxage, control.min_fresh})
    FUZZ_CHECK(!seconds || (*seconds >= 0 && *seconds <= std::int64_t{1} << 31));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  check_codings(input);
  check_control(input);
  (void)is_entity_tag(input);
  (void)is_broken_browser(input);
  // Lines become the fields of a response and of the request for it.
  ResponseHead response;
  RequestHead request;
  response.status = 200;
  request.method = Method::get;
  constexpr std::string_view kNames[] = {"cache-control", "expires", "age",           "vary",
                                         "etag",          "date",    "if-none-match", "content-encoding"};
  std::size_t field = 0;
  for (std::size_t at = 0; at < input.size() && field < 64; ++field) {
    const std::size_t end = std::min(input.find('\n', at), input.size());
    response.headers.add(kNames[field % 8], input.substr(at, end - at));
    request.headers.add(kNames[field % 8], input.substr(at, end - at));
    at = end + 1;
  }
  const auto fresh = storable(response, 60, 1'700'000'000);
  FUZZ_CHECK(!fresh || (fresh->age >= 0 && fresh->lifetime > fresh->age && fresh->lifetime <= 60));
  (void)vary_of(response.headers);
  (void)cache_wishes(request);
  (void)is_not_modified(request.headers, response.headers.get("etag"), {});
  return 0;
}
