// Nanoseconds for the HTTP/1 work of one request: parse, frame, write. Best of many rounds, on one core.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "http/chunked.h"
#include "http/framing.h"
#include "http/parser.h"
#include "http/serializer.h"

namespace {

using namespace evenkeel::http;
using SteadyClock = std::chrono::steady_clock;

constexpr const char* kBrowser =
    "GET /assets/images/logo.svg?v=20240611 HTTP/1.1\r\n"
    "Host: www.example.org\r\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:126.0) Gecko/20100101 Firefox/126.0\r\n"
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8\r\n"
    "Accept-Language: en-US,en;q=0.5\r\n"
    "Accept-Encoding: gzip, deflate, br, zstd\r\n"
    "Referer: https://www.example.org/products/overview\r\n"
    "Connection: keep-alive\r\n"
    "Cookie: session=0123456789abcdef0123456789abcdef; theme=dark; consent=yes\r\n"
    "Upgrade-Insecure-Requests: 1\r\n"
    "Sec-Fetch-Dest: document\r\n"
    "Sec-Fetch-Mode: navigate\r\n"
    "Sec-Fetch-Site: same-origin\r\n\r\n";
constexpr const char* kSmall =
    "GET /index.html HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nUser-Agent: wrk/4.1.0\r\nAccept: */*\r\n"
    "X-Request-Id: 42\r\n\r\n";
constexpr const char* kResponse =
    "HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nDate: Tue, 11 Jun 2024 10:00:00 GMT\r\nContent-Type: "
    "text/html\r\n"
    "Content-Length: 1024\r\nLast-Modified: Mon, 10 Jun 2024 10:00:00 GMT\r\nConnection: keep-alive\r\n"
    "ETag: \"6666d2a0-400\"\r\nAccept-Ranges: bytes\r\n\r\n";

// The best of 60 rounds of 20,000 calls, each on a fresh copy of the text (the copy's price is taken off).
template <class Body>
double best_ns(const char* text, Body body) {
  const std::size_t n = std::strlen(text);
  std::vector<char> buffer(n + 64);
  const auto measure = [&](auto&& call) {
    double best = 1e9;
    for (int round = 0; round < 60; ++round) {
      const auto begin = SteadyClock::now();
      for (int i = 0; i < 20'000; ++i) {
        std::memcpy(buffer.data(), text, n);
        asm volatile("" : : "r"(buffer.data()) : "memory");
        call(std::span<char>(buffer.data(), n));
      }
      const std::chrono::duration<double, std::nano> took = SteadyClock::now() - begin;
      best = std::min(best, took.count() / 20'000);
    }
    return best;
  };
  const double copy = measure([](std::span<char>) {});
  return measure(body) - copy;
}

void report(const char* what, double ns) { std::printf("%-44s %7.1f ns\n", what, ns); }

void measure_request(const char* name, const char* text) {
  RequestHead head;
  bool ok = true;
  const std::string label(name);
  report((label + " parse").c_str(), best_ns(text, [&](std::span<char> bytes) {
           head.clear();
           ok &= parse_request_head(bytes, {}, head).is_complete();
         }));
  char out[4096];
  report((label + " parse + frame + write").c_str(), best_ns(text, [&](std::span<char> bytes) {
           head.clear();
           ok &= parse_request_head(bytes, {}, head).is_complete();
           ok &= frame_request(head).error == ErrorCode::none;
           ok &= serialize_request(head, {}, out) < sizeof out;
         }));
  if (!ok) std::printf("FAILED\n");
}

}  // namespace

int main() {
  measure_request("browser request, 12 headers,", kBrowser);
  measure_request("small request, 4 headers,", kSmall);
  ResponseHead head;
  char out[4096];
  report("response, 8 headers, parse", best_ns(kResponse, [&](std::span<char> bytes) {
           head.clear();
           (void)parse_response_head(bytes, kResponseLimits, head);
         }));
  report("response, 8 headers, parse + frame + write", best_ns(kResponse, [&](std::span<char> bytes) {
           head.clear();
           (void)parse_response_head(bytes, kResponseLimits, head);
           (void)frame_response(head, {});
           asm volatile("" : : "r"(serialize_response(head, {}, out)) : "memory");
         }));
  ChunkDecoder decoder;
  const std::string body = "400\r\n" + std::string(1024, 'x') + "\r\n0\r\n\r\n";
  report("chunked body, one chunk of 1 KB", best_ns(body.c_str(), [&](std::span<char> bytes) {
           decoder.reset();
           for (;;) {
             const ChunkDecoder::Step step = decoder.next(bytes);
             bytes = bytes.subspan(step.consumed);
             if (step.kind != ChunkDecoder::Kind::data) break;
           }
         }));
  return 0;
}
