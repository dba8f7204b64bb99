#include "lvs/listing.h"

#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdarg>
#include <cstdio>
#include <utility>
#include <vector>

namespace evenkeel::lvs {
namespace {

[[gnu::format(printf, 2, 3)]] void append(std::string& out, const char* format, ...) {
  std::array<char, 512> line{};
  va_list arguments;
  va_start(arguments, format);
  const int length = std::vsnprintf(line.data(), line.size(), format, arguments);
  va_end(arguments);
  out.append(line.data(), static_cast<std::size_t>(std::clamp(length, 0, 511)));
}

// Short forms for numbers that outgrow their column, from the same sizes on as ipvsadm's.
void append_large(std::string& out, std::uint64_t value) {
  const auto plain = static_cast<unsigned long long>(value);
  if (value < 100'000'000ULL) return append(out, "%9llu", plain);
  if (value < 1'000'000'000ULL) return append(out, "%8lluK", plain / 1'000ULL);
  if (value < 100'000'000'000ULL) return append(out, "%8lluM", plain / 1'000'000ULL);
  if (value < 100'000'000'000'000ULL) return append(out, "%8lluG", plain / 1'000'000'000ULL);
  append(out, "%8lluT", plain / 1'000'000'000'000ULL);
}

void append_numbers(std::string& out, const Counters& counters, View view) {
  const bool rate = view == View::rate;
  append_large(out, rate ? counters.conn_rate : counters.conns);
  append_large(out, rate ? counters.in_packet_rate : counters.in_packets);
  append_large(out, rate ? counters.out_packet_rate : counters.out_packets);
  append_large(out, rate ? counters.in_byte_rate : counters.in_bytes);
  append_large(out, rate ? counters.out_byte_rate : counters.out_bytes);
  out += '\n';
}

std::string_view headings(View view) {
  switch (view) {
    case View::services:
      return "Prot LocalAddress:Port Scheduler Flags\n"
             "  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn\n";
    case View::stats:
      return "Prot LocalAddress:Port               Conns   InPkts  OutPkts  InBytes OutBytes\n"
             "  -> RemoteAddress:Port\n";
    case View::rate:
      return "Prot LocalAddress:Port                 CPS    InPPS   OutPPS    InBPS   OutBPS\n"
             "  -> RemoteAddress:Port\n";
    case View::thresholds:
      return "Prot LocalAddress:Port            Uthreshold Lthreshold ActiveConn InActConn \n"
             "  -> RemoteAddress:Port\n";
    case View::persistent:
      return "Prot LocalAddress:Port            Weight    PersistConn ActiveConn InActConn \n"
             "  -> RemoteAddress:Port\n";
  }
  return {};
}

std::string name_of(const ServiceKey& key) {
  if (key.fwmark != 0) return "FWM  " + std::to_string(key.fwmark) + (key.family == AF_INET6 ? " IPv6" : "");
  std::string name(protocol_name(key.protocol));
  name.resize(std::max<std::size_t>(5, name.size() + 1), ' ');
  return name + to_string(endpoint_of(key));
}

std::string mask_of(const Service& service, std::uint8_t family) {
  if (family == AF_INET6) return std::to_string(service.netmask);
  const std::uint32_t m = service.netmask;
  std::string text;
  append(text, "%u.%u.%u.%u", m >> 24U, m >> 16U & 255U, m >> 8U & 255U, m & 255U);
  return text;
}

void append_service(std::string& out, const ServiceKey& key, const ServiceEntry& entry, View view) {
  const std::string name = name_of(key);
  if (view == View::stats || view == View::rate) {
    append(out, "%-33s", name.c_str());
    return append_numbers(out, entry.counters, view);
  }
  const Service& service = entry.definition;
  out += name + " " + service.scheduler;
  if (const std::string flags = scheduler_flags(service); !flags.empty()) out += " (" + flags + ")";
  if ((service.flags & kPersistent) != 0) {
    out += " persistent " + std::to_string(service.timeout);
    if (service.netmask != full_mask(key.family)) out += " mask " + mask_of(service, key.family);
    if (!service.engine.empty()) out += " pe " + service.engine;
  }
  if ((service.flags & kOnePacket) != 0) out += " ops";
  out += '\n';
}

void append_destination(std::string& out, const Endpoint& endpoint, const DestinationEntry& entry,
                        View view) {
  const std::string name = to_string(endpoint);
  const Destination& d = entry.definition;
  append(out, "  -> %-28s", name.c_str());
  switch (view) {
    case View::services:
      return append(out, " %-7s %-6u %-10u %-10u\n", std::string(to_string(d.forward)).c_str(), d.weight,
                    entry.active, entry.inactive);
    case View::thresholds:
      return append(out, " %-10u %-10u %-10u %-10u\n", d.upper, d.lower, entry.active, entry.inactive);
    case View::persistent:
      return append(out, " %-9u %-11u %-10u %-10u\n", d.weight, entry.persistent, entry.active,
                    entry.inactive);
    case View::stats:
    case View::rate:
      return append_numbers(out, entry.counters, view);
  }
}

void append_entry(std::string& out, const ServiceKey& key, const ServiceEntry& service, View view) {
  append_service(out, key, service, view);
  for (const auto& [endpoint, entry] : service.destinations) append_destination(out, endpoint, entry, view);
}

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  for (std::size_t at = 0; at < line.size();) {
    const std::size_t begin = line.find_first_not_of(' ', at);
    if (begin == std::string_view::npos) break;
    const std::size_t end = std::min(line.find(' ', begin), line.size());
    words.push_back(line.substr(begin, end - begin));
    at = end;
  }
  return words;
}

// "0A000001" or "fd00:0000:...:0001", and a hexadecimal port.
std::string connection_end(std::string_view ip, std::string_view port_text) {
  std::uint16_t port = 0;
  std::from_chars(port_text.data(), port_text.data() + port_text.size(), port, 16);
  if (ip.find(':') != std::string_view::npos) {
    const auto endpoint = parse_endpoint("[" + std::string(ip) + "]", port);
    return endpoint ? to_string(*endpoint) : std::string(ip);
  }
  std::uint32_t number = 0;
  std::from_chars(ip.data(), ip.data() + ip.size(), number, 16);
  Endpoint endpoint{AF_INET, {}, port};
  for (unsigned i = 0; i < 4; ++i) endpoint.ip[i] = static_cast<std::uint8_t>(number >> (24U - 8U * i));
  return to_string(endpoint);
}

}  // namespace

std::string list_table(const Table& table, const Info& info, View view) {
  std::string out;
  append(out, "IP Virtual Server version %u.%u.%u (size=%u)\n", info.version >> 16U & 255U,
         info.version >> 8U & 255U, info.version & 255U, info.table_size);
  out += headings(view);
  for (const auto& [key, service] : table) append_entry(out, key, service, view);
  return out;
}

std::string list_service(const ServiceKey& key, const ServiceEntry& service, View view) {
  std::string out(headings(view));
  append_entry(out, key, service, view);
  return out;
}

std::string list_timeouts(const Timeouts& timeouts) {
  std::string out;
  append(out, "Timeout (tcp tcpfin udp): %u %u %u\n", timeouts.tcp, timeouts.tcp_fin, timeouts.udp);
  return out;
}

std::string list_daemons(const std::vector<Daemon>& daemons) {
  std::string out;
  for (const Daemon& daemon : daemons) {
    append(out, "%s sync daemon (mcast=%s, syncid=%u, maxlen=%u, group=%s, port=%u, ttl=%u)\n",
           daemon.master ? "master" : "backup", daemon.interface.c_str(), daemon.sync_id, daemon.max_length,
           ip_string(daemon.group).c_str(), daemon.group.port, daemon.ttl);
  }
  return out;
}

std::string list_connections(std::string_view proc) {
  std::string out =
      "IPVS connection entries\npro expire state       source             virtual            destination\n";
  bool heading = true;
  for (std::size_t at = 0; at < proc.size();) {
    const std::size_t end = std::min(proc.find('\n', at), proc.size());
    const auto words = words_of(proc.substr(at, end - at));
    at = end + 1;
    if (std::exchange(heading, false) || words.size() < 9) continue;
    unsigned seconds = 0;
    std::from_chars(words[8].data(), words[8].data() + words[8].size(), seconds);
    std::string expires;
    append(expires, "%02u:%02u", seconds / 60, seconds % 60);
    append(out, "%-3s %-6s %-11s %-18s %-18s %s\n", std::string(words[0]).c_str(), expires.c_str(),
           std::string(words[7]).c_str(), connection_end(words[1], words[2]).c_str(),
           connection_end(words[3], words[4]).c_str(), connection_end(words[5], words[6]).c_str());
  }
  return out;
}

}  // namespace evenkeel::lvs
