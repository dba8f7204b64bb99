// What the stats page answers to a request: who may see it, what a form may do, and where its sender goes
// next. Plain values in and out; collecting rows, carrying actions out and waiting are the session's.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stats/login_throttle.h"
#include "stats/page.h"
#include "stats/page_token.h"

namespace evenkeel::stats {

struct PageQuery {
  std::string_view method;         // "GET", "HEAD", "POST"
  std::string_view target;         // the request target; the uri of the page is a prefix of it
  std::string_view authorization;  // header field, empty when absent
  std::string_view body;           // of a POST, complete
  bool body_too_large = false;     // it did not fit the buffer
  Address source;                  // of the client
  bool admin = false;              // `stats admin if` holds
};

struct PageReply {
  int status = 200;
  std::vector<PageHeader> headers;  // without content-length
  std::string body;
  Millis delay = 0;  // hold the answer back that long
};

// One step of the answer, as the caller goes on with it.
struct PageStep {
  enum class Kind : std::uint8_t {
    reply,    // send `reply`; done
    show,     // collect the proxies, then call show()
    perform,  // carry out `action`, then call redirect() with its result
  };
  Kind kind = Kind::reply;
  PageReply reply;
  PageRequest request;
  PageAction action;
  std::string user;  // authenticated; empty when the page asks for nobody
};

// One per process, shared by all pages and workers.
class PageService {
 public:
  explicit PageService(const Clock& clock) : clock_(clock), throttle_(clock) {}

  PageStep begin(const StatsPageDef& def, const PageQuery& query);
  // The page, CSV, JSON, typed lines or schema. proxies: those in_scope(); admin as in the query.
  [[nodiscard]] PageReply show(const StatsPageDef& def, const PageStep& step, const PageProcess& process,
                               const std::vector<PageProxy>& proxies, bool admin) const;
  // 303 to the page, which then tells the result.
  [[nodiscard]] static PageReply redirect(const StatsPageDef& def, const PageStep& step, PageResult result);

 private:
  const Clock& clock_;
  LoginThrottle throttle_;
  PageTokens tokens_;
};

}  // namespace evenkeel::stats
