#include "conf/diagnostics.h"

#include <algorithm>

namespace evenkeel::conf {
namespace {

constexpr std::size_t kShownLine = 160;

std::string_view prefix_of(Severity severity) noexcept {
  switch (severity) {
    case Severity::error:
      return "[ALERT]    (";
    case Severity::warning:
      return "[WARNING]  (";
    case Severity::notice:
      return "[NOTICE]   (";
    case Severity::diag:
      return "[DIAG]     (";
  }
  return "";
}

bool shown(Severity severity, const RenderOptions& options) noexcept {
  switch (severity) {
    case Severity::error:
      return true;
    case Severity::warning:
      return options.warnings;
    case Severity::notice:
      return options.notices;
    case Severity::diag:
      return options.diag;
  }
  return true;
}

// The line and, under it, the caret. Long lines are shown as a window around the word; control characters
// become spaces or '?', so that a configuration cannot drive the terminal.
void append_source(std::string& out, const Location& where) {
  const std::string_view line = where.file->line(where.line);
  const std::size_t column = where.column > 0 ? where.column - 1 : 0;
  if (column > line.size()) return;
  std::size_t from = 0;
  if (line.size() > kShownLine && column > kShownLine / 2)
    from = std::min(column - kShownLine / 2, line.size());
  const std::string_view window = line.substr(from, kShownLine);
  out += "   | ";
  if (from > 0) out += "...";
  for (const char c : window) {
    const auto byte = static_cast<unsigned char>(c);
    out += c == '\t' ? ' ' : (byte < 0x20 || byte == 0x7f ? '?' : c);
  }
  if (from + window.size() < line.size()) out += "...";
  out += '\n';
  if (where.column == 0) return;
  out += "   | ";
  out.append(from > 0 ? 3 : 0, ' ');
  // A caret line counts characters, not bytes: UTF-8 continuation bytes take no room.
  const auto width = [&](std::size_t begin, std::size_t end) {
    return static_cast<std::size_t>(std::count_if(
        line.begin() + static_cast<std::ptrdiff_t>(begin), line.begin() + static_cast<std::ptrdiff_t>(end),
        [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
  };
  out.append(width(from, column), ' ');
  const std::size_t end = std::min(column + std::max(1U, where.length), from + window.size());
  out.append(std::max<std::size_t>(1, end > column ? width(column, end) : 1), '^');
  out += '\n';
}

// Length of the valid UTF-8 sequence at s[at], 0 when there is none.
std::size_t utf8_length(std::string_view s, std::size_t at) noexcept {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(s[i]); };
  const unsigned char lead = byte(at);
  if (lead < 0x80) return 1;
  std::size_t n = lead >= 0xf0 && lead < 0xf5   ? 4
                  : lead >= 0xe0 && lead < 0xf0 ? 3
                  : lead >= 0xc2 && lead < 0xe0 ? 2
                                                : 0;
  if (n == 0 || at + n > s.size()) return 0;
  for (std::size_t i = 1; i < n; ++i)
    if ((byte(at + i) & 0xc0) != 0x80) return 0;
  const unsigned char second = byte(at + 1);
  const bool overlong = (lead == 0xe0 && second < 0xa0) || (lead == 0xf0 && second < 0x90);
  const bool beyond = (lead == 0xed && second > 0x9f) || (lead == 0xf4 && second > 0x8f);
  return overlong || beyond ? 0 : n;
}

void append_json_string(std::string& out, std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  out += '"';
  for (std::size_t i = 0; i < text.size();) {
    const auto c = static_cast<unsigned char>(text[i]);
    const std::size_t n = utf8_length(text, i);
    if (n == 0) {
      out += "\\ufffd";
      ++i;
      continue;
    }
    if (c == '"' || c == '\\') {
      out += '\\';
      out += static_cast<char>(c);
    } else if (c < 0x20 || c == 0x7f) {
      out += "\\u00";
      out += kHex[c >> 4];
      out += kHex[c & 15];
    } else {
      out += text.substr(i, n);
    }
    i += n;
  }
  out += '"';
}

void append_field(std::string& out, std::string_view name, std::string_view value) {
  out += ",\"";
  out += name;
  out += "\":";
  append_json_string(out, value);
}

}  // namespace

std::string_view to_string(Severity severity) noexcept {
  switch (severity) {
    case Severity::error:
      return "error";
    case Severity::warning:
      return "warning";
    case Severity::notice:
      return "notice";
    case Severity::diag:
      return "diag";
  }
  return "error";
}

Diagnostic& Diagnostics::add(Severity severity, Location where, std::string message) {
  return items_.emplace_back(Diagnostic{severity, std::move(where), std::move(message), {}, {}});
}

void Diagnostics::warn_once(std::string_view headline, std::string_view item, const Location& where) {
  const auto found = collected_.find(headline);
  if (found == collected_.end()) {
    Diagnostic& first = warn(where, std::string(headline) + ": " + std::string(item));
    collected_.emplace(headline, Collected{&first, {std::string(item)}});
    return;
  }
  Collected& known = found->second;
  if (std::find(known.items.begin(), known.items.end(), item) != known.items.end()) return;
  known.items.emplace_back(item);
  known.diagnostic->message.append(", ").append(item);
}

std::size_t Diagnostics::count(Severity severity) const noexcept {
  return static_cast<std::size_t>(std::count_if(items_.begin(), items_.end(),
                                                [&](const Diagnostic& d) { return d.severity == severity; }));
}

void Diagnostics::clear() {
  items_.clear();
  collected_.clear();
}

std::string Diagnostics::render_text(const RenderOptions& options) const {
  std::string out;
  for (const Diagnostic& d : items_) {
    if (!shown(d.severity, options)) continue;
    out += prefix_of(d.severity);
    out += std::to_string(options.pid);
    out += ") : config : ";
    const bool in_line = d.where.file && d.where.line > 0;
    if (in_line) out += "parsing [" + d.where.to_string() + "] : ";
    if (d.where.file && !in_line) out += "[" + d.where.to_string() + "] : ";
    out += d.message;
    if (!d.suggestion.empty()) out += "; did you mean '" + d.suggestion + "'?";
    out += '\n';
    if (in_line && options.source) {
      out += "  --> " + d.where.to_string();
      if (d.where.column > 0) out += ":" + std::to_string(d.where.column);
      out += '\n';
      append_source(out, d.where);
    }
    if (!d.modern_form.empty()) out += "   = modern form: " + d.modern_form + "\n";
  }
  return out;
}

std::string Diagnostics::render_json() const {
  std::string out = "[";
  for (const Diagnostic& d : items_) {
    if (out.size() > 1) out += ',';
    out += "\n  {\"severity\":\"";
    out += to_string(d.severity);
    out += '"';
    append_field(out, "file", d.where.file ? std::string_view(d.where.file->name()) : std::string_view());
    out += ",\"line\":" + std::to_string(d.where.line);
    out += ",\"column\":" + std::to_string(d.where.column);
    out += ",\"length\":" + std::to_string(d.where.length);
    append_field(out, "message", d.message);
    if (!d.suggestion.empty()) append_field(out, "suggestion", d.suggestion);
    if (!d.modern_form.empty()) append_field(out, "modern_form", d.modern_form);
    out += '}';
  }
  out += items_.empty() ? "]\n" : "\n]\n";
  return out;
}

}  // namespace evenkeel::conf
