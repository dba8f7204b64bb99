// `set-var` and `set-var-fmt` of the global section: variables of the process, computed while it loads.
#pragma once

#include "conf/args.h"
#include "frontends/frontend_draft.h"

namespace evenkeel::frontends {

void set_process_variable(GlobalDraft& draft, conf::Args& args);
void set_process_variable_fmt(GlobalDraft& draft, conf::Args& args);

}  // namespace evenkeel::frontends
