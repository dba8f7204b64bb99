// Why a message was refused.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace evenkeel::http {

enum class ErrorCode : std::uint8_t {
  none,
  empty_method,
  bad_method,
  bad_target,
  target_form,  // no form of RFC 9112 section 3.2, or not one for this method
  bad_version,
  bad_request_line,
  bad_status,
  bare_cr,
  bare_lf,
  folded_line,  // obs-fold, RFC 9112 section 5.2
  empty_name,
  bad_name,  // includes whitespace before the colon
  missing_colon,
  bad_value,  // a control character
  too_many_headers,
  header_too_large,
  conflicting_hosts,
  bad_host,
  host_mismatch,  // the target names another host than the Host field
  bad_content_length,
  conflicting_content_lengths,
  bad_transfer_encoding,        // chunked is not last, twice, or something unreadable: 400
  unsupported_transfer_coding,  // well-formed, but a coding that we do not speak: 422 as HAProxy answers
  unexpected_framing,           // Content-Length or Transfer-Encoding where the message can have no body
  unexpected_switch,            // 101 without an upgrade that was asked for
  websocket_key,                // an upgrade to websocket without Sec-WebSocket-Key (RFC 6455 section 4.1)
  bad_chunk_size,
  chunk_too_large,
  bad_chunk_end,
  chunk_extension_too_large,
  bad_trailer,
};

// A short phrase for logs and `show errors`.
std::string_view to_string(ErrorCode code) noexcept;

}  // namespace evenkeel::http
