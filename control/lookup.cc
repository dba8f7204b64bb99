#include "control/lookup.h"

#include <charconv>

#include "frontends/engine.h"

namespace evenkeel::control {
namespace {

template <class Range>
auto* find_by_word(const Range& range, std::string_view word) {
  using Pointer = decltype(&**range.begin());
  const auto id = word.starts_with('#') ? whole_number(word.substr(1)) : std::nullopt;
  for (const auto& one : range) {
    if (id ? one->def().id == static_cast<std::uint32_t>(*id) : one->def().name == word)
      return Pointer(&*one);
  }
  return Pointer(nullptr);
}

}  // namespace

backends::Backend* find_backend(frontends::Engine& engine, std::string_view word) {
  return find_by_word(engine.backends(), word);
}

frontends::Frontend* find_frontend(frontends::Engine& engine, std::string_view word) {
  return find_by_word(engine.frontends(), word);
}

backends::Server* find_server(frontends::Engine& engine, std::string_view word, std::string& error) {
  const std::size_t slash = word.find('/');
  if (slash == std::string_view::npos || slash == 0 || slash + 1 == word.size()) {
    error = "Require 'backend/server'.\n";
    return nullptr;
  }
  backends::Backend* const backend = find_backend(engine, word.substr(0, slash));
  if (backend == nullptr) {
    error = "No such backend.\n";
    return nullptr;
  }
  backends::Server* const server = find_by_word(backend->servers(), word.substr(slash + 1));
  if (server == nullptr) error = "No such server.\n";
  return server;
}

long leading_number(std::string_view text) noexcept {
  long value = 0;
  (void)std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

std::optional<long> whole_number(std::string_view text) noexcept {
  long value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace evenkeel::control
