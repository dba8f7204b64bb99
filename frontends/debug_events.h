// `-d`: what comes and goes, on standard output, in HAProxy's form
//
//     00000002:web.clireq[000d:ffffffff]: GET / HTTP/1.1
//
// with a number for each request (or connection, in mode tcp), the proxy, what happens, and both sides'
// descriptors. For a person who looks on: every line is one write, and nothing of it is fast. Off, each place
// costs one test.
#pragma once

#include <string_view>

namespace evenkeel::http {
struct RequestHead;
struct ResponseHead;
}  // namespace evenkeel::http

namespace evenkeel::frontends {

struct ClientConnection;

namespace debug_events {

inline bool enabled = false;  // set before the workers start, read by all

// A session begins; head: null in mode tcp. As it has come, before any rule.
void begins(const ClientConnection& client, const http::RequestHead* head);
// The server's answer, before any rule.
void answered(const ClientConnection& client, std::string_view backend, int server_fd,
              const http::ResponseHead& head);
// After it nothing more is said of this session. proxy: its backend, where it came to one.
void ends(const ClientConnection& client, std::string_view proxy, bool had_server);

}  // namespace debug_events
}  // namespace evenkeel::frontends
