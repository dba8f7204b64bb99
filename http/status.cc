#include "http/status.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <iterator>

namespace evenkeel::http {
namespace {

struct Reason {
  int status;
  std::string_view text;
};

constexpr Reason kReasons[] = {
    {100, "Continue"},
    {101, "Switching Protocols"},
    {102, "Processing"},
    {103, "Early Hints"},
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {203, "Non-Authoritative Information"},
    {204, "No Content"},
    {205, "Reset Content"},
    {206, "Partial Content"},
    {207, "Multi-Status"},
    {210, "Content Different"},
    {226, "IM Used"},
    {300, "Multiple Choices"},
    {301, "Moved Permanently"},
    {302, "Moved Temporarily"},
    {303, "See Other"},
    {304, "Not Modified"},
    {305, "Use Proxy"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {310, "Too many Redirects"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {402, "Payment Required"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {407, "Proxy Authentication Required"},
    {408, "Request Time-out"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Request Entity Too Large"},
    {414, "Request-URI Too Long"},
    {415, "Unsupported Media Type"},
    {416, "Requested range unsatisfiable"},
    {417, "Expectation failed"},
    {418, "I'm a teapot"},
    {421, "Misdirected Request"},
    {422, "Unprocessable Content"},
    {423, "Locked"},
    {424, "Method failure"},
    {425, "Too Early"},
    {426, "Upgrade Required"},
    {428, "Precondition Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {449, "Retry With"},
    {450, "Blocked by Windows Parental Controls"},
    {451, "Unavailable For Legal Reasons"},
    {456, "Unrecoverable Error"},
    {499, "client has closed connection"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway or Proxy Error"},
    {503, "Service Unavailable"},
    {504, "Gateway Time-out"},
    {505, "HTTP Version not supported"},
    {506, "Variant also negotiate"},
    {507, "Insufficient storage"},
    {508, "Loop detected"},
    {509, "Bandwidth Limit Exceeded"},
    {510, "Not extended"},
    {511, "Network authentication required"},
    {520, "Web server is returning an unknown error"},
};

constexpr ErrorPage kPages[] = {
    {200, "OK", "<html><body><h1>200 OK</h1>\nService ready.\n</body></html>\n"},
    {400, "Bad request",
     "<html><body><h1>400 Bad request</h1>\nYour browser sent an invalid request.\n</body></html>\n"},
    {401, "Unauthorized",
     "<html><body><h1>401 Unauthorized</h1>\nYou need a valid user and password to access this "
     "content.\n</body></html>\n"},
    {403, "Forbidden",
     "<html><body><h1>403 Forbidden</h1>\nRequest forbidden by administrative rules.\n</body></html>\n"},
    {404, "Not Found",
     "<html><body><h1>404 Not Found</h1>\nThe resource could not be found.\n</body></html>\n"},
    {405, "Method Not Allowed",
     "<html><body><h1>405 Method Not Allowed</h1>\nA request was made of a resource using a request method "
     "not "
     "supported by that resource\n</body></html>\n"},
    {407, "Unauthorized",
     "<html><body><h1>407 Unauthorized</h1>\nYou need a valid user and password to access this "
     "content.\n</body></html>\n"},
    {408, "Request Time-out",
     "<html><body><h1>408 Request Time-out</h1>\nYour browser didn't send a complete request in "
     "time.\n</body></html>\n"},
    {410, "Gone",
     "<html><body><h1>410 Gone</h1>\nThe resource is no longer available and will not be available "
     "again.\n</body></html>\n"},
    {413, "Payload Too Large",
     "<html><body><h1>413 Payload Too Large</h1>\nThe request entity exceeds the maximum "
     "allowed.\n</body></html>\n"},
    {421, "Misdirected Request",
     "<html><body><h1>421 Misdirected Request</h1>\nRequest sent to a non-authoritative "
     "server.\n</body></html>\n"},
    {422, "Unprocessable Content",
     "<html><body><h1>422 Unprocessable Content</h1>\nThe server cannot process the contained "
     "instructions.\n</body></html>\n"},
    {425, "Too Early", "<html><body><h1>425 Too Early</h1>\nYour browser sent early data.\n</body></html>\n"},
    {429, "Too Many Requests",
     "<html><body><h1>429 Too Many Requests</h1>\nYou have sent too many requests in a given amount of "
     "time.\n</body></html>\n"},
    {500, "Internal Server Error",
     "<html><body><h1>500 Internal Server Error</h1>\nAn internal server error occurred.\n</body></html>\n"},
    {501, "Not Implemented",
     "<html><body><h1>501 Not Implemented</h1>\n.The server does not support the functionality required to "
     "fulfill the request.\n</body></html>\n"},
    {502, "Bad Gateway",
     "<html><body><h1>502 Bad Gateway</h1>\nThe server returned an invalid or incomplete "
     "response.\n</body></html>\n"},
    {503, "Service Unavailable",
     "<html><body><h1>503 Service Unavailable</h1>\nNo server is available to handle this "
     "request.\n</body></html>\n"},
    {504, "Gateway Time-out",
     "<html><body><h1>504 Gateway Time-out</h1>\nThe server didn't respond in time.\n</body></html>\n"},
};

class Out {
 public:
  explicit Out(std::span<char> out) noexcept : out_(out) {}
  void put(std::string_view s) noexcept {
    if (s.size() <= out_.size() && needed_ <= out_.size() - s.size()) {
      std::memcpy(out_.data() + needed_, s.data(), s.size());
    }
    needed_ += s.size();
  }
  void put(std::size_t number) noexcept {
    char digits[20];
    const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
    put(std::string_view(digits, static_cast<std::size_t>(end - digits)));
  }
  [[nodiscard]] std::size_t needed() const noexcept { return needed_; }

 private:
  std::span<char> out_;
  std::size_t needed_ = 0;
};

}  // namespace

std::string_view reason_phrase(int status) noexcept {
  const auto* found = std::lower_bound(std::begin(kReasons), std::end(kReasons), status,
                                       [](const Reason& r, int s) { return r.status < s; });
  if (found != std::end(kReasons) && found->status == status) return found->text;
  switch (status / 100) {
    case 1:
      return "Informational";
    case 2:
      return "Success";
    case 3:
      return "Redirection";
    case 4:
      return "Client Error";
    case 5:
      return "Server Error";
    default:
      return {};
  }
}

const ErrorPage* error_page(int status) noexcept {
  for (const ErrorPage& page : kPages) {
    if (page.status == status) return &page;
  }
  return nullptr;
}

std::size_t write_error_page(const ErrorPage& page, ConnectionToken connection, bool head_only,
                             std::span<char> buffer) noexcept {
  if (page.status == 400 || page.status == 408) connection = ConnectionToken::close;
  Out out(buffer);
  out.put("HTTP/1.1 ");
  out.put(static_cast<std::size_t>(page.status));
  out.put(" ");
  out.put(page.reason);
  out.put("\r\ncontent-length: ");
  out.put(page.body.size());
  out.put("\r\ncache-control: no-cache\r\ncontent-type: text/html\r\n");
  if (connection == ConnectionToken::close) out.put("connection: close\r\n");
  if (connection == ConnectionToken::keep_alive) out.put("connection: keep-alive\r\n");
  out.put("\r\n");
  if (!head_only) out.put(page.body);
  return out.needed();
}

std::string_view raw_error(int status) noexcept {
  switch (status) {
    case 400:
      return "HTTP/1.1 400 Bad request\r\nContent-length: 90\r\nCache-Control: no-cache\r\nConnection: "
             "close\r\nContent-Type: text/html\r\n\r\n<html><body><h1>400 Bad request</h1>\nYour browser "
             "sent an "
             "invalid request.\n</body></html>\n";
    case 408:
      return "HTTP/1.1 408 Request Time-out\r\nContent-length: 110\r\nCache-Control: no-cache\r\nConnection: "
             "close\r\nContent-Type: text/html\r\n\r\n<html><body><h1>408 Request Time-out</h1>\nYour "
             "browser didn't "
             "send a complete request in time.\n</body></html>\n";
    case 422:
      return "HTTP/1.1 422 Unprocessable Content\r\nContent-length: 116\r\nCache-Control: "
             "no-cache\r\nContent-Type: "
             "text/html\r\n\r\n<html><body><h1>422 Unprocessable Content</h1>\nThe server cannot process the "
             "contained instructions.\n</body></html>\n";
    default:
      return {};
  }
}

}  // namespace evenkeel::http
