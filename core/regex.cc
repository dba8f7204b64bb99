#define PCRE2_CODE_UNIT_WIDTH 8
#include "core/regex.h"

#include <pcre2.h>

#include <algorithm>

namespace evenkeel {
namespace {

// PCRE2's own default (10 million) lets one subject hold a worker for seconds.
constexpr std::uint32_t kMatchLimit = 250'000;
// Groups that a replacement can name: \0 to \9, with room for samples that use a few more.
constexpr std::uint32_t kMaxGroups = 32;

// What a match needs besides the pattern. One per thread, because patterns are shared between threads and
// matching must not allocate.
class Scratch {
 public:
  Scratch() noexcept
      : data_(pcre2_match_data_create(kMaxGroups, nullptr)), context_(pcre2_match_context_create(nullptr)) {
    if (context_ != nullptr) pcre2_set_match_limit(context_, kMatchLimit);
  }
  ~Scratch() {
    pcre2_match_data_free(data_);
    pcre2_match_context_free(context_);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  // Number of groups set, or negative.
  int run(const pcre2_code* code, std::string_view subject) noexcept {
    if (data_ == nullptr) return PCRE2_ERROR_NOMEMORY;
    // PCRE2 takes no null pointer before 10.43, even with length 0.
    const auto* bytes = reinterpret_cast<PCRE2_SPTR>(subject.data() == nullptr ? "" : subject.data());
    const int rc = pcre2_match(code, bytes, subject.size(), 0, 0, data_, context_);
    return rc == 0 ? static_cast<int>(kMaxGroups) : rc;
  }
  [[nodiscard]] const PCRE2_SIZE* offsets() const noexcept { return pcre2_get_ovector_pointer(data_); }

 private:
  pcre2_match_data* data_;
  pcre2_match_context* context_;
};

Scratch& scratch() noexcept {
  thread_local Scratch mine;
  return mine;
}

}  // namespace

Result<Regex, std::string> Regex::compile(std::string_view pattern, bool icase) {
  int error = 0;
  PCRE2_SIZE at = 0;
  pcre2_code* code =
      pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data() == nullptr ? "" : pattern.data()),
                    pattern.size(), icase ? PCRE2_CASELESS : 0, &error, &at, nullptr);
  if (code == nullptr) {
    PCRE2_UCHAR text[160] = {};
    pcre2_get_error_message(error, text, sizeof text);
    return std::string(reinterpret_cast<const char*>(text)) + " at offset " + std::to_string(at);
  }
  // Without JIT (forbidden by a hardened kernel, say) the interpreter does the same, slower.
  pcre2_jit_compile(code, PCRE2_JIT_COMPLETE);
  return Regex(std::shared_ptr<const void>(code, [](pcre2_code* p) { pcre2_code_free(p); }),
               std::string(pattern));
}

bool Regex::match(std::string_view subject) const noexcept {
  return code_ != nullptr && scratch().run(static_cast<const pcre2_code*>(code_.get()), subject) > 0;
}

std::size_t Regex::match(std::string_view subject, std::span<std::string_view> groups) const noexcept {
  if (code_ == nullptr || groups.empty()) return 0;
  Scratch& mine = scratch();
  const int found = mine.run(static_cast<const pcre2_code*>(code_.get()), subject);
  if (found <= 0) return 0;
  const std::size_t count = std::min(groups.size(), static_cast<std::size_t>(found));
  const PCRE2_SIZE* offsets = mine.offsets();
  for (std::size_t i = 0; i < groups.size(); ++i) {
    const PCRE2_SIZE begin = i < count ? offsets[2 * i] : PCRE2_UNSET;
    const PCRE2_SIZE end = i < count ? offsets[2 * i + 1] : PCRE2_UNSET;
    // \K inside a lookahead can put the end before the beginning.
    groups[i] = begin == PCRE2_UNSET || end < begin ? std::string_view() : subject.substr(begin, end - begin);
  }
  return count;
}

}  // namespace evenkeel
