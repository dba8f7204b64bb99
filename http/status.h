// Status codes: their reason phrases, and the built-in pages of the errors that a proxy answers itself.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "http/serializer.h"

namespace evenkeel::http {

// The reason phrase that HAProxy writes; one per class for codes without a name, empty below 100 and above
// 599.
std::string_view reason_phrase(int status) noexcept;

// A built-in error page (manual, `errorfile`). Note that its reason phrase can differ from reason_phrase().
struct ErrorPage {
  int status = 0;
  std::string_view reason;
  std::string_view body;
};

// The page for a status, or null when there is none built in.
const ErrorPage* error_page(int status) noexcept;

// Writes the page with its head as HAProxy does for errors and denials: content-length, cache-control,
// content-type, then connection. head_only leaves the body away (answers to HEAD). 400 and 408 always say
// `connection: close`. Returns the bytes needed, as serialize_response().
std::size_t write_error_page(const ErrorPage& page, ConnectionToken connection, bool head_only,
                             std::span<char> out) noexcept;

// The complete answer to a message that could not be parsed at all, or did not come in time: 400, 408 and 422
// differ from write_error_page() in the case and order of their headers. Empty for other codes. To be
// followed by a close.
std::string_view raw_error(int status) noexcept;

}  // namespace evenkeel::http
