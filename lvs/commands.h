// `evenkeel lvs list|save|restore|clear|...`: the kernel's table from the command line, without a running
// proxy.
#pragma once

#include <iosfwd>
#include <span>
#include <string>
#include <string_view>

namespace evenkeel::lvs {

class Kernel;

// args: behind the word "lvs". Returns the exit status; 2 for wrong usage.
int run_command(std::span<const std::string_view> args);

// What they do, apart from where the kernel comes from; for tests. Text goes to out, complaints to err.
struct CommandIo {
  std::istream& in;
  std::ostream& out;
  std::ostream& err;
};
int list_command(Kernel& kernel, std::span<const std::string_view> options, const CommandIo& io);
int save_command(Kernel& kernel, const CommandIo& io);
// All lines are read before the first is obeyed: a typo changes nothing.
int restore_command(Kernel& kernel, const CommandIo& io);
int clear_command(Kernel& kernel, const CommandIo& io);

}  // namespace evenkeel::lvs
