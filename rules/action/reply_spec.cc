#include "rules/action/reply_spec.h"

#include "rules/compile_env.h"

namespace evenkeel::rules::action {

// errorfile, file and lf-file: all are read at load.
Result<bool, RuleError> ReplySpec::read_file(std::string_view kind, Words& words, ActionEnv& env) {
  const auto path = read_word(words, "a file name");
  if (!path) return path.error();
  auto content = std::make_shared<std::string>();
  if (!env.env.read_file(*path, *content))
    return words.error_before("cannot read '" + *path + "': " + *content);
  if (kind == "lf-file") {
    auto format = LogFormat::compile(*content, env.env, env.places, LogFormat::Use::rule);
    if (!format) return words.error_before("in '" + *path + "': " + format.error().message);
    payload_ = Payload::format;
    format_ = std::move(*format);
    return true;
  }
  payload_ = kind == "file" ? Payload::text : Payload::raw;
  text_ = std::move(content);
  return true;
}

// True: the word was one of the payload's.
Result<bool, RuleError> ReplySpec::read_payload(Words& words, ActionEnv& env) {
  const std::string_view word = words.peek();
  const bool file = word == "errorfile" || word == "file" || word == "lf-file";
  const bool standard = word == "default-errorfiles" || word == "errorfiles";
  if (!file && !standard && word != "string" && word != "lf-string") return false;
  if (payload_ != Payload::none) return words.error("the answer has a content already");
  words.next();
  if (file) return read_file(word, words, env);
  if (standard) {
    payload_ = Payload::standard;
    if (word == "default-errorfiles") return true;
    auto name = read_word(words, "the name of an http-errors section");
    if (!name) return name.error();
    http_errors_ = std::move(*name);
    env.env.http_errors_used.push_back(http_errors_);
    return true;
  }
  if (word == "string") {
    if (words.done()) return words.error("a text is expected here");
    payload_ = Payload::text;
    text_ = std::make_shared<const std::string>(words.next());
    return true;
  }
  auto format = read_format(words, env, "a log-format text");
  if (!format) return format.error();
  payload_ = Payload::format;
  format_ = std::move(*format);
  return true;
}

// True: the word belongs to the answer.
Result<bool, RuleError> ReplySpec::read_option(Words& words, ActionEnv& env, bool deny) {
  if (words.accept("status") || (deny && words.accept("deny_status"))) {
    const auto status = read_integer(words, "the status", 200, 599);
    if (!status) return status.error();
    status_ = static_cast<int>(*status);
    return true;
  }
  if (words.accept("content-type")) {
    auto type = read_word(words, "a content type");
    if (!type) return type.error();
    if (!safe_value(*type)) return words.error_before("a header value must not break its line");
    content_type_ = std::move(*type);
    return true;
  }
  if (words.accept("hdr")) {
    auto name = read_word(words, "a header name");
    if (!name) return name.error();
    for (char& c : *name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
    auto value = read_format(words, env, "a header value");
    if (!value) return value.error();
    headers_.emplace_back(std::move(*name), std::move(*value));
    return true;
  }
  return read_payload(words, env);
}

Result<ReplySpec, RuleError> ReplySpec::parse(Words& words, ActionEnv& env, int default_status, bool deny) {
  ReplySpec result;
  result.status_ = default_status;
  const std::size_t begin = words.position();
  while (!words.done() && !words.at_condition()) {
    const auto taken = result.read_option(words, env, deny);
    if (!taken) return taken.error();
    if (!*taken) return words.error("unexpected '" + std::string(words.peek()) + "'");
  }
  const bool has_text =
      result.payload_ == Payload::format || (result.payload_ == Payload::text && !result.text_->empty());
  if (has_text && result.content_type_.empty()) {
    return RuleError{begin, 0, 0, "an answer with a content needs a content-type"};
  }
  if (result.payload_ == Payload::none && deny && result.headers_.empty())
    result.payload_ = Payload::standard;
  return result;
}

void ReplySpec::fill(EvalContext& ctx, Reply& reply) const {
  reply.clear();
  reply.status = status_;
  if (payload_ == Payload::raw) {
    reply.kind = text_->empty() ? Reply::Kind::closed : Reply::Kind::raw;
    reply.shared_body = text_;
    return;
  }
  for (const auto& [name, format] : headers_) {
    const std::string_view value = format.eval(ctx);
    if (!value.empty() && safe_value(value)) reply.headers.emplace_back(name, value);
  }
  if (payload_ == Payload::standard) {
    reply.kind = Reply::Kind::standard;
    reply.http_errors = http_errors_;
    return;
  }
  reply.kind = Reply::Kind::built;
  if (payload_ == Payload::text) reply.shared_body = text_;
  if (payload_ == Payload::format) format_.append(ctx, reply.body);
  reply.headers.emplace_back("content-length", std::to_string(reply.payload().size()));
  if (!content_type_.empty() && !reply.payload().empty())
    reply.headers.emplace_back("content-type", content_type_);
}

}  // namespace evenkeel::rules::action
