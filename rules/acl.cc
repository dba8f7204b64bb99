#include "rules/acl.h"

#include <algorithm>
#include <array>

#include "conf/nearest.h"
#include "rules/compile_env.h"

namespace evenkeel::rules {
namespace {

// Manual 7.4, written as `acl` lines are.
struct Predefined {
  std::string_view name;
  std::vector<std::string_view> words;
};
const std::vector<Predefined>& predefined() {
  static const std::vector<Predefined> list = {
      {"FALSE", {"always_false"}},
      {"HTTP", {"req.proto_http"}},
      {"HTTP_1.0", {"req.ver", "1.0"}},
      {"HTTP_1.1", {"req.ver", "1.1"}},
      {"HTTP_2.0", {"req.ver", "2.0"}},
      {"HTTP_3.0", {"req.ver", "3.0"}},
      {"HTTP_CONTENT", {"req.hdr_val(content-length)", "gt", "0"}},
      {"HTTP_URL_ABS", {"url_reg", "^[^/:]*://"}},
      {"HTTP_URL_SLASH", {"url_beg", "/"}},
      {"HTTP_URL_STAR", {"url", "*"}},
      {"LOCALHOST", {"src", "127.0.0.1/8", "::1"}},
      {"METH_CONNECT", {"method", "CONNECT"}},
      {"METH_DELETE", {"method", "DELETE"}},
      {"METH_GET", {"method", "GET", "HEAD"}},
      {"METH_HEAD", {"method", "HEAD"}},
      {"METH_OPTIONS", {"method", "OPTIONS"}},
      {"METH_POST", {"method", "POST"}},
      {"METH_PUT", {"method", "PUT"}},
      {"METH_TRACE", {"method", "TRACE"}},
      {"RDP_COOKIE", {"req.rdp_cookie_cnt", "gt", "0"}},
      {"REQ_CONTENT", {"req.len", "gt", "0"}},
      {"TRUE", {"always_true"}},
      {"WAIT_END", {"wait_end"}},
  };
  return list;
}

bool valid_name(std::string_view name) noexcept {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.' || c == ':';
  });
}

bool is_operator(std::string_view word) noexcept {
  return word == "eq" || word == "ge" || word == "gt" || word == "le" || word == "lt";
}

// "gt 5" is the range "6:" to commands, as in HAProxy.
std::string as_range(std::string_view op, const NumberRange& range) {
  if (op == "eq") return std::to_string(range.low);
  return op == "gt" || op == "ge" ? std::to_string(range.low) + ":" : ":" + std::to_string(range.high);
}

Truth either(Truth a, Truth b) noexcept {
  if (a == Truth::yes || b == Truth::yes) return Truth::yes;
  return a == Truth::pending || b == Truth::pending ? Truth::pending : Truth::no;
}

}  // namespace

std::string AclTest::choose_method(std::string_view implied) {
  if (method_given_) return {};
  if (!implied.empty()) {
    method_ = *match_method_of(implied);
    return {};
  }
  const auto method = default_method(expression_.type());
  if (!method) {
    return "samples of type " + std::string(to_string(expression_.type())) +
           " have no usual matching method: name one with -m";
  }
  method_ = *method;
  return {};
}

std::string AclTest::read_file(Words& words, CompileEnv& env, std::string_view implied) {
  if (std::string error = choose_method(implied); !error.empty()) return error;
  if (words.done()) return "-f needs the name of a file";
  auto file = env.pattern_file(words.peek(), {method_, ignore_case_, MapValue::none}, as_map_, "acl");
  if (!file) return file.error();
  files_.push_back(std::move(*file));
  return {};
}

// The flags come before the patterns; -f loads with the method and the case that are set so far.
std::string AclTest::read_flags(Words& words, CompileEnv& env, std::string_view implied) {
  while (words.peek().size() > 1 && words.peek().front() == '-') {
    const std::string_view flag = words.peek();
    if (flag == "--") {
      words.next();
      return {};
    }
    if (flag == "-i") {
      ignore_case_ = true;
    } else if (flag == "-n") {
      // Host names are never resolved here: -n asks for what is so anyway.
    } else if (flag == "-M") {
      as_map_ = true;
    } else if (flag == "-u") {
      words.next();
      if (!parse_int(words.peek(), id_) || id_ < 0) return "-u needs an identifier, a positive integer";
      if (env.patterns->has_id(id_)) return "the id is already used";
    } else if (flag == "-m") {
      words.next();
      const auto method = match_method_of(words.peek());
      if (!method) return "'" + std::string(words.peek()) + "' is no matching method";
      method_ = *method;
      method_given_ = true;
    } else if (flag == "-f") {
      words.next();
      if (std::string error = read_file(words, env, implied); !error.empty()) return error;
    } else {
      return {};  // a pattern such as -1
    }
    words.next();
  }
  return {};
}

Result<AclTest, RuleError> AclTest::compile(Words& words, CompileEnv& env) {
  AclTest result;
  std::string_view implied;
  const std::string_view criterion = words.peek().substr(0, words.peek().find_first_of("(,"));
  auto expression = Expression::compile(words.peek(), env, nullptr, &implied);
  if (!expression) {
    const ExpressionError& error = expression.error();
    return RuleError{words.position(), error.offset, error.length, error.message};
  }
  words.next();
  result.expression_ = std::move(*expression);
  if (std::string error = result.read_flags(words, env, implied); !error.empty())
    return words.error(std::move(error));
  if (std::string error = result.choose_method(implied); !error.empty())
    return words.error_before(std::move(error));
  if (!compatible(result.expression_.type(), result.method_)) {
    return words.error_before("samples of type " + std::string(to_string(result.expression_.type())) +
                              " cannot be matched with '" + std::string(to_string(result.method_)) + "'");
  }
  if (std::string error = result.read_patterns(words, env, criterion); !error.empty())
    return words.error(std::move(error));
  return result;
}

// Up to the end of the words or a "}". The line's own patterns are a list as well, though it has no name:
// commands find it by its number.
std::string AclTest::read_patterns(Words& words, CompileEnv& env, std::string_view criterion) {
  const auto list = env.patterns->create_unnamed();
  list->id = id_;
  list->of_acl = true;
  list->description =
      "acl '" + std::string(criterion) + "' file '" + env.file + "' line " + std::to_string(env.line);
  patterns_ = PatternUse(list, list->add_way({method_, ignore_case_, MapValue::none}).number);
  const bool numeric = method_ == MatchMethod::integer || method_ == MatchMethod::len;
  std::string_view op;
  for (; !words.done() && words.peek() != "}"; words.next()) {
    std::string pattern(words.peek());
    if (numeric && is_operator(pattern)) {
      op = words.peek();
      continue;
    }
    // An operator stays for the following numbers; ranges stand for themselves.
    if (!op.empty() && pattern.find(':') == std::string::npos) {
      NumberRange range{};
      if (std::string error = parse_range(std::string(op) + " " + pattern, range); !error.empty())
        return error;
      pattern = as_range(op, range);
    }
    if (std::string error = list->append(pattern); !error.empty()) return error;
  }
  return {};
}

bool AclTest::matches(const Sample& sample, EvalContext& ctx) const noexcept {
  if (patterns_.match(sample, *ctx.scratch) != nullptr) return true;
  for (const PatternUse& file : files_) {
    if (file.match(sample, *ctx.scratch) != nullptr) return true;
  }
  return false;
}

Truth AclTest::test(EvalContext& ctx) const noexcept {
  FetchState state;
  state.iterate = true;
  Sample sample;
  bool found = expression_.first(ctx, state, sample);
  while (true) {
    if (found && matches(sample, ctx)) return Truth::yes;
    if (!state.more) break;
    state.more = false;
    found = expression_.eval(ctx, state, sample);
  }
  return state.pending ? Truth::pending : Truth::no;
}

Truth Acl::test(EvalContext& ctx) const noexcept {
  Truth result = Truth::no;
  for (const AclTest& alternative : tests) {
    result = either(result, alternative.test(ctx));
    if (result == Truth::yes) break;
  }
  return result;
}

Result<const Acl*, RuleError> AclTable::declare(Words& words, CompileEnv& env, std::uint32_t line) {
  const std::string_view name = words.peek();
  if (!valid_name(name)) {
    return words.error(name.empty() ? "an ACL needs a name"
                                    : "'" + std::string(name) + "' cannot be the name of an ACL");
  }
  if (name == "or" || name == "OR")
    return words.error("'or' joins conditions and cannot be the name of an ACL");
  words.next();
  if (words.done()) return words.error("the ACL '" + std::string(name) + "' tests nothing");
  env.declaring_acl = std::string(name);
  auto test = AclTest::compile(words, env);
  env.declaring_acl.clear();
  if (!test) {
    // The name is declared nevertheless: conditions that use it are not wrong, too.
    if (acls_.find(name) == acls_.end()) {
      acls_[std::string(name)] = std::make_shared<Acl>(Acl{std::string(name), {}, line, true});
    }
    return test.error();
  }
  if (!words.done()) return words.error("unexpected '" + std::string(words.peek()) + "'");
  std::shared_ptr<Acl>& acl = acls_[std::string(name)];
  if (!acl) {
    acl = std::make_shared<Acl>();
    acl->name = std::string(name);
    acl->line = line;
    order_.push_back(acl.get());
  }
  acl->tests.push_back(std::move(*test));
  return static_cast<const Acl*>(acl.get());
}

std::shared_ptr<const Acl> AclTable::find(std::string_view name, CompileEnv& env) {
  if (const auto found = acls_.find(name); found != acls_.end()) {
    found->second->used = true;
    return found->second;
  }
  if (const auto found = predefined_.find(name); found != predefined_.end()) return found->second;
  for (const Predefined& entry : predefined()) {
    if (entry.name != name) continue;
    Words words(entry.words);
    auto test = AclTest::compile(words, env);
    if (!test) return nullptr;
    auto acl = std::make_shared<Acl>();
    acl->name = std::string(name);
    acl->tests.push_back(std::move(*test));
    predefined_[acl->name] = acl;
    return acl;
  }
  return nullptr;
}

std::vector<const Acl*> AclTable::unused() const {
  std::vector<const Acl*> result;
  std::copy_if(order_.begin(), order_.end(), std::back_inserter(result),
               [](const Acl* acl) { return !acl->used; });
  return result;
}

std::string AclTable::nearest(std::string_view name) const {
  std::vector<std::string_view> names;
  for (const auto& [known, acl] : acls_) names.push_back(known);
  for (const Predefined& entry : predefined()) names.push_back(entry.name);
  return std::string(conf::nearest(name, names));
}

}  // namespace evenkeel::rules
