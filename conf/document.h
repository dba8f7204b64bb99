// A whole configuration as sections of statements. No keyword has a meaning here, apart from the words that
// open sections and the environment commands of the global section.
#pragma once

#include <string>
#include <vector>

#include "conf/condition.h"
#include "conf/diagnostics.h"
#include "conf/environment.h"
#include "conf/statement.h"

namespace evenkeel::conf {

struct Document {
  std::vector<SourcePtr> files;
  std::vector<Section> sections;  // in the order of the files; a file never continues a section of another
};

// Reads loaded files in order. env is changed by setenv, presetenv, unsetenv and resetenv, which are obeyed
// here (later lines expand what they set) and therefore do not appear among the lines of the global section.
Document read_document(const std::vector<SourcePtr>& files, Environment& env, const Facts& facts,
                       Diagnostics& diagnostics);

// Loads files and directories (see expand_config_path) and reads them. What cannot be loaded is an error; the
// rest is read nevertheless, so that one pass shows everything.
Document load_document(const std::vector<std::string>& paths, Environment& env, const Facts& facts,
                       Diagnostics& diagnostics);

// Keywords that read_document obeys itself, for lists of what is supported.
const std::vector<std::string_view>& document_keywords();

}  // namespace evenkeel::conf
