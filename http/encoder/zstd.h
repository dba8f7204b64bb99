// zstd: Zstandard (RFC 8878) with a window that every client has to support (RFC 9659).
#pragma once

#include <memory>

#include "http/encoder.h"

namespace evenkeel::http {

std::unique_ptr<Encoder> make_zstd_encoder(const EncoderSettings& settings);

}  // namespace evenkeel::http
