// The %names of log formats.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace evenkeel::rules {

class EvalContext;

// What an alias is, for quoting and for its place.
struct LogAlias {
  std::string_view name;
  enum class Kind : std::uint8_t { text, number, ip, port } kind;
  bool http_only;
  // Appends the value without quotes; nothing where there is none. flag: X; for captured headers, which bring
  // quotes of their own, Q.
  void (*append)(EvalContext& ctx, bool flag, std::string& out);
};

std::span<const LogAlias> log_aliases() noexcept;

}  // namespace evenkeel::rules
