// br: Brotli (RFC 7932).
#pragma once

#include <memory>

#include "http/encoder.h"

namespace evenkeel::http {

std::unique_ptr<Encoder> make_brotli_encoder(const EncoderSettings& settings);

}  // namespace evenkeel::http
