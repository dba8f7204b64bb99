#include "app/test_cases.h"

#include <algorithm>
#include <charconv>

#include "core/regex.h"

namespace evenkeel::app {
namespace {

std::string_view trimmed(std::string_view text) noexcept {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r'))
    text.remove_suffix(1);
  return text;
}

// One "key: value"; its children are the lines below that stand further in.
struct Node {
  unsigned line = 0;
  std::size_t indent = 0;
  bool item = false;  // "- " stood in front
  std::string key;
  std::string value;
};

// Without the comment that ends the line; quotes keep their '#'.
std::string_view without_comment(std::string_view line) noexcept {
  char quote = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (quote != 0) {
      if (c == '\\' && quote == '"') ++i;
      if (c == quote) quote = 0;
    } else if ((c == '"' || c == '\'') && (i == 0 || line[i - 1] == ' ')) {
      quote = c;
    } else if (c == '#' && (i == 0 || line[i - 1] == ' ' || line[i - 1] == '\t')) {
      return line.substr(0, i);
    }
  }
  return line;
}

// "a\tb" with its escapes, 'a' as it stands, anything else as it stands.
std::string unquoted(std::string_view text) {
  if (text.size() < 2 || text.front() != text.back() || (text.front() != '"' && text.front() != '\''))
    return std::string(text);
  const std::string_view inside = text.substr(1, text.size() - 2);
  if (text.front() == '\'') return std::string(inside);
  std::string out;
  for (std::size_t i = 0; i < inside.size(); ++i) {
    char c = inside[i];
    if (c == '\\' && i + 1 < inside.size()) {
      c = inside[++i];
      if (c == 'n') c = '\n';
      if (c == 'r') c = '\r';
      if (c == 't') c = '\t';
    }
    out += c;
  }
  return out;
}

// Where the key ends: the first colon outside of quotes that a blank or the end follows.
std::size_t end_of_key(std::string_view text) noexcept {
  for (std::size_t i = 0; i < text.size(); ++i)
    if (text[i] == ':' && (i + 1 == text.size() || text[i + 1] == ' ' || text[i + 1] == '\t')) return i;
  return std::string_view::npos;
}

std::optional<int> number(std::string_view text) noexcept {
  int value = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), value);
  if (end.ec != std::errc() || end.ptr != text.data() + text.size()) return std::nullopt;
  return value;
}

class CaseReader {
 public:
  explicit CaseReader(std::string_view text) { split(text); }

  CaseFile run() {
    while (at_ < nodes_.size()) {
      if (!nodes_[at_].item) {
        fail(nodes_[at_], "a case begins with '- name: ...'");
        ++at_;
        continue;
      }
      read_case();
    }
    if (file_.cases.empty() && file_.errors.empty()) file_.errors.emplace_back("there are no cases");
    return std::move(file_);
  }

 private:
  void fail(const Node& node, const std::string& why) { fail(node.line, why); }
  void fail(unsigned line, const std::string& why) {
    file_.errors.push_back("line " + std::to_string(line) + ": " + why);
  }

  void split(std::string_view text) {
    unsigned number = 0;
    while (!text.empty()) {
      const std::size_t end = text.find('\n');
      add(text.substr(0, end), ++number);
      text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
  }

  void add(std::string_view line, unsigned number) {
    line = without_comment(line);
    if (trimmed(line).empty() || trimmed(line) == "---") return;
    Node node;
    node.line = number;
    if (line.find('\t') < line.find_first_not_of(" \t"))
      return fail(number, "indent with blanks, not with tabs");
    node.indent = line.find_first_not_of(' ');
    std::string_view rest = trimmed(line);
    if (rest.starts_with("- ")) {
      node.item = true;
      const std::size_t key = rest.find_first_not_of(' ', 1);
      node.indent += key;
      rest.remove_prefix(key);
    }
    const std::size_t colon = end_of_key(rest);
    if (colon == std::string_view::npos) return fail(number, "a line has the form 'key: value'");
    node.key = trimmed(rest.substr(0, colon));
    node.value = unquoted(trimmed(rest.substr(colon + 1)));
    nodes_.push_back(std::move(node));
  }

  // The nodes below the one at `parent`: at_ moves behind them.
  template <class Take>
  void children(const Node& parent, Take take) {
    std::size_t indent = 0;
    while (at_ < nodes_.size() && !nodes_[at_].item && nodes_[at_].indent > parent.indent) {
      const Node& node = nodes_[at_++];
      if (indent == 0) indent = node.indent;
      if (node.indent != indent) fail(node, "this line stands deeper or less deep than the one before");
      take(node);
    }
  }

  void read_case() {
    TestCase& made = file_.cases.emplace_back();
    const std::size_t indent = nodes_[at_].indent;
    made.line = nodes_[at_].line;
    bool first = true;
    while (at_ < nodes_.size() && (first || (!nodes_[at_].item && nodes_[at_].indent >= indent))) {
      first = false;
      const Node& node = nodes_[at_++];
      if (node.indent != indent) {
        fail(node, "this line stands deeper or less deep than the one before");
        continue;
      }
      take_key(made, node);
    }
    if (made.name.empty())
      made.name = made.request.line.empty() ? "line " + std::to_string(made.line) : made.request.line;
  }

  void take_key(TestCase& made, const Node& node) {
    TrialRequest& request = made.request;
    if (node.key == "name") {
      made.name = node.value;
    } else if (node.key == "frontend") {
      request.frontend = node.value;
    } else if (node.key == "request") {
      request.line = node.value;
    } else if (node.key == "headers") {
      children(node, [&](const Node& child) { request.headers.emplace_back(child.key, child.value); });
    } else if (node.key == "body") {
      request.body = node.value;
    } else if (node.key == "client" || node.key == "local") {
      const auto address = parse_endpoint(node.value, node.key == "client" ? 50000 : 80);
      if (!address) fail(node, "'" + node.value + "' is no IP address");
      (node.key == "client" ? request.client : request.local) = address.value_or(Address());
    } else if (node.key == "response") {
      read_status(node, request.status);
    } else if (node.key == "response headers") {
      children(node,
               [&](const Node& child) { request.response_headers.emplace_back(child.key, child.value); });
    } else if (node.key == "expect") {
      children(node, [&](const Node& child) { take_expectation(made.expect, child); });
    } else {
      fail(node, "unknown key '" + node.key +
                     "'; there are name, frontend, request, headers, body, client, local, response, response "
                     "headers "
                     "and expect");
    }
  }

  void read_status(const Node& node, int& status) {
    const auto value = number(node.value);
    if (value && *value >= 100 && *value <= 999) {
      status = *value;
    } else {
      fail(node, "'" + node.value + "' is no status");
    }
  }

  void take_expectation(Expectation& expect, const Node& node) {
    if (node.key == "backend") {
      expect.backend = node.value;
    } else if (node.key == "server") {
      expect.server = node.value;
    } else if (node.key == "outcome") {
      expect.outcome = node.value;
    } else if (node.key == "status") {
      read_status(node, expect.status.emplace());
    } else if (node.key == "method") {
      expect.method = node.value;
    } else if (node.key == "target") {
      expect.target = node.value;
    } else if (node.key == "body") {
      expect.body = node.value;
    } else if (node.key == "request headers" || node.key == "response headers") {
      auto& list = node.key == "request headers" ? expect.request_headers : expect.response_headers;
      children(node, [&](const Node& child) { take_header(list, child); });
    } else {
      fail(node,
           "unknown expectation '" + node.key +
               "'; there are backend, server, outcome, status, method, target, body, request headers and "
               "response headers");
    }
  }

  void take_header(std::vector<HeaderExpectation>& list, const Node& node) {
    HeaderExpectation header{node.key, node.value, HeaderExpectation::Kind::value};
    if (node.value == "(none)") header.kind = HeaderExpectation::Kind::none;
    if (node.value.starts_with("~ ")) {
      header.kind = HeaderExpectation::Kind::regex;
      header.text = node.value.substr(2);
      const auto regex = Regex::compile(header.text, false);
      if (!regex) fail(node, regex.error());
    }
    list.push_back(std::move(header));
  }

  std::vector<Node> nodes_;
  std::size_t at_ = 0;
  CaseFile file_;
};

void compare(std::string_view what, const std::optional<std::string>& expected, const std::string& got,
             std::vector<std::string>& out) {
  if (expected && *expected != got)
    out.push_back(std::string(what) + ": expected '" + *expected + "', got " +
                  (got.empty() ? "none" : "'" + got + "'"));
}

void compare_headers(std::string_view side, const std::vector<HeaderExpectation>& expected,
                     const HeaderList& got, std::vector<std::string>& out) {
  for (const HeaderExpectation& header : expected) {
    const std::string* const value = find_header(got, header.name);
    bool good = false;
    std::string wanted;
    switch (header.kind) {
      case HeaderExpectation::Kind::none:
        good = value == nullptr;
        wanted = "none";
        break;
      case HeaderExpectation::Kind::value:
        good = value != nullptr && *value == header.text;
        wanted = "'" + header.text + "'";
        break;
      case HeaderExpectation::Kind::regex: {
        const auto regex = Regex::compile(header.text, false);
        good = value != nullptr && regex && regex->match(*value);
        wanted = "a match of '" + header.text + "'";
      }
    }
    if (!good)
      out.push_back(std::string(side) + " header " + header.name + ": expected " + wanted + ", got " +
                    (value == nullptr ? "none" : "'" + *value + "'"));
  }
}

void compare_server(const std::string& expected, const TrialResult& result, std::vector<std::string>& out) {
  std::string got;
  for (const std::string& name : result.servers) got += (got.empty() ? "" : ", ") + name;
  const bool good = expected == "any" ? !result.servers.empty() : expected == got;
  if (good) return;
  if (result.servers.size() > 1)
    got += " (" + result.server_reason + " tells which; 'any' stands for one of them)";
  out.push_back("server: expected '" + expected + "', got " + (got.empty() ? "none" : got));
}

}  // namespace

CaseFile parse_cases(std::string_view text) { return CaseReader(text).run(); }

std::vector<std::string> disappointments(const Expectation& expected, const TrialResult& result) {
  if (!result.error.empty()) return {result.error};
  std::vector<std::string> out;
  compare("backend", expected.backend, result.backend, out);
  if (expected.server) compare_server(*expected.server, result, out);
  compare("outcome", expected.outcome, result.outcome, out);
  if (expected.status && *expected.status != result.status)
    out.push_back("status: expected " + std::to_string(*expected.status) + ", got " +
                  (result.status == 0 ? "none" : std::to_string(result.status)));
  compare("method", expected.method, result.method, out);
  compare("target", expected.target, result.target, out);
  compare("body", expected.body, result.body, out);
  compare_headers("request", expected.request_headers, result.request_headers, out);
  compare_headers("response", expected.response_headers, result.response_headers, out);
  return out;
}

std::optional<Address> parse_endpoint(std::string_view text, std::uint16_t port) {
  if (const auto address = Address::from_ip(text, port)) return address;
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto given = number(text.substr(colon + 1));
  std::string_view ip = text.substr(0, colon);
  if (ip.size() > 2 && ip.front() == '[' && ip.back() == ']') ip = ip.substr(1, ip.size() - 2);
  if (!given || *given < 0 || *given > 65535) return std::nullopt;
  return Address::from_ip(ip, static_cast<std::uint16_t>(*given));
}

}  // namespace evenkeel::app
