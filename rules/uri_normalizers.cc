#include "rules/uri_normalizers.h"

#include <algorithm>
#include <vector>

#include "rules/text.h"

namespace evenkeel::rules::uri {
namespace {

// Calls f(segment, last) for each piece between slashes; "/a/b" has "a" and "b".
template <class F>
void each_segment(std::string_view path, F f) {
  path.remove_prefix(1);
  while (true) {
    const std::size_t slash = path.find('/');
    f(path.substr(0, slash), slash == std::string_view::npos);
    if (slash == std::string_view::npos) return;
    path.remove_prefix(slash + 1);
  }
}

// The byte that %XX at this place stands for; -1: there is no such escape.
int escape_at(std::string_view text, std::size_t at) noexcept {
  if (at + 2 >= text.size()) return -1;
  const int high = text::hex_value(text[at + 1]);
  const int low = text::hex_value(text[at + 2]);
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

bool unreserved(char c) noexcept {
  return text::is_digit(c) || (text::lower(c) >= 'a' && text::lower(c) <= 'z') || c == '-' || c == '.' ||
         c == '_' || c == '~';
}

// Copies the text with each escape handed to f(byte, escape, out).
template <class F>
bool each_escape(std::string_view text, bool strict, std::string& out, F f) {
  out.clear();
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int byte = text[i] == '%' ? escape_at(text, i) : -1;
    if (byte >= 0) {
      f(static_cast<char>(byte), text.substr(i, 3), out);
      i += 2;
      continue;
    }
    if (text[i] == '%' && strict) return false;
    out += text[i];
  }
  return true;
}

}  // namespace

std::string fragment_encode(std::string_view uri) {
  std::string out;
  for (const char c : uri) {
    if (c == '#') {
      out += "%23";
    } else {
      out += c;
    }
  }
  return out;
}

std::string fragment_strip(std::string_view uri) { return std::string(uri.substr(0, uri.find('#'))); }

std::string merge_slashes(std::string_view path) {
  std::string out;
  for (const char c : path) {
    if (c != '/' || out.empty() || out.back() != '/') out += c;
  }
  return out;
}

std::string strip_dot(std::string_view path) {
  if (path.empty() || path.front() != '/') return std::string(path);
  std::string out;
  each_segment(path, [&](std::string_view segment, bool last) {
    if (segment != ".") {
      out.append("/").append(segment);
    } else if (last) {
      out += '/';
    }
  });
  return out;
}

std::string strip_dotdot(std::string_view path, bool full) {
  if (path.empty() || path.front() != '/') return std::string(path);
  std::vector<std::string_view> kept;
  bool ends_in_slash = false;
  each_segment(path, [&](std::string_view segment, bool last) {
    if (segment != "..") {
      kept.push_back(segment);
      return;
    }
    const bool parent = !kept.empty() && kept.back() != "..";
    if (parent) kept.pop_back();
    if (!parent && !full) kept.push_back(segment);
    ends_in_slash = last && (parent || full);
  });
  std::string out;
  for (const std::string_view segment : kept) out.append("/").append(segment);
  if (ends_in_slash || out.empty()) out += '/';
  return out;
}

bool decode_unreserved(std::string_view text, bool strict, std::string& out) {
  return each_escape(text, strict, out, [](char byte, std::string_view escape, std::string& to) {
    if (unreserved(byte)) {
      to += byte;
    } else {
      to += escape;
    }
  });
}

bool uppercase_escapes(std::string_view text, bool strict, std::string& out) {
  return each_escape(text, strict, out, [](char, std::string_view escape, std::string& to) {
    to += '%';
    to += text::upper(escape[1]);
    to += text::upper(escape[2]);
  });
}

std::string sort_query(std::string_view query) {
  std::vector<std::string_view> parameters;
  while (true) {
    const std::size_t end = query.find('&');
    parameters.push_back(query.substr(0, end));
    if (end == std::string_view::npos) break;
    query.remove_prefix(end + 1);
  }
  std::stable_sort(parameters.begin(), parameters.end(), [](std::string_view a, std::string_view b) {
    return a.substr(0, a.find('=')) < b.substr(0, b.find('='));
  });
  std::string out;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    if (i != 0) out += '&';
    out += parameters[i];
  }
  return out;
}

}  // namespace evenkeel::rules::uri
