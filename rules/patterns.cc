#include "rules/patterns.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "rules/text.h"

namespace evenkeel::rules {
namespace {

constexpr std::string_view kMethodNames[] = {"found", "bool", "int", "ip",  "bin", "len", "str",
                                             "beg",   "sub",  "reg", "end", "dir", "dom"};

std::string_view delimiters_of(MatchMethod method) noexcept {
  return method == MatchMethod::dir ? "/?" : "/?.:";
}

// "3", "0x10", or dotted as the TLS versions are: "3.1" is 3 * 65536 + 1.
bool parse_bound(std::string_view text, std::int64_t& value) noexcept {
  const std::size_t dot = text.find('.');
  if (dot == std::string_view::npos) return parse_int(text, value);
  std::int64_t minor = 0;
  if (!parse_int(text.substr(0, dot), value) || !parse_int(text.substr(dot + 1), minor)) return false;
  value = value * 65536 + minor;
  return minor >= 0 && minor < 65536;
}

// "8", or "255.0.0.0"; nullopt: neither.
std::optional<unsigned> mask_bits(std::string_view text, bool v4) noexcept {
  std::int64_t bits = 0;
  if (parse_int(text, bits)) {
    if (bits < 0 || bits > (v4 ? 32 : 128)) return std::nullopt;
    return static_cast<unsigned>(bits);
  }
  Sample mask;
  if (!v4 || !parse_ip(text, mask) || mask.type != SampleType::ipv4) return std::nullopt;
  const std::uint32_t value =
      (std::uint32_t{mask.ip[0]} << 24U) | (mask.ip[1] << 16U) | (mask.ip[2] << 8U) | mask.ip[3];
  const auto ones = static_cast<unsigned>(__builtin_popcount(value));
  const std::uint32_t expected = ones == 0 ? 0 : ~std::uint32_t{0} << (32U - ones);
  if (value != expected) return std::nullopt;  // a mask with holes
  return ones;
}

void mask_out(std::array<unsigned char, 16>& ip, unsigned bits, unsigned size) noexcept {
  for (unsigned i = 0; i < size; ++i) {
    const unsigned keep = bits >= 8 * (i + 1) ? 8 : (bits > 8 * i ? bits - 8 * i : 0);
    ip[i] &= static_cast<unsigned char>(0xff00U >> keep);
  }
}

// Where a text between delimiters may begin: at the start, and after each delimiter.
template <class Visit>
void each_word_start(std::string_view text, std::string_view delimiters, Visit visit) noexcept {
  std::size_t at = 0;
  while (true) {
    visit(at);
    at = text.find_first_of(delimiters, at);
    if (at == std::string_view::npos) return;
    ++at;
  }
}

std::uint32_t match_prefix(std::string_view text, const BytesIndex& index) noexcept {
  for (const std::uint32_t length : index.lengths()) {
    if (length > text.size()) continue;
    const std::uint32_t found = index.find(text.substr(0, length));
    if (found != BytesIndex::kNone) return found;
  }
  return BytesIndex::kNone;
}

std::uint32_t match_suffix(std::string_view text, const BytesIndex& index) noexcept {
  std::uint32_t best = BytesIndex::kNone;
  for (const std::uint32_t length : index.lengths()) {
    if (length <= text.size()) best = std::min(best, index.find(text.substr(text.size() - length)));
  }
  return best;
}

std::uint32_t match_substring(std::string_view text, const BytesIndex& index) noexcept {
  for (std::size_t i = 0; i < index.size(); ++i) {
    if (text.find(index.key(i)) != std::string_view::npos) return index.number(i);
  }
  return BytesIndex::kNone;
}

std::uint32_t match_word(std::string_view text, const BytesIndex& index,
                         std::string_view delimiters) noexcept {
  std::uint32_t best = BytesIndex::kNone;
  each_word_start(text, delimiters, [&](std::size_t at) {
    for (const std::uint32_t length : index.lengths()) {
      if (at + length > text.size()) continue;
      const bool ends =
          at + length == text.size() || delimiters.find(text[at + length]) != std::string_view::npos;
      if (ends) best = std::min(best, index.find(text.substr(at, length)));
    }
  });
  return best;
}

}  // namespace

std::optional<MatchMethod> match_method_of(std::string_view name) noexcept {
  const auto* const found = std::find(std::begin(kMethodNames), std::end(kMethodNames), name);
  if (found == std::end(kMethodNames)) return std::nullopt;
  return static_cast<MatchMethod>(found - std::begin(kMethodNames));
}

std::string_view to_string(MatchMethod method) noexcept {
  return kMethodNames[static_cast<std::size_t>(method)];
}

std::optional<MatchMethod> default_method(SampleType type) noexcept {
  switch (type) {
    case SampleType::boolean:
      return MatchMethod::boolean;
    case SampleType::sint:
      return MatchMethod::integer;
    case SampleType::addr:
    case SampleType::ipv4:
    case SampleType::ipv6:
      return MatchMethod::ip;
    case SampleType::str:
    case SampleType::meth:
      return MatchMethod::str;
    default:
      return std::nullopt;
  }
}

bool compatible(SampleType type, MatchMethod method) noexcept {
  const bool ip = type == SampleType::addr || type == SampleType::ipv4 || type == SampleType::ipv6;
  if (type == SampleType::any) return true;
  switch (method) {
    case MatchMethod::boolean:
      return !ip && type != SampleType::bin;
    case MatchMethod::integer:
      return !ip;
    case MatchMethod::ip:
      return ip || type == SampleType::str || type == SampleType::bin;
    case MatchMethod::bin:
      return type == SampleType::str || type == SampleType::bin || type == SampleType::meth;
    default:
      return true;
  }
}

std::string PatternSet::add(std::string_view pattern, bool ignore_case, std::string_view value) {
  std::string error = add(pattern, ignore_case);
  if (!error.empty()) return error;
  value_bytes_.append(value);
  value_ends_.push_back(value_bytes_.size());
  return error;
}

std::string PatternSet::add(std::string_view pattern, bool ignore_case) {
  std::string error;
  switch (method_) {
    case MatchMethod::found:
    case MatchMethod::boolean:
      break;  // patterns are taken and mean nothing, as the manual says
    case MatchMethod::integer:
    case MatchMethod::len:
      error = add_range(pattern);
      break;
    case MatchMethod::ip:
      error = add_network(pattern);
      break;
    case MatchMethod::reg:
      error = add_regex(pattern, ignore_case);
      break;
    case MatchMethod::bin: {
      std::string bytes;
      if (!text::unhex(pattern, bytes))
        return "'" + std::string(pattern) + "' is not a row of hexadecimal byte pairs";
      exact_.add(bytes, count_);
      break;
    }
    default:
      error = add_text(pattern, ignore_case);
      break;
  }
  if (error.empty()) ++count_;
  return error;
}

std::string PatternSet::add_text(std::string_view text, bool ignore_case) {
  if (method_ == MatchMethod::dir || method_ == MatchMethod::dom) {
    const std::string_view delimiters = delimiters_of(method_);
    text.remove_prefix(std::min(text.find_first_not_of(delimiters), text.size()));
    text = text.substr(0, text.find_last_not_of(delimiters) + 1);
  }
  if (ignore_case) {
    folded_.add(text::lower(text), count_);
  } else {
    exact_.add(text, count_);
  }
  return {};
}

std::string PatternSet::add_regex(std::string_view pattern, bool ignore_case) {
  auto regex = Regex::compile(pattern, ignore_case);
  if (!regex) return regex.error();
  regexes_.push_back({std::move(*regex), count_});
  return {};
}

std::string PatternSet::add_range(std::string_view pattern) {
  constexpr std::int64_t kLow = std::numeric_limits<std::int64_t>::min();
  constexpr std::int64_t kHigh = std::numeric_limits<std::int64_t>::max();
  Range range{kLow, kHigh, count_};
  const std::string bad = "'" + std::string(pattern) + "' is not an integer or a range of integers";
  std::string_view op = "eq";
  if (const std::size_t space = pattern.find(' '); space != std::string_view::npos) {
    op = pattern.substr(0, space);
    pattern.remove_prefix(space + 1);
  }
  const std::size_t colon = pattern.find(':');
  if (colon != std::string_view::npos) {
    if (op != "eq") return "operator '" + std::string(op) + "' does not go with a range";
    if (colon > 0 && !parse_bound(pattern.substr(0, colon), range.low)) return bad;
    if (colon + 1 < pattern.size() && !parse_bound(pattern.substr(colon + 1), range.high)) return bad;
    if (range.low > range.high) return "the range '" + std::string(pattern) + "' is empty";
  } else {
    std::int64_t value = 0;
    if (!parse_bound(pattern, value)) return bad;
    if (op == "eq") range.low = range.high = value;
    if (op == "ge") range.low = value;
    if (op == "gt") range.low = value + 1;
    if (op == "le") range.high = value;
    if (op == "lt") range.high = value - 1;
  }
  ranges_.push_back(range);
  return {};
}

std::string PatternSet::add_network(std::string_view pattern) {
  const std::size_t slash = pattern.find('/');
  Sample net;
  if (!parse_ip(pattern.substr(0, slash), net))
    return "'" + std::string(pattern) + "' is not an IP address or network";
  const bool v4 = net.type == SampleType::ipv4;
  unsigned bits = v4 ? 32 : 128;
  if (slash != std::string_view::npos) {
    const auto parsed = mask_bits(pattern.substr(slash + 1), v4);
    if (!parsed) return "'" + std::string(pattern.substr(slash + 1)) + "' is not a network mask";
    bits = *parsed;
  }
  mask_out(net.ip, bits, v4 ? 4 : 16);
  auto& nets = v4 ? v4_ : v6_;
  auto at = std::find_if(nets.begin(), nets.end(), [&](const Network& n) { return n.bits <= bits; });
  if (at == nets.end() || at->bits != bits) at = nets.insert(at, {bits, {}});
  at->index.add(net.ip_bytes(), count_);
  return {};
}

void PatternSet::finish() {
  // Ranges stay in file order: the first match decides for maps, and lists of them are short.
  value_bytes_.shrink_to_fit();
}

std::uint32_t PatternSet::match(const Sample& sample, Scratch& scratch,
                                std::vector<std::string_view>* groups) const noexcept {
  // Texts against texts first: most of what runs.
  if (method_ >= MatchMethod::str && method_ != MatchMethod::reg && sample.is_text()) {
    return match_texts(sample.text, scratch);
  }
  return match_value(sample, scratch, groups);
}

std::uint32_t PatternSet::match_texts(std::string_view text, Scratch& scratch) const noexcept {
  const std::uint32_t found = exact_.empty() ? kNone : match_text(text, exact_);
  if (folded_.empty()) return found;
  // A text of a length that no pattern has need not be put into lower case.
  if (method_ == MatchMethod::str && !folded_.has_length(text.size())) return found;
  return std::min(found, match_text(text::lower(text, scratch), folded_));
}

std::uint32_t PatternSet::match_value(Sample sample, Scratch& scratch,
                                      std::vector<std::string_view>* groups) const noexcept {
  switch (method_) {
    case MatchMethod::found:
      return 0;
    case MatchMethod::boolean:
      return cast(sample, SampleType::boolean, scratch) && sample.integer != 0 ? 0 : kNone;
    case MatchMethod::integer:
      return cast(sample, SampleType::sint, scratch) ? match_range(sample.integer) : kNone;
    case MatchMethod::ip:
      if (sample.type == SampleType::bin) {
        sample = Sample::of_ip(sample.text);
        if (!sample.is_ip()) return kNone;
      }
      return cast(sample, SampleType::addr, scratch) ? match_ip(sample) : kNone;
    default:
      break;
  }
  const std::string_view text = as_text(sample, scratch);
  if (method_ == MatchMethod::len) return match_range(static_cast<std::int64_t>(text.size()));
  if (method_ == MatchMethod::reg) return match_regex(text, groups);
  return match_texts(text, scratch);
}

std::uint32_t PatternSet::match_text(std::string_view text, const BytesIndex& index) const noexcept {
  switch (method_) {
    case MatchMethod::beg:
      return match_prefix(text, index);
    case MatchMethod::end:
      return match_suffix(text, index);
    case MatchMethod::sub:
      return match_substring(text, index);
    case MatchMethod::dir:
    case MatchMethod::dom:
      return match_word(text, index, delimiters_of(method_));
    default:
      return index.find(text);
  }
}

std::uint32_t PatternSet::match_range(std::int64_t value) const noexcept {
  for (const Range& range : ranges_) {
    if (value >= range.low && value <= range.high) return range.entry;
  }
  return kNone;
}

std::uint32_t PatternSet::match_ip(const Sample& sample) const noexcept {
  const auto look_up = [](const std::vector<Network>& nets, Sample ip) noexcept {
    for (const Network& net : nets) {  // from the longest mask to the shortest
      mask_out(ip.ip, net.bits, ip.type == SampleType::ipv4 ? 4 : 16);
      const std::uint32_t found = net.index.find(ip.ip_bytes());
      if (found != BytesIndex::kNone) return found;
    }
    return BytesIndex::kNone;
  };
  const bool v4 = sample.type == SampleType::ipv4;
  const std::uint32_t found = look_up(v4 ? v4_ : v6_, sample);
  if (found != BytesIndex::kNone || (v4 ? v6_ : v4_).empty()) return found;
  Sample other = sample;
  if (v4) {
    to_ipv6(other);
  } else if (!to_ipv4(other)) {
    return kNone;
  }
  return look_up(v4 ? v6_ : v4_, other);
}

std::uint32_t PatternSet::match_regex(std::string_view text,
                                      std::vector<std::string_view>* groups) const noexcept {
  for (const RegexEntry& entry : regexes_) {
    if (groups == nullptr ? entry.regex.match(text) : entry.regex.match(text, *groups) > 0)
      return entry.entry;
  }
  return kNone;
}

std::string_view PatternSet::value(std::uint32_t entry) const noexcept {
  if (entry >= value_ends_.size()) return {};
  const std::uint64_t from = entry == 0 ? 0 : value_ends_[entry - 1];
  return std::string_view(value_bytes_).substr(from, value_ends_[entry] - from);
}

}  // namespace evenkeel::rules
