#include "health/protocol/http_reply.h"

#include <algorithm>
#include <charconv>
#include <optional>

namespace evenkeel::health {
namespace {

using Progress = HttpReply::Progress;

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

bool same_word(std::string_view a, std::string_view lower) noexcept {
  return a.size() == lower.size() && std::equal(a.begin(), a.end(), lower.begin(), [](char x, char y) {
           return (x >= 'A' && x <= 'Z' ? static_cast<char>(x + 32) : x) == y;
         });
}

std::string_view trim(std::string_view text) noexcept {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// Takes one line off the front, without its end; nullopt while there is none.
std::optional<std::string_view> take_line(std::string_view& bytes) noexcept {
  const auto end = bytes.find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  std::string_view line = bytes.substr(0, end);
  bytes.remove_prefix(end + 1);
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  return line;
}

// "HTTP/1.0 200 OK"; a status of three digits, the reason may be missing.
bool read_status_line(std::string_view line, HttpReply& reply) noexcept {
  if (line.size() < 12 || line.substr(0, 5) != "HTTP/" || !is_digit(line[5]) || line[6] != '.' ||
      !is_digit(line[7]) || line[8] != ' ') {
    return false;
  }
  if (line[5] != '1') return false;
  if (!is_digit(line[9]) || !is_digit(line[10]) || !is_digit(line[11])) return false;
  if (line.size() > 12 && line[12] != ' ') return false;
  reply.status = (line[9] - '0') * 100 + (line[10] - '0') * 10 + (line[11] - '0');
  if (line.size() > 13) reply.reason = line.substr(13);
  return true;
}

// Could these bytes, which hold no whole line yet, still become a status line?
bool may_be_status_line(std::string_view bytes) noexcept {
  constexpr std::string_view kStart = "HTTP/1.";
  const auto common = std::min(bytes.size(), kStart.size());
  return bytes.substr(0, common) == kStart.substr(0, common);
}

struct Framing {
  bool chunked = false;
  std::optional<std::uint64_t> length;
  bool valid = true;
};

Framing framing_of(const HttpReply& reply) noexcept {
  Framing framing;
  for (const auto& [name, value] : reply.headers) {
    if (same_word(name, "transfer-encoding")) {
      framing.chunked = framing.chunked || same_word(value, "chunked");
    } else if (same_word(name, "content-length")) {
      std::uint64_t length = 0;
      const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), length);
      const bool number = error == std::errc() && end == value.data() + value.size() && !value.empty();
      if (!number || (framing.length && *framing.length != length)) framing.valid = false;
      framing.length = length;
    }
  }
  return framing;
}

// Appends what the chunks so far hold; Progress::body while the last chunk is missing.
Progress read_chunks(std::string_view rest, std::string& body) {
  for (;;) {
    const auto line = take_line(rest);
    if (!line) return Progress::body;
    std::uint64_t size = 0;
    const std::string_view digits = trim(line->substr(0, line->find(';')));
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), size, 16);
    if (error != std::errc() || end != digits.data() + digits.size()) return Progress::invalid;
    if (size == 0) return Progress::done;  // trailers say nothing to a check
    body.append(rest.substr(0, size));
    if (rest.size() <= size) return Progress::body;
    rest.remove_prefix(size);
    const auto tail = take_line(rest);
    if (!tail) return Progress::body;
    if (!tail->empty()) return Progress::invalid;
  }
}

bool read_headers(std::string_view& rest, HttpReply& reply, bool& complete) {
  complete = false;
  while (const auto line = take_line(rest)) {
    if (line->empty()) {
      complete = true;
      return true;
    }
    const auto colon = line->find(':');
    if (colon == std::string_view::npos || colon == 0) return false;
    const std::string_view name = line->substr(0, colon);
    if (name.find_first_of(" \t") != std::string_view::npos) return false;
    reply.headers.emplace_back(name, trim(line->substr(colon + 1)));
  }
  return true;
}

Progress read_body(std::string_view rest, bool eof, HttpReply& reply) {
  const bool bodiless = reply.status < 200 || reply.status == 204 || reply.status == 304;
  const Framing framing = framing_of(reply);
  if (!framing.valid) return Progress::invalid;
  if (bodiless) return Progress::done;
  if (framing.chunked) return read_chunks(rest, reply.body);
  if (framing.length) {
    reply.body.assign(rest.substr(0, *framing.length));
    return rest.size() >= *framing.length ? Progress::done : Progress::body;
  }
  reply.body.assign(rest);
  return eof ? Progress::done : Progress::body;
}

}  // namespace

HttpReply read_http_reply(std::string_view bytes, bool eof) {
  HttpReply reply;
  while (!bytes.empty() && (bytes.front() == '\r' || bytes.front() == '\n')) bytes.remove_prefix(1);
  std::string_view rest = bytes;
  const auto line = take_line(rest);
  if (!line) {
    if (eof || !may_be_status_line(bytes)) reply.progress = Progress::invalid;
    return reply;
  }
  bool complete = false;
  if (!read_status_line(*line, reply) || !read_headers(rest, reply, complete)) {
    reply.progress = Progress::invalid;
    return reply;
  }
  if (!complete) {
    if (eof) reply.progress = Progress::invalid;
    return reply;
  }
  reply.progress = read_body(rest, eof, reply);
  return reply;
}

}  // namespace evenkeel::health
