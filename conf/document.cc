#include "conf/document.h"

#include <algorithm>
#include <array>

#include "conf/nearest.h"
#include "conf/preprocess.h"

namespace evenkeel::conf {
namespace {

// Keywords whose arguments are addresses. In those HAProxy resolves ${NAME} even outside of quotes, which
// configurations of all ages rely on ("bind fd@${FD}").
constexpr std::array<std::string_view, 14> kAddressKeywords = {
    "bind", "server", "server-template", "default-server", "source",     "dispatch", "peer",
    "log",  "stats",  "nameserver",      "mailer",         "dgram-bind", "listen",   "frontend"};

constexpr std::array<std::string_view, 2> kWithoutName = {"global", "traces"};
constexpr std::array<std::string_view, 2> kOptionalName = {"defaults", "crt-store"};

template <std::size_t N>
bool contains(const std::array<std::string_view, N>& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

bool name_char(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
         c == '.' || c == ':';
}

class Reader {
 public:
  Reader(Environment& env, const Facts& facts, Diagnostics& diagnostics)
      : env_(env), facts_(facts), diagnostics_(diagnostics) {}

  Document run(const std::vector<SourcePtr>& files) {
    document_.files = files;
    for (const SourcePtr& file : files)
      if (file) read(file);
    return std::move(document_);
  }

 private:
  void read(const SourcePtr& file) {
    open_ = false;
    if (const std::size_t nul = file->first_nul_line()) {
      diagnostics_.error({file, static_cast<unsigned>(nul), 0, 0},
                         "NUL byte in the configuration: this is not a text file");
      return;
    }
    if (const std::size_t crlf = file->first_crlf_line())
      diagnostics_.warn(
          {file, static_cast<unsigned>(crlf), 0, 0},
          "line ends with CR LF; accepted, as for every line of this file, but LF alone is the rule");
    Preprocessor blocks(env_, facts_, diagnostics_);
    for (std::size_t n = 1; n <= file->line_count(); ++n) line(file, static_cast<unsigned>(n), blocks);
    blocks.finish();
    if (file->missing_final_newline())
      diagnostics_.warn({file, static_cast<unsigned>(file->line_count()), 0, 0},
                        "missing LF on the last line, the file might have been truncated");
  }

  void line(const SourcePtr& file, unsigned number, Preprocessor& blocks) {
    const std::string_view text = file->line(number);
    const std::string section = section_name();
    const LexContext context{&env_, file->name(), number, section};
    LexedLine lexed = lex_line(text, context);
    const Location where{file, number, 0, 0};
    if (blocks.take(lexed.words, text, context, where)) return;
    if (blocks.skipping()) return;
    if (lexed.error) {
      diagnostics_.error({file, number, lexed.error->column, lexed.error->length}, lexed.error->message);
      return;
    }
    // A line whose first word is empty (an unset variable, say) is no statement, as in HAProxy.
    if (lexed.words.empty() || lexed.words.front().text.empty()) return;
    Statement statement{std::move(lexed.words), Prefix::none, file, number};
    if (section_kind_of(statement.words.front().text)) {
      header(std::move(statement));
    } else {
      body(std::move(statement));
    }
  }

  [[nodiscard]] std::string section_name() const {
    if (!open_) return {};
    const Section& section = document_.sections.back();
    return section.name.empty() ? std::string(to_string(section.kind)) : section.name;
  }

  void header(Statement statement) {
    expand_addresses(statement);
    Section section;
    section.kind = *section_kind_of(statement.words.front().text);
    const std::string_view word = to_string(section.kind);
    section.header = std::move(statement);
    std::size_t next = 1;
    const std::vector<Word>& words = section.header.words;
    const bool unnamed_from = contains(kOptionalName, word) && words.size() == 3 && words[1].text == "from";
    if (!contains(kWithoutName, word) && !unnamed_from) next = take_name(section, word);
    if (next < words.size() && words[next].text == "from" && !contains(kWithoutName, word))
      next = take_from(section, next, word);
    section.args_from = next;
    check_extra(section, word);
    document_.sections.push_back(std::move(section));
    open_ = true;
  }

  std::size_t take_name(Section& section, std::string_view word) {
    const std::vector<Word>& words = section.header.words;
    if (words.size() < 2 || words[1].text.empty()) {
      if (!contains(kOptionalName, word))
        diagnostics_.error(section.header.at(1), "'" + std::string(word) + "' expects a name");
      return words.size();
    }
    section.name = words[1].text;
    const auto bad = std::find_if_not(section.name.begin(), section.name.end(), name_char);
    if (bad != section.name.end())
      diagnostics_.error(section.header.at(1), "character '" + std::string(1, *bad) +
                                                   "' is not permitted in '" + std::string(word) +
                                                   "' name '" + section.name + "'");
    return 2;
  }

  std::size_t take_from(Section& section, std::size_t next, std::string_view word) {
    const std::vector<Word>& words = section.header.words;
    if ((mask_of(section.kind) & kProxiesAndDefaults) == 0) return next;
    if (next + 1 >= words.size() || words[next + 1].text.empty()) {
      diagnostics_.error(section.header.at(next + 1),
                         "'from' expects the name of a defaults section in '" + std::string(word) + "'");
      return words.size();
    }
    section.from = words[next + 1];
    return next + 2;
  }

  void check_extra(Section& section, std::string_view word) {
    const std::size_t at = section.args_from;
    if (at >= section.header.words.size() || (mask_of(section.kind) & kFrontends) != 0) return;
    const std::string message = "'" + std::string(word) + "' cannot handle unexpected argument '" +
                                section.header.words[at].text + "'";
    // HAProxy is silent about these two, so configurations have them.
    if (section.kind == SectionKind::backend || section.kind == SectionKind::defaults) {
      diagnostics_.warn(section.header.at(at), message + ", it has no effect");
    } else {
      diagnostics_.error(section.header.at(at), message);
    }
    section.args_from = section.header.words.size();
  }

  void body(Statement statement) {
    const std::string first = statement.words.front().text;
    if (!open_) {
      diagnostics_.error(statement.location(), "unknown keyword '" + first + "' out of section")
          .did_you_mean(nearest(first, section_words()));
      return;
    }
    if (first == "no" || first == "default") {
      if (statement.words.size() < 2) {
        diagnostics_.error(statement.at(1), "'" + first + "' expects a keyword after it");
        return;
      }
      statement.prefix = first == "no" ? Prefix::no : Prefix::set_default;
      statement.words.erase(statement.words.begin());
    }
    Section& section = document_.sections.back();
    if (section.kind == SectionKind::global && environment_command(statement)) return;
    expand_addresses(statement);
    section.lines.push_back(std::move(statement));
  }

  bool environment_command(const Statement& statement) {
    const std::string& keyword = statement.words.front().text;
    const auto& known = document_keywords();
    if (std::find(known.begin(), known.end(), keyword) == known.end()) return false;
    if (statement.prefix != Prefix::none) {
      diagnostics_.error(statement.location(), "'no' and 'default' cannot be applied to '" + keyword + "'");
    } else if (keyword == "setenv" || keyword == "presetenv") {
      assign(statement, keyword);
    } else if (keyword == "unsetenv") {
      forget(statement);
    } else {
      keep_only(statement);
    }
    return true;
  }

  void assign(const Statement& statement, const std::string& keyword) {
    const std::vector<Word>& words = statement.words;
    if (words.size() < 3 || words[1].text.empty()) {
      diagnostics_.error(statement.at(words.size()), "'" + keyword + "' expects a name and a value");
      return;
    }
    if (words.size() > 3)
      diagnostics_.warn(statement.at(3), "'" + keyword + "' takes one value; '" + words[3].text +
                                             "' and what follows has no effect, quote values with spaces");
    if (keyword == "setenv" || !env_.get(words[1].text)) env_.set(words[1].text, words[2].text);
  }

  void forget(const Statement& statement) {
    if (statement.words.size() < 2) {
      diagnostics_.error(statement.at(1), "'unsetenv' expects at least one variable name");
      return;
    }
    for (std::size_t i = 1; i < statement.words.size(); ++i) env_.unset(statement.words[i].text);
  }

  void keep_only(const Statement& statement) {
    env_.retain([&](const std::string& name) {
      return std::any_of(statement.words.begin() + 1, statement.words.end(),
                         [&](const Word& word) { return word.text == name; });
    });
  }

  void expand_addresses(Statement& statement) {
    if (!contains(kAddressKeywords, statement.words.front().text)) return;
    for (std::size_t i = 1; i < statement.words.size(); ++i) {
      Word& word = statement.words[i];
      if (!word.quoted && word.text.find("${") != std::string::npos) expand_braces(word);
    }
  }

  void expand_braces(Word& word) {
    std::string out;
    std::size_t at = 0;
    while (at < word.text.size()) {
      const std::size_t open = word.text.find("${", at);
      const std::size_t close = open == std::string::npos ? open : word.text.find('}', open);
      if (close == std::string::npos) break;
      out.append(word.text, at, open - at);
      const std::string_view name = std::string_view(word.text).substr(open + 2, close - open - 2);
      if (const auto value = env_.get(name)) out += *value;
      at = close + 1;
    }
    out.append(word.text, at, std::string::npos);
    word.text = std::move(out);
  }

  Environment& env_;
  const Facts& facts_;
  Diagnostics& diagnostics_;
  Document document_;
  bool open_ = false;
};

}  // namespace

const std::vector<std::string_view>& document_keywords() {
  static const std::vector<std::string_view> words = {"presetenv", "resetenv", "setenv", "unsetenv"};
  return words;
}

Document read_document(const std::vector<SourcePtr>& files, Environment& env, const Facts& facts,
                       Diagnostics& diagnostics) {
  return Reader(env, facts, diagnostics).run(files);
}

Document load_document(const std::vector<std::string>& paths, Environment& env, const Facts& facts,
                       Diagnostics& diagnostics) {
  std::vector<SourcePtr> files;
  std::vector<LoadError> errors;
  for (const std::string& path : paths)
    for (const std::string& file : expand_config_path(path, errors))
      if (SourcePtr source = load_source(file, errors)) files.push_back(std::move(source));
  for (const LoadError& error : errors) diagnostics.error({}, "'" + error.path + "': " + error.message);
  return read_document(files, env, facts, diagnostics);
}

}  // namespace evenkeel::conf
