// What a proxy compresses on the way (manual 4.2, compression).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "http/encoder.h"

namespace evenkeel::backends {

struct CompressionDef {
  struct Side {
    bool on = false;
    std::vector<http::Algorithm> algorithms;  // in the order of preference
    std::vector<std::string> types;           // beginnings of media types; empty: all
    std::uint64_t min_size = 0;               // bytes; bodies of unknown length are taken to be long enough
  };
  Side request{.on = false, .algorithms = {}, .types = {}};
  Side response{.on = true, .algorithms = {}, .types = {}};
  bool offload = false;  // servers are not told that clients accept compressed answers
};

}  // namespace evenkeel::backends
