#include "app/dump.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cstdio>

namespace evenkeel::app {
namespace {

// So that the line reads as the same word again.
std::string protect(std::string_view word) {
  if (word.empty()) return "\"\"";
  std::string out;
  for (const char c : word) {
    if (c == ' ' || c == '#' || c == '\\' || c == '\'' || c == '"') {
      out += '\\';
      out += c;
    } else if (c == '\n' || c == '\r' || c == '\t') {
      out += c == '\n' ? "\\n" : c == '\r' ? "\\r" : "\\t";
    } else {
      out += c;
    }
  }
  return out;
}

// SHA-256 over key and word; 64 bits of it are enough to tell the words of a configuration apart.
std::string hashed(std::uint32_t key, std::string_view word) {
  const std::string text = std::to_string(key) + '/' + std::string(word);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha256(), nullptr);
  std::array<char, 24> out{};
  std::snprintf(out.data(), out.size(), "h%02x%02x%02x%02x%02x%02x%02x%02x", digest[0], digest[1], digest[2],
                digest[3], digest[4], digest[5], digest[6], digest[7]);
  return out.data();
}

// Numbers, durations and sizes: "80", "10s", "16k", "-1", "50%". Not addresses.
bool is_quantity(std::string_view word) {
  std::size_t at = word.starts_with('-') || word.starts_with('+') ? 1 : 0;
  const std::size_t begin = at;
  while (at < word.size() && word[at] >= '0' && word[at] <= '9') ++at;
  if (at == begin || at - begin > 9) return false;  // longer ones may be secrets
  constexpr std::array<std::string_view, 11> kUnits = {"",  "us", "ms", "s", "m", "h",
                                                       "d", "k",  "g",  "%", "b"};
  return std::find(kUnits.begin(), kUnits.end(), word.substr(at)) != kUnits.end();
}

// "hdr(host),lower" is judged piece by piece, so that what is done stays readable.
std::string anonymous(std::string_view word, std::uint32_t key,
                      const std::unordered_set<std::string>& public_words) {
  std::string out;
  while (!word.empty()) {
    const std::string_view piece = word.substr(0, word.find_first_of("(),"));
    if (is_quantity(piece) || piece.empty() || public_words.contains(std::string(piece))) {
      out += piece;
    } else {
      out += hashed(key, piece);
    }
    word.remove_prefix(piece.size());
    if (word.empty()) break;
    out += word.front();
    word.remove_prefix(1);
  }
  return out;
}

}  // namespace

std::string dump_document(const conf::Document& document, std::uint32_t key,
                          const std::unordered_set<std::string>& public_words) {
  std::string out;
  const auto line = [&](const conf::Statement& statement, bool indented) {
    if (indented) out += '\t';
    if (statement.prefix != conf::Prefix::none)
      out += statement.prefix == conf::Prefix::no ? "no " : "default ";
    for (std::size_t i = 0; i < statement.words.size(); ++i) {
      const std::string& word = statement.words[i].text;
      if (i > 0) out += ' ';
      out += key == 0 || word.empty() ? protect(word) : anonymous(word, key, public_words);
    }
    out += '\n';
  };
  for (const conf::Section& section : document.sections) {
    if (!out.empty()) out += '\n';
    line(section.header, false);
    for (const conf::Statement& statement : section.lines) line(statement, true);
  }
  return out;
}

}  // namespace evenkeel::app
