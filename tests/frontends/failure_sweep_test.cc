// Fails the n-th I/O of the proxy, for every n, on every path that a session can take, in every way that an
// I/O can fail. Whatever fails: the client gets its answer, an error of ours or a connection that visibly
// broke, never half an answer that looks whole; and everything that was taken is given back.
#include <zlib.h>

#include "tests/frontends/failure_sweep_rig.h"

namespace evenkeel::frontends::sweep {
namespace {

struct Answer {
  int status = 0;
  std::string body;
  bool complete = false;
  bool until_close = false;
};

// One session of a client, and what it must come to when nothing fails.
struct Path {
  std::string name;
  backends::Mode mode = backends::Mode::http;
  std::vector<std::string> requests;  // one after the other on one connection
  std::string expected;               // the body of each answer, or all bytes in mode tcp
  Tune tune;
  bool dead_first = false;  // a server that refuses stands before the origin
  bool occupied = false;    // the only slot of the server is taken until the session waits for it
  bool tunnel = false;
  bool compressed = false;  // the answer comes as gzip
};

const std::string kSmall = pattern(5'000);
const std::string kBig = pattern(600'000);
const std::string kUpload = pattern(40'000);

// ---- the origin ----

std::atomic<bool> forged_upload{false};  // an upload looked whole and was not

std::string chunked(std::string_view body) {
  std::string text;
  for (std::size_t at = 0; at < body.size(); at += 4'000) {
    char size[16];
    const std::string_view part = body.substr(at, 4'000);
    (void)std::snprintf(size, sizeof size, "%zx\r\n", part.size());
    text += size + std::string(part) + "\r\n";
  }
  return text + "0\r\n\r\n";
}

bool serve_one(int fd, Reader& in) {
  const std::string head = in.until("\r\n\r\n");
  if (head.empty()) return false;
  const auto is = [&head](std::string_view start) { return head.starts_with(start); };
  if (is("POST ")) {
    if (!field(head, "expect").empty()) send_text(fd, "HTTP/1.1 100 Continue\r\n\r\n");
    std::string body;
    const std::string length = field(head, "content-length");
    const bool whole = length.empty() ? in.chunks(body) : in.exactly(std::stoul(length), body);
    if (!whole) return false;
    if (body != kUpload) forged_upload = true;
    send_text(fd, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    return true;
  }
  if (is("GET /hints")) {
    send_text(fd, "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n");
    send_text(fd, "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(kSmall.size()) + "\r\n\r\n");
    send_text(fd, kSmall);
  } else if (is("GET /length")) {
    send_text(fd,
              "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(kSmall.size()) + "\r\n\r\n" + kSmall);
  } else if (is("GET /big")) {
    send_text(fd, "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(kBig.size()) + "\r\n\r\n" + kBig);
  } else if (is("GET /chunked")) {
    send_text(fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked(kSmall));
  } else if (is("GET /close")) {
    send_text(fd, "HTTP/1.1 200 OK\r\n\r\n" + kBig);
    return false;
  } else if (is("GET /tunnel")) {
    send_text(fd, "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n");
    do {
      send_text(fd, in.take(in.text.size()));
    } while (in.more());
    return false;
  }
  return true;
}

void serve_http_origin(int fd) {
  Reader in(fd);
  while (serve_one(fd, in)) {
  }
}

// A line says what is wanted: "big", or everything back. A PROXY header may come first.
void serve_tcp_origin(int fd) {
  Reader in(fd);
  std::string line = in.until("\n");
  if (line.starts_with("PROXY ")) line = in.until("\n");
  if (line == "big\n") {
    send_text(fd, kBig);
    return;
  }
  do {
    send_text(fd, in.take(in.text.size()));
  } while (in.more());
}

// ---- the client ----

Answer receive_answer(Reader& in) {
  Answer answer;
  std::string head;
  do {  // interim answers are not the answer
    head = in.until("\r\n\r\n");
    if (head.size() < 12) return answer;
    answer.status = std::stoi(head.substr(9, 3));
  } while (answer.status == 100 || answer.status == 103);
  const std::string length = field(head, "content-length");
  if (answer.status == 101) {
    answer.complete = true;
  } else if (!length.empty()) {
    answer.complete = in.exactly(std::stoul(length), answer.body);
  } else if (field(head, "transfer-encoding") == "chunked") {
    answer.complete = in.chunks(answer.body);
  } else {
    answer.until_close = true;
    while (in.more()) {
    }
    answer.body = in.take(in.text.size());
    answer.complete = !in.broken;
  }
  return answer;
}

// What is inside a whole gzip stream; something else when it is none.
std::string gunzip(std::string_view data) {
  std::string out(kSmall.size() + 1, '\0');
  z_stream stream{};
  if (inflateInit2(&stream, 15 + 16) != Z_OK) return "no zlib";
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(data.data()));
  stream.avail_in = static_cast<uInt>(data.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const int outcome = inflate(&stream, Z_FINISH);
  const bool whole = outcome == Z_STREAM_END && stream.avail_in == 0;
  out.resize(out.size() - stream.avail_out);
  inflateEnd(&stream);
  return whole ? out : "no gzip: " + std::to_string(data.size()) + " bytes";
}

class Sweep {
 public:
  Sweep(const Path& path, Mode mode)
      : path_(path),
        mode_(mode),
        origin_(path.mode == backends::Mode::http ? serve_http_origin : serve_tcp_origin),
        proxy_(path.dead_first ? std::vector<std::uint16_t>{1, origin_.port()}
                               : std::vector<std::uint16_t>{origin_.port()},
               path.mode, [&](FrontendDef& fe, backends::BackendDef& be) { tune(fe, be); }) {}

  void run() {
    constexpr int kEndless = 2'000;
    for (int n = 0; n < kEndless; ++n) {
      if (!run_once(n) || testing::Test::HasFailure()) return;
    }
    FAIL() << "the sweep has no end";
  }

 private:
  void tune(FrontendDef& fe, backends::BackendDef& be) const {
    const Millis patience = mode_ == Mode::stall ? 40 : 5'000;
    fe.timeouts.client = fe.timeouts.http_request = fe.timeouts.http_keep_alive = patience;
    be.timeouts.server = be.timeouts.queue = patience;
    be.timeouts.connect = mode_ == Mode::stall ? 40 : 50;
    if (path_.tune) path_.tune(fe, be);
  }

  // False: nothing was left to fail.
  bool run_once(int n) {
    Injector injector;
    injector.arm(mode_, n);
    proxy_.on_worker([&](WorkerContext&) { fault::hook = &injector; });
    if (path_.occupied) proxy_.on_worker([&](WorkerContext&) { EXPECT_TRUE(server().try_take()); });
    const int fd = proxy_.connect();
    Reader in(fd);
    if (path_.mode == backends::Mode::http) {
      talk_http(fd, in, injector);
    } else {
      talk_tcp(fd, in, injector);
    }
    ::close(fd);
    std::string left;
    const bool clean =
        proxy_.eventually([&](WorkerContext& c) { return (left = proxy_.leftovers(c)).empty(); });
    proxy_.on_worker([&](WorkerContext&) { fault::hook = nullptr; });
    const std::string where = path_.name + ", " + std::string(name_of(mode_)) + " of operation " +
                              std::to_string(n) + " (" + injector.what() + ")";
    EXPECT_TRUE(clean) << where << " left " << left;
    EXPECT_FALSE(in.hung) << where << " hangs";
    EXPECT_FALSE(forged_upload.exchange(false)) << where << " forged an upload";
    EXPECT_EQ(complaint_, "") << where;
    if (clean) origin_.settle();
    return !injector.what().empty();
  }

  [[nodiscard]] backends::Server& server() const { return *proxy_.app().servers()[0]; }

  // The session waits for the slot, or is over: let the slot go.
  void let_in() {
    if (!path_.occupied) return;
    EXPECT_TRUE(proxy_.eventually([&](WorkerContext&) {
      return proxy_.app().queued.load() == 1 || proxy_.engine->current_connections.load() == 0;
    }));
    proxy_.on_worker([&](WorkerContext&) { server().release_slot(); });
  }

  // Short transfers, and whatever the proxy can work around, are no failures for anybody.
  [[nodiscard]] bool harmless(const Injector& injector) const {
    if (mode_ == Mode::stall) return false;  // its timeouts are too short to promise anything
    const std::string what = injector.what();
    return mode_ == Mode::shorten || what.empty() || what == "pipe" || what == "accept";
  }

  void talk_http(int fd, Reader& in, const Injector& injector) {
    bool all = true;
    bool first = true;
    for (const std::string& request : path_.requests) {
      send_text(fd, request);
      if (std::exchange(first, false)) let_in();
      const Answer answer = receive_answer(in);
      judge(answer, injector);
      all = all && answer.complete && (answer.status == 200 || answer.status == 101);
      if (!answer.complete || answer.until_close) break;
      if (answer.status == 101) all = talk_tunnel(fd, in) && all;
    }
    if (harmless(injector) && !all) complaint_ += "the request should have been answered ";
  }

  void judge(const Answer& answer, const Injector& injector) {
    if (!answer.complete) return;
    constexpr int kOurs[] = {400, 408, 500, 502, 503, 504};
    if (answer.status == 200) {
      // Only a peer that lies about the end of its answer can shorten an answer that ends with the
      // connection.
      const bool lied_to = answer.until_close && mode_ == Mode::eof &&
                           (injector.what() == "read" || injector.what() == "splice_read");
      const std::string body = path_.compressed ? gunzip(answer.body) : answer.body;
      if (!lied_to && body != path_.expected) {
        complaint_ += "an answer of " + std::to_string(answer.body.size()) + " bytes looks complete ";
      }
    } else if (answer.status != 101 &&
               std::find(std::begin(kOurs), std::end(kOurs), answer.status) == std::end(kOurs)) {
      complaint_ += "status " + std::to_string(answer.status) + " ";
    }
  }

  static bool talk_tunnel(int fd, Reader& in) {
    send_text(fd, "ping");
    std::string back;
    const bool echoed = in.exactly(4, back) && back == "ping";
    ::shutdown(fd, SHUT_WR);
    while (in.more()) {
    }
    return echoed && in.text.empty();
  }

  void talk_tcp(int fd, Reader& in, const Injector& injector) {
    send_text(fd, path_.requests[0]);
    ::shutdown(fd, SHUT_WR);
    let_in();
    while (in.more()) {
    }
    if (harmless(injector) && in.text != path_.expected) {
      complaint_ += "only " + std::to_string(in.text.size()) + " bytes came ";
    }
    if (!std::string_view(path_.expected).starts_with(in.text)) complaint_ += "the bytes are others ";
  }

  const Path& path_;
  Mode mode_;
  Origin origin_;
  Proxy proxy_;
  std::string complaint_;
};

// ---- the paths ----

std::string get(std::string_view target, bool last = true) {
  return "GET " + std::string(target) + " HTTP/1.1\r\nHost: a\r\n" + (last ? "Connection: close\r\n" : "") +
         "\r\n";
}

std::string post(std::string_view framing, std::string_view body) {
  return "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n" + std::string(framing) + "\r\n\r\n" +
         std::string(body);
}

std::vector<Path> http_paths() {
  const auto http = [](std::string name, std::vector<std::string> requests, std::string expected,
                       Tune tune = {}) {
    return Path{std::move(name), backends::Mode::http, std::move(requests), std::move(expected),
                std::move(tune)};
  };
  std::vector<Path> paths;
  paths.push_back(http("keep_alive", {get("/length", false), get("/length", false), get("/length")}, kSmall));
  paths.push_back(http("upload", {post("Content-Length: 40000", kUpload)}, "ok"));
  paths.push_back(http("chunked_upload", {post("Transfer-Encoding: chunked", chunked(kUpload))}, "ok"));
  paths.push_back(
      http("expected_upload", {post("Expect: 100-continue\r\nContent-Length: 40000", kUpload)}, "ok"));
  paths.push_back(http("early_hints", {get("/hints", false), get("/hints")}, kSmall));
  paths.push_back(http("buffered_upload", {post("Content-Length: 40000", kUpload)}, "ok",
                       [](FrontendDef& fe, backends::BackendDef&) { fe.buffer_request = true; }));
  const auto gzip = [](FrontendDef& fe, backends::BackendDef&) {
    backends::CompressionDef def;
    def.response.algorithms = {http::Algorithm::gzip};
    fe.compression = std::make_shared<const backends::CompressionDef>(def);
  };
  for (const char* target : {"/length", "/chunked"}) {
    const std::string request = "GET " + std::string(target) + " HTTP/1.1\r\nHost: a\r\n";
    paths.push_back(http("compressed_" + std::string(target + 1),
                         {request + "Accept-Encoding: gzip\r\n\r\n",
                          request + "Accept-Encoding: gzip\r\nConnection: close\r\n\r\n"},
                         kSmall, gzip));
    paths.back().compressed = true;
  }
  paths.push_back(http("chunked_download", {get("/chunked")}, kSmall));
  paths.push_back(http("until_close", {get("/close")}, kBig));
  paths.push_back(http("old_client", {"GET /chunked HTTP/1.0\r\n\r\n"}, kSmall));
  paths.push_back(http("spliced_body", {get("/big")}, kBig));
  paths.push_back(http("accept_proxy", {"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n" + get("/length")}, kSmall,
                       [](FrontendDef& fe, backends::BackendDef&) { fe.binds[0].accept_proxy = true; }));
  paths.push_back(http("retries", {get("/length")}, kSmall, [](FrontendDef&, backends::BackendDef& be) {
    be.retry_on.empty_response = be.retry_on.response_timeout = be.retry_on.junk_response = true;
    be.redispatch = true;
  }));
  paths.back().dead_first = true;
  paths.push_back(http("queue", {get("/length")}, kSmall,
                       [](FrontendDef&, backends::BackendDef& be) { be.servers[0].maxconn = 1; }));
  paths.back().occupied = true;
  paths.push_back(http(
      "tunnel", {"GET /tunnel HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n"}, ""));
  return paths;
}

std::vector<Path> tcp_paths() {
  const auto tcp = [](std::string name, std::string sent, std::string expected, Tune tune = {}) {
    return Path{
        std::move(name), backends::Mode::tcp, {std::move(sent)}, std::move(expected), std::move(tune)};
  };
  std::vector<Path> paths;
  paths.push_back(tcp("tcp_echo", "echo\n" + kSmall, kSmall));
  paths.push_back(tcp("tcp_spliced", "big\n", kBig));
  paths.push_back(tcp("tcp_proxy_headers", "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\necho\n" + kSmall, kSmall,
                      [](FrontendDef& fe, backends::BackendDef& be) {
                        fe.binds[0].accept_proxy = true;
                        be.servers[0].send_proxy.version = backends::SendProxyDef::Version::v1;
                      }));
  paths.push_back(tcp("tcp_queue", "echo\n" + kSmall, kSmall,
                      [](FrontendDef&, backends::BackendDef& be) { be.servers[0].maxconn = 1; }));
  paths.back().occupied = true;
  paths.push_back(tcp("tcp_redispatch", "echo\n" + kSmall, kSmall));
  paths.back().dead_first = true;
  return paths;
}

std::vector<std::pair<Path, Mode>> all_cases() {
  std::vector<std::pair<Path, Mode>> cases;
  std::vector<Path> paths = http_paths();
  for (Path& path : tcp_paths()) paths.push_back(std::move(path));
  for (const Path& path : paths) {
    for (const Mode mode : {Mode::reset, Mode::eof, Mode::stall, Mode::shorten})
      cases.emplace_back(path, mode);
  }
  return cases;
}

class FailureSweep : public testing::TestWithParam<std::pair<Path, Mode>> {};

TEST_P(FailureSweep, GivesEverythingBack) {
  const int before = open_descriptors();
  {
    Sweep sweep(GetParam().first, GetParam().second);
    sweep.run();
  }
  EXPECT_EQ(open_descriptors(), before);
}

INSTANTIATE_TEST_SUITE_P(EveryPath, FailureSweep, testing::ValuesIn(all_cases()), [](const auto& info) {
  return info.param.first.name + "_" + std::string(name_of(info.param.second));
});

// A process that ends does not leave sessions behind, wherever they are in their lives.
TEST(EngineStop, EndsSessionsInEveryPhase) {
  const int before = open_descriptors();
  std::vector<int> clients;
  {
    Origin origin(serve_http_origin);
    Origin echo(serve_tcp_origin);
    const auto slow = [](FrontendDef& fe, backends::BackendDef& be) {
      fe.timeouts.client = fe.timeouts.http_request = 60'000;
      be.timeouts.connect = be.timeouts.queue = be.timeouts.server = 60'000;
    };
    const auto open = [&](Proxy& proxy, std::string_view text) {
      clients.push_back(proxy.connect());
      send_text(clients.back(), text);
    };
    const auto sessions = [](Proxy& proxy, std::uint32_t count) {
      return proxy.eventually(
          [&](WorkerContext&) { return proxy.engine->current_connections.load() == count; });
    };
    Proxy http({origin.port()}, backends::Mode::http, [&](FrontendDef& fe, backends::BackendDef& be) {
      slow(fe, be);
      be.servers[0].maxconn = 2;
    });
    open(http, "");                                                              // nothing said yet
    open(http, "GET / HT");                                                      // half a request
    open(http, "GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n");                      // an answer that never comes
    open(http, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9999\r\n\r\nab");  // half a body
    EXPECT_TRUE(http.eventually([&](WorkerContext&) { return http.app().servers()[0]->served.load() == 2; }));
    open(http, get("/length"));  // in the queue
    EXPECT_TRUE(http.eventually([&](WorkerContext&) { return http.app().queued.load() == 1; }));
    EXPECT_TRUE(sessions(http, 5));
    Proxy tcp({echo.port()}, backends::Mode::tcp, slow);
    open(tcp, "echo\nhello");
    Reader hello(clients.back());
    std::string back;
    EXPECT_TRUE(hello.exactly(5, back));
    Proxy header({echo.port()}, backends::Mode::http, [&](FrontendDef& fe, backends::BackendDef& be) {
      slow(fe, be);
      fe.binds[0].accept_proxy = true;
    });
    open(header, "PROXY ");
    EXPECT_TRUE(sessions(header, 1));
    Proxy dead({1}, backends::Mode::http, slow);
    open(dead, get("/"));  // between two attempts to connect
    EXPECT_TRUE(sessions(dead, 1));
    for (Proxy* proxy : {&http, &tcp, &header, &dead}) proxy->engine->stop();
    for (const int fd : clients) {
      Reader rest(fd);
      while (rest.more()) {
      }
      EXPECT_FALSE(rest.hung);
      ::close(fd);
    }
  }
  EXPECT_EQ(open_descriptors(), before);
}

// A place that an acceptor gives back without having used it wakes those who met it taken.
TEST(EngineAdmission, NoAcceptorSleepsBesideAFreePlace) {
  Origin origin(serve_http_origin);
  auto config = std::make_shared<Config>();
  auto be = std::make_shared<backends::BackendDef>();
  be->name = "app";
  be->mode = backends::Mode::http;
  backends::ServerDef server;
  server.name = "s1";
  server.id = 1;
  server.address = Address::loopback_v4(origin.port());
  be->servers.push_back(server);
  auto fe = std::make_shared<FrontendDef>();
  fe->name = "web";
  fe->mode = backends::Mode::http;
  fe->default_backend = "app";
  fe->maxconn = 1;
  BindDef bind;
  bind.address = Address::loopback_v4(0);
  fe->binds.push_back(bind);
  config->frontends.push_back(fe);
  config->backends.push_back(be);
  config->global.no_reuse_port = true;
  Engine engine(config, 4);
  std::vector<std::string> errors;
  ASSERT_TRUE(engine.open_listeners(errors));
  const Address to = Address::local_of(engine.frontends()[0]->listeners[0]->sockets[0]);
  std::thread runner([&] { engine.run(); });
  for (int i = 0; i < 200; ++i) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ASSERT_EQ(::connect(fd, to.data(), to.size()), 0);
    send_text(fd, get("/length"));
    Reader in(fd);
    const Answer answer = receive_answer(in);
    ::close(fd);
    ASSERT_TRUE(answer.complete) << "connection " << i;
  }
  engine.stop();
  runner.join();
}

}  // namespace
}  // namespace evenkeel::frontends::sweep
