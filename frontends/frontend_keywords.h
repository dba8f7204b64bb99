// Keywords of frontends: where they listen, whom they let in, where they send them.
#pragma once

#include <span>

#include "conf/keyword_table.h"
#include "frontends/frontend_draft.h"

namespace evenkeel::frontends {

std::span<const conf::Keyword<FrontendDraft>> frontend_keywords() noexcept;

}  // namespace evenkeel::frontends
