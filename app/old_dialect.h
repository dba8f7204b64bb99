// Lines as HAProxy 1.4 to 2.5 took them, turned into the words of today.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "conf/diagnostics.h"
#include "conf/statement.h"

namespace evenkeel::app {

enum class Dialect {
  current,    // nothing to do
  rewritten,  // the statement now has today's words; a warning shows them
  dropped,    // the line asks for nothing that is left to do, a warning says why; or an error does
};

// Gone keywords whose meaning has a successor are rewritten in place, before any table looks at them, so that
// no table has to know the past. What has none stays as it is and is reported as unknown.
Dialect modernise(conf::Statement& statement, conf::SectionKind section, conf::Diagnostics& diagnostics);

// monitor-net in a proxy of mode tcp, where the connection just ends.
Dialect modernise_tcp_monitor_net(conf::Statement& statement, conf::Diagnostics& diagnostics);

// For the translators: count old words at the front become today's; and the warning that shows the result.
void replace_words(conf::Statement& statement, std::size_t count, const std::vector<std::string>& today);
void tell_rewritten(const conf::Statement& statement, const std::string& old, conf::Diagnostics& diagnostics);

// The words as one line, quoted where they have to be.
std::string as_line(std::span<const conf::Word> words);

}  // namespace evenkeel::app
