// gzip, deflate and raw-deflate (RFC 1952, 1950, 1951) with zlib.
#pragma once

#include <memory>

#include "http/encoder.h"

namespace evenkeel::http {

std::unique_ptr<Encoder> make_zlib_encoder(Algorithm algorithm, const EncoderSettings& settings);

}  // namespace evenkeel::http
