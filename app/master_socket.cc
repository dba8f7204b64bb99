#include "app/master_socket.h"

#include <algorithm>

#include "frontends/bind_keywords.h"

namespace evenkeel::app {

std::vector<frontends::BindDef> read_master_sockets(const std::vector<std::string>& words,
                                                    const backends::LoadServices& services,
                                                    conf::Diagnostics& diagnostics) {
  std::vector<frontends::BindDef> binds;
  std::vector<conf::Location> places;
  for (const std::string& word : words) {
    const std::size_t comma = word.find(',');
    std::string options = comma == std::string::npos ? std::string() : word.substr(comma);
    std::replace(options.begin(), options.end(), ',', ' ');
    const std::string line = "-S " + word.substr(0, comma) + options;
    conf::Statement statement;
    statement.file = std::make_shared<conf::SourceFile>("-S", line + "\n");
    statement.line = 1;
    statement.words = conf::lex_line(line, {}).words;
    conf::Args args(statement, conf::SectionKind::global, diagnostics);
    args.begin_keyword(1);
    const std::size_t before = binds.size();
    frontends::read_bind(binds, places, services, true, args);
    if (line.find(" level ") != std::string::npos) continue;
    for (std::size_t i = before; i < binds.size(); ++i) binds[i].level = "admin";
  }
  return binds;
}

}  // namespace evenkeel::app
