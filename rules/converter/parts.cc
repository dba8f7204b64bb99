// Parts of texts (manual 7.3.1): bytes, field, word, param, host_only, port_only, language.
#include <algorithm>

#include "rules/converter/families.h"
#include "rules/query.h"
#include "rules/text.h"

namespace evenkeel::rules::converter {
namespace {

bool bytes(const Args& args, EvalContext&, Sample& sample) {
  const auto offset = static_cast<std::size_t>(args.number(0, 0));
  if (offset >= sample.text.size()) {
    sample.text = {};
    return true;
  }
  sample.text = sample.text.substr(
      offset, args.size() > 1 ? static_cast<std::size_t>(args.number(1, 0)) : std::string_view::npos);
  return true;
}
std::string prepare_bytes(Args& args, CompileEnv&) {
  return args.number(0, 0) < 0 || args.number(1, 0) < 0 ? "offset and length must not be negative" : "";
}

// One piece between delimiters, from..to in the text.
struct Piece {
  std::size_t from = 0;
  std::size_t to = 0;
};

// Walks pieces forward or, with a negative step, backward. Words leave empty pieces out, fields count them.
class Pieces {
 public:
  Pieces(std::string_view text, std::string_view delimiters, bool words, bool backward) noexcept
      : text_(text),
        delimiters_(delimiters),
        words_(words),
        backward_(backward),
        at_(backward ? text.size() : 0) {}

  bool next(Piece& piece) noexcept {
    while (!done_) {
      if (backward_) {
        const std::size_t found =
            at_ == 0 ? std::string_view::npos : text_.find_last_of(delimiters_, at_ - 1);
        piece = {found == std::string_view::npos ? 0 : found + 1, at_};
        done_ = found == std::string_view::npos;
        at_ = done_ ? 0 : found;
      } else {
        const std::size_t found = std::min(text_.find_first_of(delimiters_, at_), text_.size());
        piece = {at_, found};
        done_ = found == text_.size();
        at_ = found + 1;
      }
      if (!words_ || piece.from != piece.to) return true;
    }
    return false;
  }

 private:
  std::string_view text_;
  std::string_view delimiters_;
  bool words_;
  bool backward_;
  std::size_t at_;
  bool done_ = false;
};

// field(index,delimiters[,count]) and word(...): count pieces from the index-th on; 0 means all that follow,
// a negative index counts from the end.
template <bool kWords>
bool pick(const Args& args, EvalContext&, Sample& sample) {
  const std::int64_t index = args.number(0, 0);
  const std::int64_t count = args.number(2, 1);
  const bool backward = index < 0;
  Pieces pieces(sample.text, args.text(1), kWords, backward);
  Piece piece;
  for (std::int64_t i = 0; i < (backward ? -index : index); ++i) {
    if (!pieces.next(piece)) {
      sample.text = std::string_view("");
      return true;
    }
  }
  Piece last = piece;
  for (std::int64_t i = 1; count == 0 || i < count; ++i) {
    const bool found = pieces.next(last);
    // Where there are fewer pieces than asked for, the delimiters at that end come along, as the oracle has
    // it.
    if (backward) piece.from = found ? last.from : 0;
    if (!backward) piece.to = found ? last.to : sample.text.size();
    if (!found) break;
  }
  sample.text = sample.text.substr(piece.from, piece.to - piece.from);
  return true;
}
std::string prepare_pick(Args& args, CompileEnv&) {
  if (args.number(0, 0) == 0) return "pieces are counted from 1, or from -1 backwards";
  if (args.number(2, 1) < 0) return "the count must not be negative";
  return args.text(1).empty() ? "there are no delimiters" : "";
}

// param(name[,separator])
bool param(const Args& args, EvalContext&, Sample& sample) {
  QueryReader reader(sample.text, args.text(1).empty() ? '&' : args.text(1).front());
  std::string_view name;
  std::string_view value;
  bool has_value = false;
  while (reader.next(name, value, has_value)) {
    if (name != args.text(0)) continue;
    sample.text = value.data() == nullptr ? std::string_view("") : value;
    return true;
  }
  return false;
}

// The colon before the port: the last one, unless it belongs to an address in brackets.
std::size_t port_colon(std::string_view host) noexcept {
  const std::size_t colon = host.rfind(':');
  const std::size_t bracket = host.rfind(']');
  return colon != std::string_view::npos && bracket != std::string_view::npos && colon < bracket
             ? std::string_view::npos
             : colon;
}
bool host_only(const Args&, EvalContext& ctx, Sample& sample) {
  sample.text = text::lower(sample.text.substr(0, port_colon(sample.text)), *ctx.scratch);
  return true;
}
bool port_only(const Args&, EvalContext&, Sample& sample) {
  const std::size_t colon = port_colon(sample.text);
  sample = Sample::of_int(colon == std::string_view::npos ? 0 : leading_int(sample.text.substr(colon + 1)));
  return true;
}

// A quality of Accept-Language in thousandths (RFC 9110 section 12.4.2).
int quality_of(std::string_view parameters) noexcept {
  const std::size_t at = parameters.find("q=");
  if (at == std::string_view::npos) return 1000;
  int value = 0;
  int scale = 1000;
  for (const char c : parameters.substr(at + 2)) {
    if (c == '.') continue;
    if (!text::is_digit(c) || scale == 0) break;
    value += (c - '0') * scale;
    scale /= 10;
  }
  return std::min(value, 1000);
}

bool list_has(std::string_view list, std::string_view tag) noexcept {
  while (!list.empty()) {
    const std::string_view item = list.substr(0, list.find(';'));
    if (text::equal_fold(item, tag)) return true;
    list.remove_prefix(std::min(item.size() + 1, list.size()));
  }
  return false;
}

// language(a;b;c[,default]): which of ours the client likes best.
bool language(const Args& args, EvalContext&, Sample& sample) {
  std::string_view rest = sample.text;
  std::string_view best;
  int best_quality = 0;
  while (!rest.empty()) {
    const std::string_view element = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(element.size() + 1, rest.size()));
    const std::string_view tag = text::trim(element.substr(0, element.find(';')));
    const int quality = quality_of(element);
    if (quality <= best_quality || !list_has(args.text(0), tag)) continue;
    best = tag;
    best_quality = quality;
  }
  if (best.empty()) {
    if (args.size() < 2) return false;
    best = args.text(1);
  }
  sample.text = best;
  return true;
}

constexpr ConverterSpec kConverters[] = {
    {"bytes", "i[i", SampleType::bin, SampleType::bin, bytes, prepare_bytes},
    {"field", "is[i", SampleType::str, SampleType::str, pick<false>, prepare_pick},
    {"word", "is[i", SampleType::str, SampleType::str, pick<true>, prepare_pick},
    {"param", "s[s", SampleType::str, SampleType::str, param},
    {"host_only", "", SampleType::str, SampleType::str, host_only},
    {"port_only", "", SampleType::str, SampleType::sint, port_only},
    {"language", "s[s", SampleType::str, SampleType::str, language},
};

}  // namespace

std::span<const ConverterSpec> parts() noexcept { return kConverters; }

}  // namespace evenkeel::rules::converter
