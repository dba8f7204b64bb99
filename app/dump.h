// -dC: the configuration as it was understood, without comments and with one indentation.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_set>

#include "conf/document.h"

namespace evenkeel::app {

// With a key other than 0, whatever is neither a number nor one of the public words becomes a hash of it and
// the key: names, addresses, paths, passwords. Equal words stay equal, so the shape of the configuration can
// be shown to others.
std::string dump_document(const conf::Document& document, std::uint32_t key,
                          const std::unordered_set<std::string>& public_words);

}  // namespace evenkeel::app
