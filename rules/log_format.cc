#include "rules/log_format.h"

#include <algorithm>

#include "rules/compile_env.h"
#include "rules/log_alias.h"
#include "rules/log_encoding.h"
#include "rules/text.h"

namespace evenkeel::rules {
namespace {

bool alias_char(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || text::is_digit(c);
}

// Nothing in it would be escaped or encoded.
bool is_plain(std::string_view value) noexcept {
  return std::all_of(value.begin(), value.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte >= 0x20 && byte < 0x7f && c != '#' && c != '"' && c != '\\' && c != ']';
  });
}

// RFC 5424 section 6.3.3: what the E flag escapes.
void append_escaped(std::string_view value, std::string& out) {
  for (const char c : value) {
    if (c == '"' || c == '\\' || c == ']') out += '\\';
    out += c;
  }
}

// A value in a log line: control characters, and quotes within quotes, become #XX (manual 8.6).
void append_encoded(std::string_view value, std::string& out) {
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte < 0x7f && c != '#' && c != '"') {
      out += c;
    } else {
      out += '#';
      out += text::kHex[byte >> 4U];
      out += text::kHex[byte & 15U];
    }
  }
}

}  // namespace

// Reads one text from left to right; one per compile().
class LogFormatParser {
 public:
  LogFormatParser(std::string_view text, CompileEnv& env, Places places, LogFormat& result)
      : text_(text), env_(env), places_(places), result_(result) {}

  // An error without a message: none.
  ExpressionError run() {
    while (at_ < text_.size() && error_.message.empty()) {
      if (text_[at_] != '%') {
        literal_ += text_[at_++];
      } else if (at_ + 1 < text_.size() && text_[at_ + 1] == '%') {
        literal_ += '%';
        at_ += 2;
      } else {
        read_item();
      }
    }
    flush();
    return error_;
  }

 private:
  void fail(std::size_t from, std::string message) {
    error_ = {from, at_ > from ? at_ - from : 1, std::move(message)};
  }

  void flush() {
    if (literal_.empty()) return;
    if (result_.use_ == LogFormat::Use::log) {
      const auto both = [](char a, char b) { return a == ' ' && b == ' '; };
      literal_.erase(std::unique(literal_.begin(), literal_.end(), both), literal_.end());
    }
    LogFormat::Node node;
    node.text = std::move(literal_);
    result_.nodes_.push_back(std::move(node));
    literal_.clear();
  }

  void read_item() {
    const std::size_t begin = at_++;
    std::uint8_t flags = flags_;
    name_.clear();
    hint_ = SampleType::any;
    if (at_ < text_.size() && text_[at_] == '(' && !read_name()) return;
    if (at_ < text_.size() && text_[at_] == '{' && !read_flags(flags)) return;
    if (at_ < text_.size() && text_[at_] == '[') {
      read_expression(flags);
      return;
    }
    const std::size_t from = at_;
    while (at_ < text_.size() && alias_char(text_[at_])) ++at_;
    const std::string_view name = text_.substr(from, at_ - from);
    if (name == "o") {
      flags_ = flags;
      if ((flags & (LogFormat::kJson | LogFormat::kCbor)) != 0) result_.encoding_ = flags;
      return;
    }
    if (name.empty()) {
      fail(begin, "a '%' begins an alias or a %[sample]; write %% for the character itself");
      return;
    }
    read_alias(begin, name, flags);
  }

  // "(name:type)": the cursor is on the parenthesis.
  bool read_name() {
    const std::size_t begin = at_;
    const std::size_t end = text_.find(')', at_);
    if (end == std::string_view::npos) {
      at_ = text_.size();
      fail(begin, "missing ')' after the name");
      return false;
    }
    const std::string_view inside = text_.substr(begin + 1, end - begin - 1);
    at_ = end + 1;
    const std::size_t colon = inside.find(':');
    name_ = inside.substr(0, colon);
    const auto odd = [](char c) { return !alias_char(c) && c != '_' && c != '-' && c != '.'; };
    if (std::any_of(name_.begin(), name_.end(), odd)) {
      fail(begin, "the name of an item is made of letters, digits, '_', '-' and '.'");
      return false;
    }
    if (colon == std::string_view::npos) return true;
    const std::string_view type = inside.substr(colon + 1);
    if (type == "str") {
      hint_ = SampleType::str;
    } else if (type == "sint") {
      hint_ = SampleType::sint;
    } else if (type == "bool") {
      hint_ = SampleType::boolean;
    } else {
      fail(begin, "unknown type '" + std::string(type) + "': there are str, sint and bool");
      return false;
    }
    return true;
  }

  // "{+Q,-E}": the cursor is on the brace.
  bool read_flags(std::uint8_t& flags) {
    const std::size_t begin = at_;
    const std::size_t end = text_.find('}', at_);
    if (end == std::string_view::npos) {
      at_ = text_.size();
      fail(begin, "missing '}' after the flags");
      return false;
    }
    std::string_view list = text_.substr(at_ + 1, end - at_ - 1);
    at_ = end + 1;
    while (!list.empty()) {
      const std::string_view flag = list.substr(0, list.find(','));
      list.remove_prefix(std::min(flag.size() + 1, list.size()));
      const std::string_view letter =
          flag.empty() ? flag : flag.substr(flag.front() == '+' || flag.front() == '-' ? 1 : 0);
      std::uint8_t bit = 0;
      if (letter == "Q") bit = LogFormat::kQuote;
      if (letter == "X") bit = LogFormat::kHex;
      if (letter == "E") bit = LogFormat::kEscape;
      if (letter == "json") bit = LogFormat::kJson;
      if (letter == "cbor") bit = LogFormat::kCbor;
      if (letter == "bin") bit = LogFormat::kBytes;
      if (letter == "M") continue;  // "mandatory": what the place of use decides already
      if (bit == 0) {
        fail(begin, "unknown flag '" + std::string(flag) + "': there are Q, X, E, json, cbor and bin");
        return false;
      }
      flags = static_cast<std::uint8_t>(flag.front() == '-' ? flags & ~bit : flags | bit);
    }
    return true;
  }

  // "[sample]": the cursor is on the bracket.
  void read_expression(std::uint8_t flags) {
    const std::size_t from = ++at_;
    std::size_t used = 0;
    auto expression = Expression::compile(text_.substr(from), env_, &used);
    if (!expression) {
      error_ = expression.error();
      error_.offset += from;
      return;
    }
    at_ = from + used;
    if (at_ == text_.size() || text_[at_] != ']') {
      fail(from, "missing ']' after the sample expression");
      return;
    }
    ++at_;
    if (!expression->usable_in(places_)) {
      fail(from, "'" + expression->source() + "' is not available at this point");
      return;
    }
    flush();
    LogFormat::Node node;
    node.kind = LogFormat::Kind::expression;
    node.flags = flags;
    node.text = name_;
    node.hint = hint_;
    node.expression = std::move(*expression);
    result_.nodes_.push_back(std::move(node));
  }

  void read_alias(std::size_t begin, std::string_view name, std::uint8_t flags) {
    const auto aliases = log_aliases();
    for (std::size_t i = 0; i < aliases.size(); ++i) {
      if (aliases[i].name != name) continue;
      flush();
      LogFormat::Node node;
      node.kind = LogFormat::Kind::alias;
      node.flags = flags;
      node.text = name_;
      node.hint = hint_;
      node.alias = static_cast<std::uint16_t>(i);
      result_.nodes_.push_back(std::move(node));
      return;
    }
    const bool tls = name == "sslc" || name == "sslv";
    fail(begin, tls ? "%" + std::string(name) + " is known to HAProxy and not supported by Evenkeel yet"
                    : "there is no log-format alias %" + std::string(name));
  }

  std::string_view text_;
  CompileEnv& env_;
  Places places_;
  LogFormat& result_;
  std::size_t at_ = 0;
  std::uint8_t flags_ = 0;
  std::string literal_;
  std::string name_;  // of the item being read
  SampleType hint_ = SampleType::any;
  ExpressionError error_;
};

Result<LogFormat, ExpressionError> LogFormat::compile(std::string_view text, CompileEnv& env, Places places,
                                                      Use use) {
  LogFormat result;
  result.use_ = use;
  result.source_ = std::string(text);
  ExpressionError error = LogFormatParser(text, env, places, result).run();
  if (!error.message.empty()) return error;
  return result;
}

LogFormat LogFormat::literal(std::string text) {
  LogFormat result;
  result.source_ = text;
  if (text.empty()) return result;
  Node node;
  node.text = std::move(text);
  result.nodes_.push_back(std::move(node));
  return result;
}

std::string_view LogFormat::http_alias() const noexcept {
  for (const Node& node : nodes_)
    if (node.kind == Kind::alias && log_aliases()[node.alias].http_only)
      return log_aliases()[node.alias].name;
  return {};
}

void LogFormat::append_alias(const Node& node, EvalContext& ctx, std::string& out) const {
  const LogAlias& alias = log_aliases()[node.alias];
  // Captured headers carry delimiters of their own.
  const bool captures = alias.name.size() > 1 && alias.name[0] == 'h';
  const bool text = !captures && (alias.kind == LogAlias::Kind::text || alias.kind == LogAlias::Kind::ip);
  const bool quote = text && (node.flags & kQuote) != 0;
  if (quote) out += '"';
  const std::size_t begin = out.size();
  alias.append(ctx, (node.flags & (captures ? kQuote : kHex)) != 0, out);
  // Captures leave nothing at all, and neither does a query.
  const bool dash = !captures && !quote && alias.name != "HQ";
  if (out.size() == begin && use_ == Use::log && dash) out += '-';
  const bool escape = (node.flags & kEscape) != 0;
  // Written in place; only what needs it is written again.
  if (text && (escape || use_ == Use::log) && !is_plain(std::string_view(out).substr(begin))) {
    const std::string value = out.substr(begin);
    out.resize(begin);
    append_safe(value, escape, out);
  }
  if (quote) out += '"';
}

void LogFormat::append_safe(std::string_view value, bool escape, std::string& out) const {
  if (escape) {
    append_escaped(value, out);
  } else if (use_ == Use::log) {
    append_encoded(value, out);
  } else {
    out += value;
  }
}

void LogFormat::append_expression(const Node& node, EvalContext& ctx, std::string& out) const {
  std::string_view value;
  Sample sample;
  if (node.expression.eval(ctx, sample)) value = as_text(sample, *ctx.scratch);
  const bool quote = (node.flags & kQuote) != 0;
  if (quote) out += '"';
  if (value.empty() && use_ == Use::log && !quote) out += '-';
  append_safe(value, (node.flags & kEscape) != 0, out);
  if (quote) out += '"';
}

namespace {

// What an alias has written, as a value: totals that are not final yet keep their '+' and stay text.
LogValue value_of(const LogAlias& alias, std::string_view text, SampleType hint) {
  LogValue value;
  value.text = text;
  if (text.empty()) return value;
  const bool number = alias.kind == LogAlias::Kind::number || alias.kind == LogAlias::Kind::port;
  const bool as_number = hint == SampleType::any ? number : hint == SampleType::sint;
  value.kind = LogValue::Kind::text;
  if (hint == SampleType::boolean) {
    value.kind = LogValue::Kind::boolean;
    value.number = leading_int(text) != 0 ? 1 : 0;
  } else if (as_number && (hint == SampleType::sint || parse_int(text, value.number))) {
    value.kind = LogValue::Kind::integer;
    if (hint == SampleType::sint) value.number = leading_int(text);
  }
  return value;
}

LogValue value_of(const Expression& expression, SampleType hint, EvalContext& ctx) {
  LogValue value;
  Sample sample;
  if (!expression.eval(ctx, sample)) return value;
  if (hint != SampleType::any && !cast(sample, hint, *ctx.scratch)) return value;
  if (sample.type == SampleType::boolean || sample.type == SampleType::sint) {
    value.kind = sample.type == SampleType::boolean ? LogValue::Kind::boolean : LogValue::Kind::integer;
    value.number = sample.integer;
    return value;
  }
  value.kind = sample.type == SampleType::bin ? LogValue::Kind::bytes : LogValue::Kind::text;
  value.text = as_text(sample, *ctx.scratch);
  return value;
}

bool is_list(std::string_view alias) noexcept { return alias == "hrl" || alias == "hsl"; }

}  // namespace

void LogFormat::append_value(const Node& node, EvalContext& ctx, std::string& out) const {
  const bool json = (node.flags & kJson) != 0;
  const bool bytes = (node.flags & kBytes) != 0;
  std::string text;
  LogValue value;
  if (node.kind == Kind::alias) {
    const LogAlias& alias = log_aliases()[node.alias];
    alias.append(ctx, (node.flags & kHex) != 0 && alias.name.front() != 'h', text);
    if (is_list(alias.name)) {
      json ? append_json_list(text, out) : append_cbor_list(text, out);
      return;
    }
    value = value_of(alias, text, node.hint);
  } else {
    value = value_of(node.expression, node.hint, ctx);
  }
  json ? append_json(value, out) : append_cbor(value, bytes, out);
}

// A single value within a text: CBOR as hexadecimal digits.
void LogFormat::append_one(const Node& node, EvalContext& ctx, std::string& out) const {
  if ((node.flags & kJson) != 0 || (node.flags & kBytes) != 0) return append_value(node, ctx, out);
  std::string value;
  append_value(node, ctx, value);
  append_hex(value, out);
}

// Literals and items without a name have no place in a map.
void LogFormat::append_map(EvalContext& ctx, std::string& out) const {
  const bool json = (encoding_ & kJson) != 0;
  std::string map(1, json ? '{' : kCborMap);
  for (const Node& node : nodes_) {
    if (node.kind == Kind::text || node.text.empty()) continue;
    const LogValue name{LogValue::Kind::text, 0, node.text};
    if (json) {
      if (map.size() > 1) map += ", ";
      append_json(name, map);
      map += ": ";
    } else {
      append_cbor(name, false, map);
    }
    append_value(node, ctx, map);
  }
  map += json ? '}' : kCborEnd;
  if (json || (encoding_ & kBytes) != 0) {
    out += map;
  } else {
    append_hex(map, out);
  }
}

// In log lines a run of spaces is one, the line begins with none, and what captures left out takes its space
// along; rules keep every byte.
void LogFormat::append(EvalContext& ctx, std::string& out) const {
  if (encoding_ != 0) return append_map(ctx, out);
  bool spaced = use_ == Use::log;
  for (const Node& node : nodes_) {
    if (node.kind == Kind::text) {
      const bool skip = spaced && node.text.front() == ' ';
      out.append(node.text, skip ? 1 : 0);
      spaced = use_ == Use::log && node.text.back() == ' ';
      continue;
    }
    const std::size_t begin = out.size();
    if ((node.flags & (kJson | kCbor)) != 0) {
      append_one(node, ctx, out);
      spaced = false;
    } else if (node.kind == Kind::alias) {
      append_alias(node, ctx, out);
      const bool captures = log_aliases()[node.alias].name.front() == 'h';
      spaced = spaced && captures && out.size() == begin;
    } else {
      append_expression(node, ctx, out);
      spaced = false;
    }
  }
}

std::string_view LogFormat::eval(EvalContext& ctx) const {
  if (is_literal()) return literal_text();
  if (encoding_ == 0 && nodes_.size() == 1 && nodes_[0].kind == Kind::expression && nodes_[0].flags == 0 &&
      use_ == Use::rule) {
    Sample sample;
    return nodes_[0].expression.eval(ctx, sample) ? as_text(sample, *ctx.scratch) : std::string_view();
  }
  std::string text;
  append(ctx, text);
  return ctx.scratch->copy(text);
}

}  // namespace evenkeel::rules
