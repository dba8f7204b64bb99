// url_dec and url_enc (RFC 3986 section 2; manual 7.3.1).
#include "http/url.h"

#include <algorithm>
#include <span>

#include "rules/converter/families.h"
#include "rules/text.h"

namespace evenkeel::rules::converter {
namespace {

// url_dec([in form]): with 1, '+' is a space everywhere; else only after the question mark.
bool url_dec(const Args& args, EvalContext& ctx, Sample& sample) {
  char* const to = ctx.scratch->take(sample.text.size());
  if (to == nullptr) return false;
  const bool in_form = args.number(0, 0) == 1;
  const std::size_t query = in_form ? 0 : std::min(sample.text.find('?'), sample.text.size());
  const std::span<char> room(to, sample.text.size());
  const std::size_t first = http::url_decode(sample.text.substr(0, query), room, false);
  if (first == http::kBadEscape) return false;
  const std::size_t second = http::url_decode(sample.text.substr(query), room.subspan(first), true);
  if (second == http::kBadEscape) return false;
  sample.text = {to, first + second};
  return true;
}

bool url_enc(const Args&, EvalContext& ctx, Sample& sample) {
  char* const to = ctx.scratch->take(sample.text.size() * 3);
  if (to == nullptr) return false;
  char* at = to;
  for (const char c : sample.text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = text::is_digit(c) || (text::lower(c) >= 'a' && text::lower(c) <= 'z') || c == '-' ||
                       c == '.' || c == '_' || c == '~';
    if (plain) {
      *at++ = c;
    } else {
      *at++ = '%';
      *at++ = text::kHex[byte >> 4U];
      *at++ = text::kHex[byte & 15U];
    }
  }
  sample.text = {to, static_cast<std::size_t>(at - to)};
  return true;
}
std::string prepare_enc(Args& args, CompileEnv&) {
  return args.text(0).empty() || args.text(0) == "query" ? "" : "the only form is 'query'";
}

constexpr ConverterSpec kConverters[] = {
    {"url_dec", "[i", SampleType::str, SampleType::str, url_dec},
    {"url_enc", "[s", SampleType::str, SampleType::str, url_enc, prepare_enc},
};

}  // namespace

std::span<const ConverterSpec> url() noexcept { return kConverters; }

}  // namespace evenkeel::rules::converter
