// The tables behind conf/known_keywords.h; made by conf/known_keywords.py. Each is sorted by name.
#pragma once

#include <cstddef>
#include <string_view>

namespace evenkeel::conf::known {

extern const std::string_view k_global[], k_proxy[], k_other[], k_bind[], k_server[], k_action[], k_fetch[],
    k_converter[], k_filter[], k_cli[];
extern const std::size_t n_global, n_proxy, n_other, n_bind, n_server, n_action, n_fetch, n_converter,
    n_filter, n_cli;

}  // namespace evenkeel::conf::known
