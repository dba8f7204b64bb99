// add-acl, del-acl, set-map, del-map: rules that change the lists which other rules look into (manual 4.2).
#include "rules/action/families.h"
#include "rules/action/parse.h"
#include "rules/compile_env.h"

namespace evenkeel::rules::action {
namespace {

// A key that is there, or not there, as wanted costs no lock: rules like these repeat themselves with every
// request. A change is made under the list's lock, since two workers may want the same key at once, and is
// seen by the very next rule.
class AddAcl final : public Action {
 public:
  AddAcl(std::shared_ptr<PatternList> list, LogFormat key) : list_(std::move(list)), key_(std::move(key)) {}
  Verdict run(EvalContext& ctx) const override {
    const std::string_view key = key_.eval(ctx);
    if (list_->find_key(key) == nullptr) list_->add_missing(key);
    return Verdict::proceed;
  }

 private:
  std::shared_ptr<PatternList> list_;
  LogFormat key_;
};

class Remove final : public Action {
 public:
  Remove(std::shared_ptr<PatternList> list, LogFormat key) : list_(std::move(list)), key_(std::move(key)) {}
  Verdict run(EvalContext& ctx) const override {
    const std::string_view key = key_.eval(ctx);
    if (list_->find_key(key) != nullptr) (void)list_->remove(key);
    return Verdict::proceed;
  }

 private:
  std::shared_ptr<PatternList> list_;
  LogFormat key_;
};

class SetMap final : public Action {
 public:
  SetMap(std::shared_ptr<PatternList> list, LogFormat key, LogFormat value)
      : list_(std::move(list)), key_(std::move(key)), value_(std::move(value)) {}
  Verdict run(EvalContext& ctx) const override {
    const std::string key(key_.eval(ctx));
    const std::string_view value = value_.eval(ctx);
    const PatternEntry* const entry = list_->find_key(key);
    // A value that no lookup could read (a word in a map of numbers) is left out, as in HAProxy.
    if (entry == nullptr || entry->text() != value) (void)list_->put(key, value);
    return Verdict::proceed;
  }

 private:
  std::shared_ptr<PatternList> list_;
  LogFormat key_;
  LogFormat value_;
};

// The list between the parentheses; made when no rule looks into it (yet), without reading a file for it.
Result<std::shared_ptr<PatternList>, RuleError> read_list(Words& words, ActionEnv& env,
                                                          std::string_view inside) {
  if (inside.empty()) return words.error_before("the name of the file is missing between the parentheses");
  if (inside.starts_with("file@")) inside.remove_prefix(5);
  auto list = env.env.patterns->named(inside);
  list->expect_actions();
  return list;
}

template <class T>
ActionResult parse_key(Words& words, ActionEnv& env, std::string_view inside) {
  auto list = read_list(words, env, inside);
  if (!list) return list.error();
  auto key = read_format(words, env, "a key");
  if (!key) return key.error();
  return made<T>(std::move(*list), std::move(*key));
}

ActionResult parse_set_map(Words& words, ActionEnv& env, std::string_view inside) {
  auto list = read_list(words, env, inside);
  if (!list) return list.error();
  auto key = read_format(words, env, "a key");
  if (!key) return key.error();
  auto value = read_format(words, env, "a value");
  if (!value) return value.error();
  return made<SetMap>(std::move(*list), std::move(*key), std::move(*value));
}

constexpr ActionSpec kActions[] = {
    {"add-acl(", kHttpRequest | kHttpResponse, parse_key<AddAcl>},
    {"del-acl(", kHttp, parse_key<Remove>},
    {"del-map(", kHttp, parse_key<Remove>},
    {"set-map(", kHttp, parse_set_map},
};

}  // namespace

std::span<const ActionSpec> maps() noexcept { return kActions; }

}  // namespace evenkeel::rules::action
