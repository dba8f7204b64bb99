// rfc7239_*: reading and building the Forwarded header (RFC 7239; manual 7.3.1).
#include <algorithm>

#include "rules/converter/families.h"
#include "rules/text.h"

namespace evenkeel::rules::converter {
namespace {

bool token_char(char c) noexcept {
  return text::is_digit(c) || (text::lower(c) >= 'a' && text::lower(c) <= 'z') ||
         std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}
// Of obfuscated names and ports (section 6.3).
bool obfuscated(std::string_view text) noexcept {
  return text.size() > 1 && text.front() == '_' && std::all_of(text.begin(), text.end(), [](char c) {
           return text::is_digit(c) || (text::lower(c) >= 'a' && text::lower(c) <= 'z') || c == '.' ||
                  c == '_' || c == '-';
         });
}

struct Node {
  Sample name;  // an address, or a text: "unknown" or "_something"
  Sample port;  // none where there is none
};

bool read_name(std::string_view name, Sample& out) noexcept {
  if (!name.empty() && name.front() == '[') {
    return name.back() == ']' && parse_ip(name.substr(1, name.size() - 2), out) &&
           out.type == SampleType::ipv6;
  }
  if (text::equal_fold(name, "unknown") || obfuscated(name)) {
    out = Sample::of_text(name);
    return true;
  }
  return parse_ip(name, out) && out.type == SampleType::ipv4;
}
bool read_port(std::string_view port, Sample& out) noexcept {
  if (obfuscated(port)) {
    out = Sample::of_text(port);
    return true;
  }
  std::int64_t number = 0;
  if (port.empty() || port.size() > 5 || !std::all_of(port.begin(), port.end(), text::is_digit)) return false;
  if (!parse_int(port, number) || number > 65535) return false;
  out = Sample::of_int(number);
  return true;
}
// Section 6: a name, and a port behind a colon.
bool read_node(std::string_view text, Node& node) noexcept {
  const std::size_t bracket = text.rfind(']');
  const std::size_t colon = text.find(':', bracket == std::string_view::npos ? 0 : bracket);
  if (!read_name(text.substr(0, colon), node.name)) return false;
  return colon == std::string_view::npos || read_port(text.substr(colon + 1), node.port);
}

// Reads pairs "name=value" of one element, separated by semicolons.
class Pairs {
 public:
  explicit Pairs(std::string_view text) noexcept : rest_(text::trim(text)) {}

  // False: the end, or with failed() a pair that is none.
  bool next(std::string_view& name, std::string_view& value, bool& quoted) noexcept {
    if (rest_.empty()) return false;
    std::size_t n = 0;
    while (n < rest_.size() && token_char(rest_[n])) ++n;
    name = rest_.substr(0, n);
    if (n == 0 || n == rest_.size() || rest_[n] != '=') return fail();
    rest_.remove_prefix(n + 1);
    quoted = !rest_.empty() && rest_.front() == '"';
    if (quoted) {
      // Neither hosts nor nodes need escapes in their quotes.
      const std::size_t end = rest_.find('"', 1);
      if (end == std::string_view::npos) return fail();
      value = rest_.substr(1, end - 1);
      rest_.remove_prefix(end + 1);
    } else {
      for (n = 0; n < rest_.size() && token_char(rest_[n]);) ++n;
      value = rest_.substr(0, n);
      rest_.remove_prefix(n);
      if (n == 0) return fail();
    }
    rest_ = text::trim(rest_);
    if (rest_.empty()) return true;
    if (rest_.front() != ';') return fail();
    rest_ = text::trim(rest_.substr(1));
    return true;
  }
  [[nodiscard]] bool failed() const noexcept { return failed_; }

 private:
  bool fail() noexcept {
    failed_ = true;
    return false;
  }
  std::string_view rest_;
  bool failed_ = false;
};

bool host_char(char c) noexcept {
  return static_cast<unsigned char>(c) > 0x20 && c != '"' && c != '\\' && c != 0x7f;
}

enum class Name : std::uint8_t { proto, host, by, for_, other };
Name name_of(std::string_view name) noexcept {
  if (text::equal_fold(name, "proto")) return Name::proto;
  if (text::equal_fold(name, "host")) return Name::host;
  if (text::equal_fold(name, "by")) return Name::by;
  return text::equal_fold(name, "for") ? Name::for_ : Name::other;
}

bool good_value(Name name, std::string_view value) noexcept {
  Node node;
  switch (name) {
    case Name::proto:
      return text::equal_fold(value, "http") || text::equal_fold(value, "https");
    case Name::host:
      return !value.empty() && std::all_of(value.begin(), value.end(), host_char);
    case Name::by:
    case Name::for_:
      return read_node(value, node);
    case Name::other:
      return true;
  }
  return false;
}

// Every pair is well-formed and occurs once. Extensions (section 5.5) may be anything.
bool is_valid(const Args&, EvalContext&, Sample& sample) {
  Pairs pairs(sample.text);
  std::string_view name;
  std::string_view value;
  bool quoted = false;
  unsigned seen = 0;
  bool good = true;
  while (good && pairs.next(name, value, quoted)) {
    const Name known = name_of(name);
    const unsigned bit = 1U << static_cast<unsigned>(known);
    good = good_value(known, value) && (known == Name::other || (seen & bit) == 0);
    seen |= bit;
  }
  sample = Sample::of_bool(good && !pairs.failed() && seen != 0);
  return true;
}

bool field(const Args& args, EvalContext&, Sample& sample) {
  Pairs pairs(sample.text);
  std::string_view name;
  std::string_view value;
  bool quoted = false;
  while (pairs.next(name, value, quoted)) {
    if (!text::equal_fold(name, args.text(0))) continue;
    if (!good_value(name_of(name), value)) return false;
    sample = Sample::of_text(value);
    return true;
  }
  return false;
}
std::string prepare_field(Args& args, CompileEnv&) {
  const std::string_view name = args.text(0);
  return name == "proto" || name == "host" || name == "for" || name == "by"
             ? ""
             : "'" + std::string(name) + "' is no field of Forwarded: proto, host, for or by";
}

bool node_name(const Args&, EvalContext&, Sample& sample) {
  Node node;
  if (!read_node(sample.text, node)) return false;
  sample = node.name;
  return true;
}
bool node_port(const Args&, EvalContext&, Sample& sample) {
  Node node;
  if (!read_node(sample.text, node) || node.port.type == SampleType::none) return false;
  sample = node.port;
  return true;
}

bool prefixed(EvalContext& ctx, Sample& sample) {
  char* const to = ctx.scratch->take(sample.text.size() + 1);
  if (to == nullptr) return false;
  to[0] = '_';
  sample.text.copy(to + 1, sample.text.size());
  sample = Sample::of_text({to, sample.text.size() + 1});
  return obfuscated(sample.text);
}
bool build_name(const Args&, EvalContext& ctx, Sample& sample) {
  if (sample.is_text()) {
    if (!sample.text.empty()) return prefixed(ctx, sample);
    sample = Sample::of_text("unknown");
    return true;
  }
  if (!sample.is_ip()) return false;
  const bool v6 = sample.type == SampleType::ipv6;
  const std::string_view ip = as_text(sample, *ctx.scratch);
  char* const to = ctx.scratch->take(ip.size() + 2);
  to[0] = '[';
  ip.copy(to + 1, ip.size());
  to[ip.size() + 1] = ']';
  sample = Sample::of_text(v6 ? std::string_view(to, ip.size() + 2) : ip);
  return true;
}
bool build_port(const Args&, EvalContext& ctx, Sample& sample) {
  if (sample.is_text()) return !sample.text.empty() && prefixed(ctx, sample);
  if (sample.type != SampleType::sint || sample.integer < 0 || sample.integer > 65535) return false;
  return cast(sample, SampleType::str, *ctx.scratch);
}

constexpr SampleType kStr = SampleType::str;
constexpr SampleType kAny = SampleType::any;
constexpr ConverterSpec kConverters[] = {
    {"rfc7239_is_valid", "", kStr, SampleType::boolean, is_valid},
    {"rfc7239_field", "s", kStr, kStr, field, prepare_field},
    {"rfc7239_n2nn", "", kStr, kAny, node_name},
    {"rfc7239_n2np", "", kStr, kAny, node_port},
    {"rfc7239_nn", "", kAny, kStr, build_name},
    {"rfc7239_np", "", kAny, kStr, build_port},
};

}  // namespace

std::span<const ConverterSpec> rfc7239() noexcept { return kConverters; }

}  // namespace evenkeel::rules::converter
