// json_query's answer, which the jwt_* converters give as well.
#pragma once

#include <string>

#include "rules/args.h"
#include "rules/context.h"
#include "rules/json_path.h"
#include "rules/sample.h"

namespace evenkeel::rules::converter {

struct JsonQuery {
  JsonPath path;
  bool as_int = false;

  // Reads "<path>[,int]" from the arguments; the text is the error.
  static std::string read(const Args& args, JsonQuery& query);
  // The value in the JSON text. False: not there, null, an object, or no integer where one was asked for.
  bool run(std::string_view json, Scratch& scratch, Sample& sample) const;
};

}  // namespace evenkeel::rules::converter
