// The actions, one function per family, each in the file of its name.
#pragma once

#include <span>

#include "rules/action.h"

namespace evenkeel::rules::action {

std::span<const ActionSpec> verdicts() noexcept;  // allow accept deny reject silent-drop tarpit
std::span<const ActionSpec> answers() noexcept;   // return redirect auth
std::span<const ActionSpec>
headers() noexcept;  // add-header set-header del-header replace-header replace-value
std::span<const ActionSpec>
request_line() noexcept;                           // set-path set-query set-uri set-method replace-path ...
std::span<const ActionSpec> variables() noexcept;  // set-var set-var-fmt unset-var
std::span<const ActionSpec>
connection() noexcept;                           // set-src set-dst set-mark set-tos set-nice set-timeout ...
std::span<const ActionSpec> logging() noexcept;  // capture set-log-level
std::span<const ActionSpec> caching() noexcept;  // cache-use cache-store
std::span<const ActionSpec> status() noexcept;   // set-status
std::span<const ActionSpec> strictness() noexcept;      // strict-mode
std::span<const ActionSpec> maps() noexcept;            // add-acl del-acl set-map del-map
std::span<const ActionSpec> normalize_uri() noexcept;   // normalize-uri
std::span<const ActionSpec> binary_headers() noexcept;  // add-headers-bin set-headers-bin del-headers-bin
std::span<const ActionSpec> session() noexcept;         // disable-l7-retry do-log expect-proxy switch-mode
std::span<const ActionSpec> waiting() noexcept;         // pause wait-for-body wait-for-handshake early-hint

std::span<const ActionSpec> lines() noexcept;  // deny-lines del-lines replace-lines ...

// All of them.
std::span<const std::span<const ActionSpec>> families() noexcept;

inline constexpr unsigned kHttpRequest = mask_of(Phase::http_request);
inline constexpr unsigned kHttpResponse = mask_of(Phase::http_response);
inline constexpr unsigned kHttpAfter = mask_of(Phase::http_after_response);
inline constexpr unsigned kHttpResponses = kHttpResponse | kHttpAfter;
inline constexpr unsigned kHttp = kHttpRequest | kHttpResponses;
inline constexpr unsigned kTcpRequestContent = mask_of(Phase::tcp_request_content);
inline constexpr unsigned kTcpRequest =
    mask_of(Phase::tcp_connection) | mask_of(Phase::tcp_session) | kTcpRequestContent;
inline constexpr unsigned kTcpResponse = mask_of(Phase::tcp_response_content);
inline constexpr unsigned kAll = kHttp | kTcpRequest | kTcpResponse;

}  // namespace evenkeel::rules::action
