// Which messages may be compressed on the way, and what their heads say then (manual 4.2, compression).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "http/encoder.h"
#include "http/framing.h"
#include "http/head.h"

namespace evenkeel::http {

// Browsers that break over compressed answers: "Mozilla/4" unless it is MSIE 6 with XP SP2, or MSIE 7 or
// later.
bool is_broken_browser(std::string_view user_agent) noexcept;

// types: beginnings of media types, in any case; empty: all of them. min_size: of bodies of known length.
struct Compressible {
  std::span<const std::string> types;
  std::uint64_t min_size = 0;
};

// Version, status, framing, Content-Encoding, Content-Type, `no-transform` and ETag permit it.
bool may_compress(const ResponseHead& response, const Framing& framing, const Compressible& rules) noexcept;
// Likewise for requests, which have neither status nor entity tag.
bool may_compress(const RequestHead& request, const Framing& framing, const Compressible& rules) noexcept;

// The head of the compressed message: Content-Encoding, no Content-Length, a weak ETag, Vary. The caller adds
// `Transfer-Encoding: chunked` where there is none.
void describe_compressed(ResponseHead& response, Algorithm algorithm);
void describe_compressed(RequestHead& request, Algorithm algorithm);

}  // namespace evenkeel::http
