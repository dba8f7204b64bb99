#include "health/protocol/dns.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace evenkeel::health {
namespace {

using Kind = CustomVerdict::Kind;

constexpr std::size_t kHeader = 12;
constexpr std::size_t kLongestName = 255;
constexpr std::size_t kLongestLabel = 63;
constexpr std::uint16_t kInternet = 1;

struct TypeName {
  std::string_view word;
  std::uint16_t type;
};
constexpr std::array kTypes = {TypeName{"A", 1},       TypeName{"NS", 2},     TypeName{"CNAME", 5},
                               TypeName{"SOA", 6},     TypeName{"PTR", 12},   TypeName{"MX", 15},
                               TypeName{"TXT", 16},    TypeName{"AAAA", 28},  TypeName{"SRV", 33},
                               TypeName{"DNSKEY", 48}, TypeName{"HTTPS", 65}, TypeName{"ANY", 255}};

// RFC 1035, 4.1.1 and RFC 2136, 2.2.
constexpr std::array<std::string_view, 11> kCodes = {"NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN",
                                                     "NOTIMP",  "REFUSED", "YXDOMAIN", "YXRRSET",
                                                     "NXRRSET", "NOTAUTH", "NOTZONE"};

char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

bool same_text(std::string_view a, std::string_view b) noexcept {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

void put16(std::string& out, std::uint16_t value) {
  out += static_cast<char>(value >> 8);
  out += static_cast<char>(value & 0xff);
}

// at + 2 <= bytes.size()
std::uint16_t get16(std::string_view bytes, std::size_t at) noexcept {
  return static_cast<std::uint16_t>(static_cast<unsigned char>(bytes[at]) << 8U |
                                    static_cast<unsigned char>(bytes[at + 1]));
}

CustomVerdict malformed(const char* what) { return {Kind::fail, CheckStatus::l7_rsp, 0, what}; }

}  // namespace

std::optional<std::uint16_t> dns_type(std::string_view word) noexcept {
  for (const TypeName& known : kTypes)
    if (same_text(known.word, word)) return known.type;
  if (word.size() <= 4 || !same_text(word.substr(0, 4), "TYPE")) return std::nullopt;
  std::uint16_t number = 0;
  const auto [end, error] = std::from_chars(word.data() + 4, word.data() + word.size(), number);
  if (error != std::errc() || end != word.data() + word.size() || number == 0) return std::nullopt;
  return number;
}

std::string dns_name(std::string_view text) {
  std::string out;
  if (text == ".") return {"\0", 1};
  if (text.ends_with('.')) text.remove_suffix(1);
  for (;;) {
    const std::size_t dot = std::min(text.find('.'), text.size());
    if (dot == 0 || dot > kLongestLabel) return {};
    out += static_cast<char>(dot);
    out += text.substr(0, dot);
    if (dot == text.size()) break;
    text.remove_prefix(dot + 1);
  }
  out += '\0';
  return out.size() <= kLongestName ? out : std::string();
}

std::string dns_query(const DnsQuestion& question) {
  std::string out;
  put16(out, question.id);
  put16(out, 0x0100);  // a question, recursion desired
  put16(out, 1);
  out.append(6, '\0');
  out += dns_name(question.name);
  put16(out, question.type);
  put16(out, kInternet);
  return out;
}

CustomVerdict judge_dns_reply(std::string_view datagram, const DnsQuestion& question) {
  if (datagram.size() < kHeader) return malformed("shorter than a DNS header");
  if (get16(datagram, 0) != question.id) return malformed("answer to another question");
  const std::uint16_t flags = get16(datagram, 2);
  if ((flags & 0x8000U) == 0) return malformed("a question instead of an answer");
  if ((flags >> 11 & 0xfU) != 0) return malformed("answer to another kind of operation");
  const std::uint16_t questions = get16(datagram, 4);
  // Who refuses a question may leave it out.
  if (questions > 1) return malformed("answer to several questions");
  if (questions == 1) {
    const std::string name = dns_name(question.name);
    const std::string_view rest = datagram.substr(kHeader);
    if (rest.size() < name.size() + 4 || !same_text(rest.substr(0, name.size()), name) ||
        get16(rest, name.size()) != question.type || get16(rest, name.size() + 2) != kInternet)
      return malformed("answer to another question");
  }
  const unsigned code = flags & 0xfU;
  const std::string word = code < kCodes.size() ? std::string(kCodes[code]) : "RCODE" + std::to_string(code);
  if (code != 0) return {Kind::fail, CheckStatus::l7_sts, static_cast<int>(code), word};
  return {Kind::pass, CheckStatus::l7_ok, 0, word};
}

std::vector<CheckStep> dns_steps(const DnsQuestion& question) {
  ConnectStep connect;
  connect.use_server_defaults = true;
  connect.implicit = true;
  connect.datagram = true;
  ExpectStep answer;
  answer.kind = ExpectKind::custom;
  answer.custom = [question](std::string_view received, bool) { return judge_dns_reply(received, question); };
  return {connect, SendStep{.data = {dns_query(question), nullptr}}, answer};
}

}  // namespace evenkeel::health
