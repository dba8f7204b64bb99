// How commands name proxies, servers and numbers.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "control/command.h"

namespace evenkeel::backends {
class Backend;
class Server;
}  // namespace evenkeel::backends
namespace evenkeel::frontends {
class Frontend;
}

namespace evenkeel::control {

// "<name>" or "#<id>"; null when there is none.
backends::Backend* find_backend(frontends::Engine& engine, std::string_view word);
frontends::Frontend* find_frontend(frontends::Engine& engine, std::string_view word);

// "<backend>/<server>", each a name or "#<id>". Null: `error` has HAProxy's sentence.
backends::Server* find_server(frontends::Engine& engine, std::string_view word, std::string& error);

// As strtol does: leading digits with an optional sign count, what follows is ignored; 0 without digits.
long leading_number(std::string_view text) noexcept;
// The whole text is a number; nullopt otherwise.
std::optional<long> whole_number(std::string_view text) noexcept;

}  // namespace evenkeel::control
