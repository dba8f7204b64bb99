#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <optional>
#include <set>

#include "lvs/import.h"
#include "lvs/import_section.h"
#include "lvs/keepalived_grammar.h"

namespace evenkeel::lvs {
namespace {

using Node = KeepalivedNode;

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
    if (word == "include" || word == "includea" || word == "includer" || word == "includew")
      return note(node, "'" + std::string(node.word(1)) +
                            "' is not read along; import it, too, or put the files together first");
    if (word.starts_with('@'))
      return note(node,
                  "lines for one host ('@...') are read for none; import what is meant for this machine");
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
    if (protocol == "sctp") return note(node, "SCTP services have no counterpart; this one is left out");
    section.service.scheduler = "wlc";
    const auto number_of = static_cast<std::uint8_t>(protocol == "udp" ? IPPROTO_UDP : IPPROTO_TCP);
    if (!addresses(node, section, number_of)) return;
    checks_.clear();
    check_lines_.clear();
    for (const Node& line : node.children) service_line(line, section);
    const ServiceKey& key = section.keys.front();
    if (key.fwmark == 0 && key.port == 0 && (section.service.flags & kPersistent) == 0)
      return note(node,
                  "the kernel takes a service of all ports only with persistence; this one is left out "
                  "('persistence_timeout' would make it one)");
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
      other_line(line, word, section);
    }
  }

  void other_line(const Node& line, const std::string& word, const ImportedSection& section) {
    static const std::set<std::string, std::less<>> kElsewhere = {
        "protocol",           "delay_loop",      "real_server", "sorry_server",
        "inhibit_on_failure", "connect_timeout", "retry",       "delay_before_retry",
        "virtualhost",        "alpha",           "nb_get_retry"};
    if (kElsewhere.contains(word)) return;
    if (word == "quorum")
      return note(line,
                  "'quorum' has no counterpart in a section, which serves while one server does; to let the "
                  "address go with the quorum: 'vrrp track-file <path> weight <n> quorum " +
                      section_name(section) + ":" + std::string(line.word(1).empty() ? "1" : line.word(1)) +
                      "' (it counts servers, not their weights)");
    if (word == "quorum_up" || word == "quorum_down")
      return note(line, "'" + word +
                            "' has no counterpart: no program is called; the log says when the last server "
                            "goes and the first comes back");
    if (word == "hysteresis")
      return note(line, "'hysteresis' has no counterpart; 'rise' and 'fall' of the servers dampen changes");
    if (word == "sorry_server_inhibit" || word == "sorry_server_lvs_method")
      return note(line,
                  "'" + word +
                      "' has no counterpart: a 'backup' server has weight 0 while it is not needed, and "
                      "is reached like the others");
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
    if (section.keys.front().fwmark == 0 && where->family != section.keys.front().family)
      return note(line, "the server's address is of another family than the service's; it is left out");
    ImportedServer server;
    server.endpoint = *where;
    if (section.keys.front().fwmark != 0) section.keys.front().family = where->family;
    if (section.forward != Forward::masq && section.keys.front().fwmark == 0 &&
        where->port != section.keys.front().port && where->port != 0)
      note(line, "the port differs from the service's, which only NAT can do; the service's is taken");
    for (const Node& word : line.children) server_line(word, service, section, server);
    if (line.child("inhibit_on_failure") == nullptr && service.child("inhibit_on_failure") == nullptr)
      ++removes_;
    section.servers.push_back(std::move(server));
  }

  void server_line(const Node& line, const Node& service, const ImportedSection& section,
                   ImportedServer& server) {
    const std::string_view word = line.word(0);
    if (word == "weight") {
      server.definition.weight = number(line.word(1)).value_or(1);
      if (server.definition.weight > 256) note(line, "weights end at 256 here");
    } else if (word == "uthreshold") {
      server.definition.upper = number(line.word(1)).value_or(0);
    } else if (word == "lthreshold") {
      server.definition.lower = number(line.word(1)).value_or(0);
    } else if (word == "TCP_CHECK") {
      check(line, service, section, server, "");
    } else if (word == "HTTP_GET") {
      check(line, service, section, server, http_check(line, service));
    } else if (word == "SSL_GET") {
      tls_check(line, service, section, server);
    } else if (word == "SMTP_CHECK") {
      const std::string_view name = line.value("helo_name");
      check(line, service, section, server,
            "option smtpchk HELO " + std::string(name.empty() ? "localhost" : name));
    } else if (word == "MISC_CHECK") {
      external_check(line, service, section, server);
    } else if (word == "notify_up" || word == "notify_down") {
      note(line, "'" + std::string(word) +
                     "' has no counterpart: no program is called when a server changes; the log "
                     "says it");
    } else if (word == "UDP_CHECK") {
      check(line, service, section, server, udp_check(line));
    } else if (word == "DNS_CHECK") {
      check(line, service, section, server, dns_check(line));
    } else if (word.ends_with("_CHECK")) {
      note(line, "'" + std::string(word) + "' has no counterpart: the server is not checked by it");
    } else if (word == "lvs_method" || word == "lb_kind") {
      note(line, "a section forwards to all its servers in one way; '" + std::string(word) +
                     "' of one server is left "
                     "out");
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

  // The virtual address as a check's target means the director itself, unless the kernel leads it elsewhere.
  void connect_to(const Node& line, std::string_view ip, const ImportedSection& section,
                  std::string& options) {
    const auto where = endpoint(ip, "");
    const bool virtual_address =
        std::any_of(section.keys.begin(), section.keys.end(), [&](const ServiceKey& key) {
          return key.fwmark == 0 && where && where->family == key.family && where->ip == key.ip;
        });
    if (!virtual_address || section.forward == Forward::masq) {
      options += " addr " + std::string(ip);
      return;
    }
    note(line,
         "'connect_ip' is the virtual address: 'check-via vip' has all servers of the section checked there");
    if (std::find(check_lines_.begin(), check_lines_.end(), "check-via vip") == check_lines_.end())
      check_lines_.insert(check_lines_.begin(), "check-via vip");
  }

  void check(const Node& line, const Node& service, const ImportedSection& section, ImportedServer& server,
             const std::string& lines) {
    if (server.options.find(" check") != std::string::npos)
      return note(line, "a server has one check, its first; '" + std::string(line.word(0)) + "' is left out");
    use(line, lines);
    const std::uint32_t timeout = setting(line, service, {"connect_timeout", "misc_timeout"}).value_or(5);
    const std::string wait = "timeout check " + std::to_string(timeout) + "s";
    if (std::find(check_lines_.begin(), check_lines_.end(), wait) == check_lines_.end())
      check_lines_.push_back(wait);
    std::string& options = server.options;
    options += " check";
    options += " inter " + std::to_string(setting(line, service, {"delay_loop"}).value_or(60)) + "s";
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
    // Of datagrams, the section does not guess that something speaks TCP at the same port.
    const bool datagrams = std::any_of(check_lines_.begin(), check_lines_.end(), [](const std::string& one) {
      return one.starts_with("option udp-check") || one.starts_with("option dns-check");
    });
    if (lower(service.value("protocol")) == "udp" && !datagrams &&
        options.find(" port ") == std::string::npos)
      options += " port " + std::to_string(server.endpoint.port);
    if (const std::string_view ip = line.value("connect_ip"); !ip.empty())
      connect_to(line, ip, section, options);
    static const std::set<std::string_view> kRead = {"connect_timeout",
                                                     "misc_timeout",
                                                     "retry",
                                                     "nb_get_retry",
                                                     "delay_before_retry",
                                                     "delay_loop",
                                                     "connect_port",
                                                     "connect_ip",
                                                     "url",
                                                     "virtualhost",
                                                     "helo_name",
                                                     "misc_path",
                                                     "misc_dynamic",
                                                     "alpha",
                                                     "payload",
                                                     "require_reply",
                                                     "min_reply_length",
                                                     "max_reply_length",
                                                     "type",
                                                     "name"};
    for (const Node& node : line.children)
      if (!kRead.contains(node.word(0))) note(node, "'" + std::string(node.word(0)) + "' has no counterpart");
  }

  // What the check would be with TLS stands in the section as comments, because it is lost otherwise.
  void tls_check(const Node& line, const Node& service, const ImportedSection& section,
                 ImportedServer& server) {
    note(line,
         "'SSL_GET' has no full counterpart: checks do not speak HTTP over TLS; the server is asked whether "
         "it "
         "speaks TLS at all, and what was asked for stands in the section as a comment");
    std::string lines = "option ssl-hello-chk\n# SSL_GET:";
    for (const std::string& one : split(http_check(line, service))) lines += "\n#   " + one;
    check(line, service, section, server, lines);
  }

  // One exchange for each page, on a connection of its own.
  std::string http_check(const Node& line, const Node& service) {
    std::vector<const Node*> urls;
    for (const Node& node : line.children)
      if (node.word(0) == "url") urls.push_back(&node);
    std::string lines = "option httpchk";
    if (urls.empty()) return lines + page(line, service, Node{});
    for (const Node* const url : urls) {
      if (urls.size() > 1) lines += "\nhttp-check connect";
      lines += page(line, service, *url);
    }
    return lines;
  }

  std::string page(const Node& line, const Node& service, const Node& url) {
    const std::string_view path = url.value("path");
    std::string lines = "\nhttp-check send meth GET uri " + (path.empty() ? "/" : quoted(path));
    std::string_view host = url.value("virtualhost");
    if (host.empty()) host = line.value("virtualhost");
    if (host.empty()) host = service.value("virtualhost");
    if (!host.empty()) lines += " hdr Host " + quoted(host);
    // keepalived's own default; ours would be content with a redirection.
    if (url.child("status_code") == nullptr) lines += "\nhttp-check expect status 200-299";
    for (const Node& node : url.children) {
      const std::string_view word = node.word(0);
      if (word == "status_code") {
        lines += "\nhttp-check expect status " + statuses(node);
      } else if (word == "regex") {
        const bool no_match = url.child("regex_no_match") != nullptr;
        lines +=
            std::string("\nhttp-check expect ") + (no_match ? "! " : "") + "rstring " + quoted(node.word(1));
      } else if (word != "path" && word != "virtualhost" && word != "regex_no_match") {
        note(node, "'" + std::string(word) + "' has no counterpart" +
                       (word == "digest" ? "; 'http-check expect string' looks for a text in the page" : ""));
      }
    }
    return lines;
  }

  // keepalived writes payloads as hexadecimal digits, in pairs that blanks may part, or as a quoted string.
  static std::string bytes_of(const Node* node, std::string_view as_text, std::string_view as_digits) {
    std::string digits;
    for (std::size_t i = 1; i < node->words.size(); ++i) digits += node->words[i];
    const bool hex = digits.size() % 2 == 0 && !digits.empty() &&
                     digits.find_first_not_of("0123456789abcdefABCDEF") == std::string::npos;
    if (hex) return std::string(as_digits) + " " + digits;
    return std::string(as_text) + " " + quoted(node->word(1));
  }

  std::string udp_check(const Node& line) {
    std::string lines = "option udp-check";
    if (const Node* const payload = line.child("payload"); payload != nullptr && !payload->word(1).empty())
      lines += bytes_of(payload, " send", " send-binary");
    const Node* const reply = line.child("require_reply");
    if (reply == nullptr) return lines;
    lines += " require-reply";
    if (!reply->word(1).empty()) lines += bytes_of(reply, " expect string", " expect binary");
    if (const auto least = number(line.value("min_reply_length")))
      lines += " min-reply " + std::to_string(*least);
    if (const auto most = number(line.value("max_reply_length")))
      lines += " max-reply " + std::to_string(*most);
    return lines;
  }

  static std::string dns_check(const Node& line) {
    std::string lines = "option dns-check";
    if (const std::string_view type = line.value("type"); !type.empty())
      lines += " type " + std::string(type);
    if (const std::string_view name = line.value("name"); !name.empty()) lines += " name " + quoted(name);
    return lines;
  }

  static std::string quoted(std::string_view text) {
    if (text.find_first_of(" \t#\"'\\$") == std::string_view::npos) return std::string(text);
    std::string result = "'";
    for (const char c : text) result += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return result + "'";
  }

  static std::string statuses(const Node& node) {
    std::string list;
    for (std::size_t i = 1; i < node.words.size(); ++i) list += (i == 1 ? "" : ",") + node.words[i];
    return list;
  }

  void external_check(const Node& line, const Node& service, const ImportedSection& section,
                      ImportedServer& server) {
    const std::string path(line.value("misc_path"));
    if (path.empty()) return note(line, "a MISC_CHECK without 'misc_path' checks nothing");
    if (path.find(' ') != std::string::npos)
      note(line, "arguments of a check program have no counterpart; it is told the addresses instead");
    if (global_.empty()) global_ = {"external-check"};
    if (line.child("misc_dynamic") != nullptr)
      note(line, "'misc_dynamic' has no counterpart; an agent can set weights");
    check(line, service, section, server,
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

Imported import_keepalived(std::string_view text) { return Importer().run(parse_keepalived(text)); }

}  // namespace evenkeel::lvs
