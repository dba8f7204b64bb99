#include "rules/fetch_memo.h"

#include <algorithm>

#include "http/header_block.h"
#include "rules/text.h"

namespace evenkeel::rules {
namespace {

constexpr std::string_view kOfRequestLine[] = {"path", "pathq",     "url",   "query",
                                               "urlp", "url_param", "method"};
// Reading these is cheaper than remembering them; what converters make of them is not.
constexpr std::string_view kCheap[] = {"path", "url", "method"};
constexpr std::string_view kOfHost[] = {"base", "baseq"};
constexpr std::string_view kOfHeaders[] = {"req.hdr", "req.fhdr", "hdr"};
constexpr std::string_view kOfCookies[] = {"req.cook", "cook", "cookie"};
constexpr std::string_view kPure[] = {"lower", "upper", "field",  "word",   "host_only",
                                      "ltrim", "rtrim", "regsub", "url_dec"};

template <std::size_t kSize>
bool among(const std::string_view (&names)[kSize], std::string_view name) noexcept {
  return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

}  // namespace

bool FetchMemo::fits(const http::HeaderBlock& head, const Scratch& scratch) const noexcept {
  return head_ == &head && revision_ == head.revision() && resets_ == scratch.resets();
}

void FetchMemo::start(const http::HeaderBlock& head, const Scratch& scratch) noexcept {
  head_ = &head;
  revision_ = head.revision();
  resets_ = scratch.resets();
  fields_ = 0;
  for (Entry& entry : entries_) entry.number = 0;
}

void FetchMemo::keep_but(std::string_view field, const http::HeaderBlock& head) noexcept {
  if ((fields_ & bit_of(field)) != 0) {
    head_ = nullptr;
  } else {
    revision_ = head.revision();
  }
}

std::uint64_t FetchMemo::bit_of(std::string_view name) noexcept {
  if (name.empty()) return 0;
  const auto first = static_cast<unsigned char>(text::lower(name.front()));
  const auto last = static_cast<unsigned char>(text::lower(name.back()));
  return std::uint64_t{1} << ((name.size() * 5 + first * 7U + last) % 64);
}

bool can_remember_fetch(std::string_view name) noexcept {
  return among(kOfRequestLine, name) || among(kOfHost, name) || among(kOfHeaders, name) ||
         among(kOfCookies, name);
}

bool is_cheap_fetch(std::string_view name) noexcept { return among(kCheap, name); }

bool can_remember_converter(std::string_view name) noexcept { return among(kPure, name); }

std::uint64_t fields_of_fetch(std::string_view name, std::string_view first_argument) noexcept {
  if (among(kOfHost, name)) return FetchMemo::bit_of("host");
  if (among(kOfCookies, name)) return FetchMemo::bit_of("cookie");
  if (!among(kOfHeaders, name)) return 0;
  // Without a name all fields are read.
  return first_argument.empty() ? ~std::uint64_t{0} : FetchMemo::bit_of(first_argument);
}

}  // namespace evenkeel::rules
