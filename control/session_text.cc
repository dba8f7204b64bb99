#include "control/session_text.h"

#include <array>
#include <charconv>

#include "backends/backend.h"
#include "stats/log_date.h"

namespace evenkeel::control {
namespace {

using backends::LiveSession;
using backends::SessionFacts;

std::string hex(std::uintptr_t value) {
  std::array<char, 20> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value, 16);
  return "0x" + std::string(digits.data(), end.ptr);
}

// The two largest units, as HAProxy writes ages: "5s", "2m10s", "3d4h".
std::string span(Millis seconds) {
  const auto two = [](Millis big, const char* unit, Millis small, const char* sub) {
    return std::to_string(big) + unit + (small > 0 ? std::to_string(small) + sub : "");
  };
  if (seconds >= 86400) return two(seconds / 86400, "d", seconds % 86400 / 3600, "h");
  if (seconds >= 3600) return two(seconds / 3600, "h", seconds % 3600 / 60, "m");
  if (seconds >= 60) return two(seconds / 60, "m", seconds % 60, "s");
  return std::to_string(seconds) + "s";
}

std::string left(Millis deadline, Millis now, const char* never) {
  if (deadline >= kNever) return never;
  return span((std::max<Millis>(deadline - now, 0) + 500) / 1000);
}

const char* family(const SessionFacts& facts) {
  const Address& address = facts.client;
  if (facts.datagram) return address.family() == AF_INET ? "udpv4" : "udpv6";
  return address.family() == AF_INET ? "tcpv4" : address.family() == AF_INET6 ? "tcpv6" : "unix_stream";
}

SessionFacts facts_of(const LiveSession& session) {
  SessionFacts facts;
  session.describe(facts);
  return facts;
}

std::string mask(unsigned worker) { return hex(std::uintptr_t{1} << (worker % 64)); }

std::string source(const SessionFacts& facts) {
  return facts.client.family() == AF_UNIX ? "unix:" + std::to_string(facts.listener_id)
                                          : facts.client.to_string();
}

}  // namespace

void append_session(std::string& out, const LiveSession& session, unsigned worker, Millis now) {
  const SessionFacts facts = facts_of(session);
  const std::string client = left(facts.client_deadline, now, "");
  const std::string server = left(facts.server_deadline, now, "");
  out += hex(reinterpret_cast<std::uintptr_t>(&session));
  out.append(": proto=").append(family(facts)).append(" src=" + source(facts));
  out.append(" fe=").append(facts.frontend);
  out.append(" be=").append(facts.backend.empty() ? "<NONE>" : facts.backend);
  out.append(" srv=").append(session.server != nullptr ? session.server->name : "<none>");
  const std::string threads = mask(worker).substr(2);
  out += (threads.size() < 2 ? " ts=0" : " ts=") + threads +
         " epoch=0 age=" + span((now - session.since) / 1000);
  out += " calls=1 rate=0 cpu=0 lat=0";
  out += " rq[f=0h,i=0,an=00h,rx=" + client + ",wx=,ax=] rp[f=0h,i=0,an=00h,rx=" + server + ",wx=,ax=]";
  out += " scf=[8,0h,fd=" + std::to_string(facts.client_fd) + "]";
  out += " scb=[" + std::string(facts.server_fd >= 0 ? "8" : "0") +
         ",0h,fd=" + std::to_string(facts.server_fd) + "]";
  out += " exp=" + left(std::min(facts.client_deadline, facts.server_deadline), now, "") + "\n";
}

void append_session_in_full(std::string& out, const LiveSession& session, unsigned worker, Millis now) {
  const SessionFacts facts = facts_of(session);
  const auto mode = [&](const auto& def) {
    return def.datagram ? "udp" : def.mode == backends::Mode::http ? "http" : "tcp";
  };
  stats::LogDate dates;
  const std::string micros = std::to_string(1'000'000 + facts.began_wall_us % 1'000'000).substr(1);
  out += hex(reinterpret_cast<std::uintptr_t>(&session)) + ": [" +
         std::string(dates.local(facts.began_wall_us / 1'000'000)) + "." + micros +
         "] id=" + std::to_string(facts.number) + " proto=" + family(facts) + " source=" + source(facts) +
         "\n";
  out += "  flags=0x0, conn_retries=" + std::to_string(facts.retries) +
         ", conn_exp=<NEVER> conn_et=0x000 srv_conn=(nil), pend_pos=(nil) waiting=0 epoch=0\n";
  out.append("  frontend=").append(facts.frontend);
  out += " (id=" + std::to_string(facts.frontend_id) + " mode=" +
         (facts.datagram ? "udp"
          : facts.http   ? "http"
                         : "tcp") +
         "), listener=? (id=" + std::to_string(facts.listener_id) +
         ") addr=" + Address::local_of(facts.client_fd).to_string() + "\n";
  if (facts.backend.empty()) {
    out += "  backend=<NONE> (id=-1 mode=-)\n";
  } else {
    out.append("  backend=").append(facts.backend);
    out += " (id=" + std::to_string(facts.backend_id);
    if (session.backend != nullptr) out += std::string(" mode=") + mode(session.backend->def());
    out += ")";
    if (facts.server_fd >= 0) out += " addr=" + Address::local_of(facts.server_fd).to_string();
    out += "\n";
  }
  if (session.server == nullptr) {
    out += "  server=<NONE> (id=-1)\n";
  } else {
    out += "  server=" + session.server->name + " (id=" + std::to_string(session.server->id) +
           ") addr=" + session.server->address().to_string() + "\n";
  }
  out += "  task=(nil) (state=0x00 nice=0 calls=1 rate=0 exp=" +
         left(std::min(facts.client_deadline, facts.server_deadline), now, "<NEVER>") +
         " tmask=" + mask(worker) + " age=" + span((now - session.since) / 1000) + ")\n";
  const auto side = [&](const char* name, int fd, Millis deadline) {
    out += std::string("  ") + name + "=(nil) flags=0x00000000 state=" + (fd >= 0 ? "EST" : "INI") +
           " fd=" + std::to_string(fd) + " rex=" + left(deadline, now, "<NEVER>") + "\n";
  };
  side("scf", facts.client_fd, facts.client_deadline);
  side("scb", facts.server_fd, facts.server_deadline);
}

bool suspicious(const LiveSession& session, Millis now) {
  const SessionFacts facts = facts_of(session);
  const Millis due = std::min(facts.client_deadline, facts.server_deadline);
  return due >= kNever || due < now - 1000;
}

}  // namespace evenkeel::control
