// `show stat`.
#include <algorithm>
#include <optional>

#include "control/commands/commands.h"
#include "control/lookup.h"
#include "control/proxies.h"
#include "frontends/stat_rows.h"
#include "stats/csv.h"
#include "stats/json.h"
#include "stats/typed.h"

namespace evenkeel::control {
namespace {

enum class Form : std::uint8_t { csv, typed, json };

struct Selection {
  Form form = Form::csv;
  bool with_desc = false;
  bool only_up = false;
  bool no_maintenance = false;
  long proxy = -1;  // id; -1: all
  long types = -1;  // bits: 1 frontends, 2 backends, 4 servers, 8 listeners
  long part = -1;   // id of a server or listener
  std::string error{};

  [[nodiscard]] bool wants(stats::EntityType type) const noexcept {
    return (types & (1L << static_cast<int>(type))) != 0;
  }
};

// [domain proxy] [{<iid>|<proxy>} <type> <sid>] [words]. Three words that come first are a selection whatever
// they are, as in HAProxy; unknown words behind are ignored.
Selection parse(Call& call) {
  Selection s;
  std::size_t at = 0;
  if (call.arg(0) == "domain") {
    if (call.arg(1) != "proxy") {
      s.error = "Invalid statistics domain.\n";
      return s;
    }
    at = 2;
  }
  if (!call.arg(at).empty() && !call.arg(at + 1).empty() && !call.arg(at + 2).empty()) {
    s.proxy = leading_number(call.arg(at));
    if (s.proxy == 0) {
      const auto* frontend = find_frontend(call.engine, call.arg(at));
      const auto* backend = find_backend(call.engine, call.arg(at));
      if (frontend == nullptr && backend == nullptr) {
        s.error = "No such proxy.\n";
        return s;
      }
      s.proxy = frontend != nullptr ? frontend->def().id : backend->def().id;
    }
    s.types = leading_number(call.arg(at + 1));
    s.part = leading_number(call.arg(at + 2));
    at += 3;
  }
  for (; !call.arg(at).empty(); ++at) {
    const std::string_view word = call.arg(at);
    if (word == "typed") s.form = Form::typed;
    if (word == "json") s.form = Form::json;
    if (word == "desc") s.with_desc = true;
    if (word == "up") s.only_up = true;
    if (word == "no-maint") s.no_maintenance = true;
  }
  return s;
}

class RowWriter {
 public:
  RowWriter(const Selection& selection, Output& out) : selection_(selection), out_(out) {}
  void write(const stats::Row& row) {
    if (selection_.form == Form::typed) {
      stats::append_typed_row(out_.text, row, selection_.with_desc);
    } else if (selection_.form == Form::json) {
      if (!first_) out_.text += ',';
      stats::append_json_row(out_.text, row);
    } else {
      stats::append_csv_row(out_.text, row);
    }
    first_ = false;
  }

 private:
  const Selection& selection_;
  Output& out_;
  bool first_ = true;
};

bool hidden(const Selection& s, const backends::Server& server) {
  if (s.part != -1 && static_cast<long>(server.id) != s.part) return true;
  return (s.only_up && !server.can_serve()) || (s.no_maintenance && server.in_maintenance());
}

// When servers may be hidden, the backend's status tells how many of them all are up: "UP (3/6)".
void tell_hidden(stats::Row& row, const backends::Backend& backend) {
  const std::vector<backends::Server*> servers = backend.servers();
  const auto up = std::count_if(servers.begin(), servers.end(),
                                [](const backends::Server* server) { return server->can_serve(); });
  row.status =
      row.status.value_or("") + " (" + std::to_string(up) + "/" + std::to_string(servers.size()) + ")";
}

}  // namespace

Task<void> show_stat(Call& call, Output& out) {
  const Selection s = parse(call);
  if (!s.error.empty()) {
    out.refuse(s.error);
    co_return;
  }
  const bool legends = call.session.socket_level != Level::user;
  RowWriter writer(s, out);
  if (s.form == Form::csv) stats::append_csv_header(out.text);
  if (s.form == Form::json) out.text += '[';
  for (const Proxy& proxy : proxies_in_order(call.engine)) {
    if (s.proxy > 0 && static_cast<long>(proxy.id) != s.proxy) continue;
    if (proxy.frontend != nullptr && s.wants(stats::EntityType::frontend)) {
      writer.write(frontends::row_of(call.engine, *proxy.frontend));
    }
    if (proxy.frontend != nullptr && proxy.frontend->def().socket_stats &&
        s.wants(stats::EntityType::listener)) {
      for (const auto& listener : proxy.frontend->listeners) {
        if (s.part != -1 && static_cast<long>(listener->id) != s.part) continue;
        writer.write(frontends::row_of(call.engine, *listener, legends));
      }
    }
    if (proxy.backend == nullptr) continue;
    if (s.wants(stats::EntityType::server)) {
      for (backends::Server* server : proxy.backend->servers()) {
        if (hidden(s, *server)) continue;
        writer.write(frontends::row_of(call.engine, *server, legends));
        if (out.full() && !co_await out.flush()) co_return;
      }
    }
    if (s.wants(stats::EntityType::backend)) {
      stats::Row row = frontends::row_of(call.engine, *proxy.backend, legends);
      if (s.only_up || s.no_maintenance) tell_hidden(row, *proxy.backend);
      writer.write(row);
    }
    if (out.full() && !co_await out.flush()) co_return;
  }
  if (s.form == Form::json) out.text += "]\n";
}

}  // namespace evenkeel::control
