#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <optional>
#include <set>

#include "lvs/import.h"
#include "lvs/import_section.h"

namespace evenkeel::lvs {
namespace {

// keepalived's grammar: a line of words, and a block of such lines behind it where it ends in '{'.
struct Node {
  unsigned line = 0;
  std::vector<std::string> words;
  std::vector<Node> children;

  [[nodiscard]] std::string_view word(std::size_t n) const {
    return n < words.size() ? std::string_view(words[n]) : std::string_view();
  }
  [[nodiscard]] const Node* child(std::string_view name) const {
    for (const Node& node : children)
      if (node.word(0) == name) return &node;
    return nullptr;
  }
  [[nodiscard]] std::string_view value(std::string_view name) const {
    const Node* const node = child(name);
    return node == nullptr ? std::string_view() : node->word(1);
  }
};

class Grammar {
 public:
  explicit Grammar(std::string_view text) : text_(text) {}

  // Blocks that are nested deeper than any of keepalived's are read as if they ended.
  std::vector<Node> block(unsigned depth = 0) {
    constexpr unsigned kDeepest = 32;
    std::vector<Node> nodes;
    if (depth > kDeepest) return nodes;
    while (at_ < text_.size()) {
      Node node;
      bool opened = false;
      bool closed = false;
      line_of_words(node, opened, closed);
      if (!node.words.empty()) {
        if (opened) node.children = block(depth + 1);
        nodes.push_back(std::move(node));
      } else if (opened && !nodes.empty()) {
        nodes.back().children = block(depth + 1);  // the brace stands alone on its line
      }
      if (closed) break;
    }
    return nodes;
  }

 private:
  void line_of_words(Node& node, bool& opened, bool& closed) {
    node.line = line_;
    while (at_ < text_.size() && !opened && !closed) {
      const char c = text_[at_];
      if (c == '\n') {
        ++at_;
        ++line_;
        return;
      }
      if (c == '#' || c == '!') {
        at_ = std::min(text_.find('\n', at_), text_.size());
      } else if (c == '{' || c == '}') {
        ++at_;
        (c == '{' ? opened : closed) = true;
      } else if (c == ' ' || c == '\t' || c == '\r') {
        ++at_;
      } else {
        node.words.push_back(word());
      }
    }
  }

  std::string word() {
    if (text_[at_] == '"') {
      const std::size_t end = std::min(text_.find('"', at_ + 1), text_.size());
      std::string quoted(text_.substr(at_ + 1, end - at_ - 1));
      line_ += static_cast<unsigned>(std::count(quoted.begin(), quoted.end(), '\n'));
      at_ = std::min(end + 1, text_.size());
      return quoted;
    }
    const std::size_t end = std::min(text_.find_first_of(" \t\r\n{}", at_), text_.size());
    std::string plain(text_.substr(at_, end - at_));
    at_ = end;
    return plain;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  unsigned line_ = 1;
};

std::optional<std::uint32_t> number(std::string_view text) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

std::optional<Endpoint> endpoint(std::string_view ip, std::string_view port) {
  const auto value = port.empty() ? std::optional<std::uint32_t>(0) : number(port);
  const bool six = ip.find(':') != std::string_view::npos;
  if (!value || *value > 65535) return std::nullopt;
  return parse_endpoint(six ? "[" + std::string(ip) + "]" : std::string(ip),
                        static_cast<std::uint16_t>(*value));
}

std::string lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return result;
}

class Importer {
 public:
  Imported run(const std::vector<Node>& file) {
    for (const Node& node : file)
      if (node.word(0) == "virtual_server_group") groups_.emplace(node.word(1), &node);
    for (const Node& node : file) top(node);
    result_.usable = !sections_.empty();
    result_.config = config_head("keepalived.conf, its virtual_server blocks", global_);
    for (const std::string& section : sections_) result_.config += section;
    return std::move(result_);
  }

 private:
  void note(const Node& node, const std::string& text) {
    const std::string line = "line " + std::to_string(node.line) + ": " + text;
    if (std::find(result_.notes.begin(), result_.notes.end(), line) == result_.notes.end())
      result_.notes.push_back(line);
  }

  void top(const Node& node) {
    const std::string_view word = node.word(0);
    if (word == "virtual_server") return virtual_server(node);
    if (word == "virtual_server_group") return;
    if (word.starts_with("vrrp_") || word == "global_defs" || word == "track_file" ||
        word.starts_with("static_"))
      return note(node,
                  "'" + std::string(word) + "' is VRRP's or the process's and stays in keepalived.conf");
    note(node, "'" + std::string(word) + "' has no counterpart");
  }

  // ---- the addresses

  bool addresses(const Node& node, ImportedSection& section, std::uint8_t protocol) {
    if (node.word(1) == "group") {
      const auto group = groups_.find(node.word(2));
      if (group == groups_.end()) return note(node, "there is no such virtual_server_group"), false;
      for (const Node& line : group->second->children) address(line, 0, section, protocol);
    } else {
      address(node, 1, section, protocol);
    }
    return !section.keys.empty();
  }

  void address(const Node& node, std::size_t from, ImportedSection& section, std::uint8_t protocol) {
    if (node.word(from) == "fwmark") {
      const auto mark = number(node.word(from + 1));
      if (!mark || *mark == 0) return note(node, "the mark is no number");
      if (!section.keys.empty())
        return note(node, "a section has addresses or one mark; this mark is left out");
      section.keys.push_back(mark_key(*mark, AF_INET));
      return;
    }
    const auto where = endpoint(node.word(from), node.word(from + 1));
    if (!where) return note(node, "'" + std::string(node.word(from)) + "' is no single numeric address");
    if (!section.keys.empty() && section.keys.front().fwmark != 0)
      return note(node, "a section has addresses or one mark; this address is left out");
    section.keys.push_back(service_key(protocol, *where));
  }

  // ---- the service

  void virtual_server(const Node& node) {
    ImportedSection section;
    section.comment = "keepalived.conf, line " + std::to_string(node.line);
    const std::string protocol = lower(node.value("protocol"));
    if (protocol == "sctp") return note(node, "SCTP services have no counterpart");
    section.service.scheduler = "wlc";
    const auto number_of = static_cast<std::uint8_t>(protocol == "udp" ? IPPROTO_UDP : IPPROTO_TCP);
    if (!addresses(node, section, number_of)) return;
    checks_.clear();
    check_lines_.clear();
    for (const Node& line : node.children) service_line(line, section);
    removes_ = 0;
    for (const Node& line : node.children)
      if (line.word(0) == "real_server") real_server(line, node, section);
    finish_failures(node, section);
    for (const Node& line : node.children)
      if (line.word(0) == "sorry_server") sorry_server(line, section);
    section.lines.insert(section.lines.end(), check_lines_.begin(), check_lines_.end());
    sections_.push_back(section_text(section));
  }

  void service_line(const Node& line, ImportedSection& section) {
    const std::string word = lower(line.word(0));
    Service& service = section.service;
    if (word == "lb_algo" || word == "lvs_sched") {
      service.scheduler = lower(line.word(1));
      if (!is_scheduler(service.scheduler)) {
        note(line, "there is no scheduler '" + service.scheduler + "'; wlc takes its place");
        service.scheduler = "wlc";
      }
    } else if (word == "lb_kind" || word == "lvs_method") {
      const std::string kind = lower(line.word(1));
      section.forward = kind == "dr" ? Forward::direct : kind == "tun" ? Forward::tunnel : Forward::masq;
      if (line.words.size() > 2)
        note(line, "options of the tunnel have to be added to the 'lvs' line ('encap')");
    } else if (word == "persistence_timeout") {
      service.flags |= kPersistent;
      service.timeout = number(line.word(1)).value_or(kDefaultPersistence);
    } else if (word == "persistence_granularity") {
      granularity(line, section);
    } else if (word == "ops") {
      service.flags |= kOnePacket;
    } else if (const std::uint32_t flag = scheduler_flag(word); flag != 0) {
      service.flags |= flag;
    } else {
      other_line(line, word);
    }
  }

  void other_line(const Node& line, const std::string& word) {
    static const std::set<std::string, std::less<>> kElsewhere = {
        "protocol",           "delay_loop",      "real_server", "sorry_server",
        "inhibit_on_failure", "connect_timeout", "retry",       "delay_before_retry",
        "virtualhost",        "alpha",           "nb_get_retry"};
    if (kElsewhere.contains(word)) return;
    if (word == "quorum" || word == "hysteresis" || word == "quorum_up" || word == "quorum_down")
      return note(line, "'" + word + "' has no counterpart: a section serves while one server does");
    note(line, "'" + word + "' has no counterpart");
  }

  void granularity(const Node& line, ImportedSection& section) {
    if (const auto bits = number(line.word(1))) {
      section.service.netmask = *bits;
    } else if (const auto mask = parse_endpoint(line.word(1)); mask && mask->family == AF_INET) {
      section.service.netmask = static_cast<std::uint32_t>(mask->ip[0]) << 24U |
                                static_cast<std::uint32_t>(mask->ip[1]) << 16U |
                                static_cast<std::uint32_t>(mask->ip[2]) << 8U | mask->ip[3];
    } else {
      note(line, "the netmask is not understood");
    }
  }

  void sorry_server(const Node& line, ImportedSection& section) {
    const auto where = endpoint(line.word(1), line.word(2));
    if (!where) return note(line, "'" + std::string(line.word(1)) + "' is no numeric address");
    section.servers.push_back({*where, {}, " backup"});
  }

  // ---- servers and their checks

  void real_server(const Node& line, const Node& service, ImportedSection& section) {
    const auto where = endpoint(line.word(1), line.word(2));
    if (!where) return note(line, "'" + std::string(line.word(1)) + "' is no numeric address");
    ImportedServer server;
    server.endpoint = *where;
    if (section.keys.front().fwmark != 0) section.keys.front().family = where->family;
    if (section.forward != Forward::masq && section.keys.front().fwmark == 0 &&
        where->port != section.keys.front().port && where->port != 0)
      note(line, "the port differs from the service's, which only NAT can do; the service's is taken");
    for (const Node& word : line.children) server_line(word, service, server);
    if (line.child("inhibit_on_failure") == nullptr && service.child("inhibit_on_failure") == nullptr)
      ++removes_;
    section.servers.push_back(std::move(server));
  }

  void server_line(const Node& line, const Node& service, ImportedServer& server) {
    const std::string_view word = line.word(0);
    if (word == "weight") {
      server.definition.weight = number(line.word(1)).value_or(1);
      if (server.definition.weight > 256) note(line, "weights end at 256 here");
    } else if (word == "uthreshold") {
      server.definition.upper = number(line.word(1)).value_or(0);
    } else if (word == "lthreshold") {
      server.definition.lower = number(line.word(1)).value_or(0);
    } else if (word == "TCP_CHECK") {
      check(line, service, server, "");
    } else if (word == "HTTP_GET" || word == "SSL_GET") {
      if (word == "SSL_GET") note(line, "checks over TLS have no counterpart yet; a TCP connection is tried");
      check(line, service, server, word == "HTTP_GET" ? http_check(line, service) : "");
    } else if (word == "SMTP_CHECK") {
      const std::string_view name = line.value("helo_name");
      check(line, service, server, "option smtpchk HELO " + std::string(name.empty() ? "localhost" : name));
    } else if (word == "MISC_CHECK") {
      external_check(line, service, server);
    } else if (word != "inhibit_on_failure") {
      note(line, "'" + std::string(word) + "' has no counterpart");
    }
  }

  // A section has one kind of check.
  void use(const Node& line, const std::string& lines) {
    if (checks_.empty()) check_lines_ = split(lines);
    checks_.insert(lines);
    if (checks_.size() > 1) note(line, "a section has one kind of check, that of its first server");
  }

  static std::vector<std::string> split(const std::string& lines) {
    std::vector<std::string> list;
    for (std::size_t at = 0; at < lines.size();) {
      const std::size_t end = std::min(lines.find('\n', at), lines.size());
      list.push_back(lines.substr(at, end - at));
      at = end + 1;
    }
    return list;
  }

  // What is said at the check counts before what is said at the service.
  static std::optional<std::uint32_t> setting(const Node& check, const Node& service,
                                              std::initializer_list<std::string_view> names) {
    for (const Node* const node : {&check, &service})
      for (const std::string_view name : names)
        if (const auto value = number(node->value(name))) return value;
    return std::nullopt;
  }

  void check(const Node& line, const Node& service, ImportedServer& server, const std::string& lines) {
    use(line, lines);
    const std::uint32_t timeout = setting(line, service, {"connect_timeout", "misc_timeout"}).value_or(5);
    const std::string wait = "timeout check " + std::to_string(timeout) + "s";
    if (std::find(check_lines_.begin(), check_lines_.end(), wait) == check_lines_.end())
      check_lines_.push_back(wait);
    std::string& options = server.options;
    options += " check";
    options += " inter " + std::to_string(number(service.value("delay_loop")).value_or(60)) + "s";
    if (const auto retries = setting(line, service, {"retry", "nb_get_retry"}))
      options += " fall " + std::to_string(*retries + 1);
    else
      options += " fall 1";
    options += " rise 1";
    if (const auto pause = setting(line, service, {"delay_before_retry"}))
      options += " fastinter " + std::to_string(std::max(1U, *pause)) + "s";
    if (const auto port = number(line.value("connect_port"))) {
      options += " port " + std::to_string(*port);
    } else if (service.word(1) == "fwmark") {
      // Behind a mark, servers have no port by which they could be checked.
      if (server.endpoint.port == 0) note(line, "the check has no port; 80 is assumed");
      options += " port " + std::to_string(server.endpoint.port == 0 ? 80 : server.endpoint.port);
    }
    if (const std::string_view ip = line.value("connect_ip"); !ip.empty())
      options += " addr " + std::string(ip);
    for (const std::string_view word : {"bindto", "bind_port", "fwmark", "warmup"})
      if (const Node* const node = line.child(word))
        note(*node, "'" + std::string(word) + "' has no counterpart");
  }

  std::string http_check(const Node& line, const Node& service) {
    const Node* url = nullptr;
    for (const Node& node : line.children) {
      if (node.word(0) != "url") continue;
      if (url != nullptr) {
        note(node, "one page is asked for, the first");
        break;
      }
      url = &node;
    }
    std::string lines = "option httpchk";
    std::string send = "http-check send meth GET uri ";
    const std::string_view path = url == nullptr ? std::string_view() : url->value("path");
    send += path.empty() ? "/" : std::string(path);
    std::string_view host = url == nullptr ? std::string_view() : url->value("virtualhost");
    if (host.empty()) host = line.value("virtualhost");
    if (host.empty()) host = service.value("virtualhost");
    if (!host.empty()) send += " hdr Host " + std::string(host);
    lines += "\n" + send;
    if (url == nullptr) return lines;
    for (const std::string_view word : {"digest", "regex", "regex_no_match"})
      if (const Node* const node = url->child(word))
        note(*node, "'" + std::string(word) + "' has no counterpart");
    if (const std::string_view status = url->value("status_code"); !status.empty())
      lines += "\nhttp-check expect status " + std::string(status);
    return lines;
  }

  void external_check(const Node& line, const Node& service, ImportedServer& server) {
    const std::string path(line.value("misc_path"));
    if (path.find(' ') != std::string::npos)
      note(line, "arguments of a check program have no counterpart; it is told the addresses instead");
    if (global_.empty()) global_ = {"external-check"};
    if (line.child("misc_dynamic") != nullptr)
      note(line, "'misc_dynamic' has no counterpart; an agent can set weights");
    check(line, service, server,
          "option external-check\nexternal-check command " + path.substr(0, path.find(' ')));
  }

  void finish_failures(const Node& node, ImportedSection& section) {
    if (removes_ == section.servers.size() && removes_ > 0) {
      section.lines.emplace_back("lvs-down remove");
    } else if (removes_ > 0) {
      note(node,
           "'inhibit_on_failure' counts for all servers of a section or for none; here it counts for all");
    }
    if (node.child("alpha") != nullptr) {
      for (ImportedServer& server : section.servers)
        if (!server.options.empty()) server.options += " init-state down";
    }
  }

  Imported result_;
  std::map<std::string, const Node*, std::less<>> groups_;
  std::vector<std::string> sections_;
  std::vector<std::string> global_;
  std::set<std::string> checks_;
  std::vector<std::string> check_lines_;
  std::size_t removes_ = 0;
};

}  // namespace

Imported import_keepalived(std::string_view text) {
  const std::vector<Node> file = Grammar(text).block();
  return Importer().run(file);
}

}  // namespace evenkeel::lvs
