// room: lvs
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "lvs/import.h"
#include "lvs/listing.h"
#include "lvs/state_file.h"

// Files that other programs have written.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  evenkeel::lvs::import_keepalived(text);
  evenkeel::lvs::import_ipvsadm(text);
  evenkeel::lvs::list_connections(text);
  evenkeel::lvs::format_state(evenkeel::lvs::parse_state(text));
  return 0;
}
