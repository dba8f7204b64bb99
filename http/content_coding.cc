#include "http/content_coding.h"

#include <algorithm>
#include <utility>

namespace evenkeel::http {
namespace {

constexpr std::array<std::pair<std::string_view, Coding>, 13> kNames = {{
    {"identity", Coding::identity},
    {"gzip", Coding::gzip},
    {"deflate", Coding::deflate},
    {"br", Coding::br},
    {"zstd", Coding::zstd},
    {"compress", Coding::compress},
    {"exi", Coding::exi},
    {"pack200-gzip", Coding::pack200_gzip},
    {"aes128gcm", Coding::aes128gcm},
    {"dcb", Coding::dcb},
    {"dcz", Coding::dcz},
    {"x-gzip", Coding::gzip},
    {"x-compress", Coding::compress},
}};

// The weight among the parameters of an element; 1000 when there is none.
int weight_of(std::string_view parameters) noexcept {
  while (!parameters.empty()) {
    const std::size_t semicolon = std::min(parameters.find(';'), parameters.size());
    const std::string_view one = trim_ows(parameters.substr(0, semicolon));
    parameters.remove_prefix(std::min(semicolon + 1, parameters.size()));
    if (one.size() < 2 || (one[0] != 'q' && one[0] != 'Q')) continue;
    const std::string_view rest = trim_ows(one.substr(1));
    if (rest.empty() || rest[0] != '=') continue;
    const int value = parse_quality(trim_ows(rest.substr(1)));
    return value < 0 ? 1000 : value;
  }
  return 1000;
}

}  // namespace

Coding coding_of(std::string_view token) noexcept {
  for (const auto& [name, coding] : kNames)
    if (iequals(name, token)) return coding;
  return Coding::unknown;
}

std::string_view to_string(Coding coding) noexcept {
  return coding == Coding::unknown ? std::string_view() : kNames[static_cast<std::size_t>(coding)].first;
}

int parse_quality(std::string_view text) noexcept {
  if (text.empty() || (text[0] != '0' && text[0] != '1')) return -1;
  int value = (text[0] - '0') * 1000;
  if (text.size() == 1) return value;
  if (text[1] != '.' || text.size() > 5) return -1;
  int unit = 100;
  for (const char c : text.substr(2)) {
    if (c < '0' || c > '9') return -1;
    value += (c - '0') * unit;
    unit /= 10;
  }
  return value > 1000 ? -1 : value;
}

AcceptedCodings::AcceptedCodings(const HeaderBlock& request) noexcept : AcceptedCodings() {
  for (std::size_t i = request.find(HeaderId::accept_encoding); i != HeaderBlock::npos;
       i = request.find(HeaderId::accept_encoding, i + 1))
    add(request.value(i));
}

void AcceptedCodings::add(std::string_view list) noexcept {
  ListReader reader(list);
  std::string_view element;
  while (reader.next(element)) {
    const std::size_t semicolon = std::min(element.find(';'), element.size());
    const std::string_view token = trim_ows(element.substr(0, semicolon));
    const auto weight = static_cast<std::int16_t>(weight_of(element.substr(semicolon)));
    std::int16_t* place = &star_;
    if (token != "*") {
      const Coding coding = coding_of(token);
      if (coding == Coding::unknown) continue;
      place = &explicit_[static_cast<std::size_t>(coding)];
    }
    *place = std::max(*place, weight);
  }
}

int AcceptedCodings::quality(Coding coding) const noexcept {
  if (names(coding)) return explicit_[static_cast<std::size_t>(coding)];
  if (star_ != kUnsaid) return star_;
  return coding == Coding::identity ? 1000 : 0;
}

}  // namespace evenkeel::http
