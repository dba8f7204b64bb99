// The expressions of check rules: health/ and rules/ do not know each other, so they meet here.
#pragma once

#include "health/keywords.h"
#include "rules/compile_env.h"

namespace evenkeel::backends {

// What CheckSection::format and CheckSection::expression are to be set to. The compilers use env, which must
// outlive them; what they return does not.
health::FormatCompiler check_formats(rules::CompileEnv& env);
health::FormatCompiler check_expressions(rules::CompileEnv& env);

}  // namespace evenkeel::backends
