// redirect location|prefix|scheme (manual, "redirect"): an action, and a proxy keyword of its own.
#pragma once

#include "rules/action/parse.h"

namespace evenkeel::rules::action {

// The cursor is behind the word "redirect"; a condition is left. formats: targets are log-format texts (in
// http-request and http-response rules); the old `redirect` keyword takes them literally.
ActionResult parse_redirect(Words& words, ActionEnv& env, bool formats);

}  // namespace evenkeel::rules::action
