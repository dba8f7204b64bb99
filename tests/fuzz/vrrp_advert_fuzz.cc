// room: vrrp
// Packets of anybody on the network: whatever is read lies within them.
#include <span>

#include "tests/fuzz/check.h"
#include "vrrp/advert.h"

using namespace evenkeel::vrrp;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto advert = parse_advert(std::span(data, size));
  if (!advert) return 0;
  FUZZ_CHECK(advert->router >= 1 && advert->router <= 255 && advert->priority >= 0 &&
             advert->priority <= 255);
  FUZZ_CHECK(advert->interval_ms >= 0 && advert->interval_ms <= 255'000 && !advert->source.empty());
  FUZZ_CHECK(advert->addresses.size() * 4 + 8 < size);
  Sightings sightings;
  const auto have = [](const std::string&) { return false; };
  sightings.apply("eth0", *advert, have, 1, 1);
  sightings.tick(have, 10'000'000);
  FUZZ_CHECK(sightings.all().size() == 1);
  return 0;
}
