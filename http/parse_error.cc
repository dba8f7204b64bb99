#include "http/parse_error.h"

namespace evenkeel::http {

std::string_view to_string(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::none:
      return "no error";
    case ErrorCode::empty_method:
      return "empty method";
    case ErrorCode::bad_method:
      return "invalid character in method";
    case ErrorCode::bad_target:
      return "invalid character in request target";
    case ErrorCode::target_form:
      return "request target has no valid form";
    case ErrorCode::bad_version:
      return "invalid HTTP version";
    case ErrorCode::bad_request_line:
      return "malformed request line";
    case ErrorCode::bad_status:
      return "malformed status line";
    case ErrorCode::bare_cr:
      return "CR without LF";
    case ErrorCode::bare_lf:
      return "LF without CR";
    case ErrorCode::folded_line:
      return "folded header line";
    case ErrorCode::empty_name:
      return "empty header name";
    case ErrorCode::bad_name:
      return "invalid character in header name";
    case ErrorCode::missing_colon:
      return "header line without colon";
    case ErrorCode::bad_value:
      return "control character in header value";
    case ErrorCode::too_many_headers:
      return "too many headers";
    case ErrorCode::header_too_large:
      return "header too large";
    case ErrorCode::conflicting_hosts:
      return "conflicting Host headers";
    case ErrorCode::bad_host:
      return "invalid host";
    case ErrorCode::host_mismatch:
      return "Host header does not match the request target";
    case ErrorCode::bad_content_length:
      return "invalid Content-Length";
    case ErrorCode::conflicting_content_lengths:
      return "conflicting Content-Length values";
    case ErrorCode::bad_transfer_encoding:
      return "invalid Transfer-Encoding";
    case ErrorCode::unsupported_transfer_coding:
      return "unsupported transfer coding";
    case ErrorCode::unexpected_framing:
      return "body framing in a message without body";
    case ErrorCode::unexpected_switch:
      return "unexpected 101 response";
    case ErrorCode::websocket_key:
      return "websocket upgrade without Sec-WebSocket-Key";
    case ErrorCode::bad_chunk_size:
      return "invalid chunk size";
    case ErrorCode::chunk_too_large:
      return "chunk size too large";
    case ErrorCode::bad_chunk_end:
      return "chunk does not end with CRLF";
    case ErrorCode::chunk_extension_too_large:
      return "chunk extension too large";
    case ErrorCode::bad_trailer:
      return "invalid trailer";
  }
  return "unknown error";
}

}  // namespace evenkeel::http
