// A file with one number, which keepalived reads whenever it changes.
#pragma once

#include <optional>
#include <string>

namespace evenkeel::vrrp {

// By renaming, so that nobody reads half a number. directory: open, or AT_FDCWD. The inode of what stands
// there now; nullopt: errno says why it does not, and the file is as it was.
std::optional<unsigned long long> replace_file(int directory, const std::string& name,
                                               const std::string& text);

}  // namespace evenkeel::vrrp
