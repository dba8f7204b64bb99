// Keywords of the `global` section (manual chapter 3).
#pragma once

#include <span>

#include "conf/keyword_table.h"
#include "frontends/frontend_draft.h"

namespace evenkeel::frontends {

std::span<const conf::Keyword<GlobalDraft>> global_keywords() noexcept;

// Words of the global section that are known and harmless but say nothing to us: knobs of HAProxy's inside,
// and TLS defaults as long as nothing uses TLS. Takes the line and notes it in one warning for all; false:
// not such a word.
bool take_tuning_knob(conf::Args& args);

}  // namespace evenkeel::frontends
