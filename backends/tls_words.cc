#include "backends/tls_words.h"

#include <algorithm>
#include <array>
#include <string>

namespace evenkeel::backends {
namespace {

// Sorted. Words that HAProxy lists under `ssl` for bind lines, and those of server lines without a meaning in
// clear text.
constexpr std::array<std::string_view, 58> kWords = {"allow-0rtt",
                                                     "alpn",
                                                     "ca-file",
                                                     "ca-ignore-err",
                                                     "ca-sign-file",
                                                     "ca-sign-pass",
                                                     "ca-verify-file",
                                                     "check-alpn",
                                                     "check-sni",
                                                     "check-sni-auto",
                                                     "check-ssl",
                                                     "ciphers",
                                                     "ciphersuites",
                                                     "client-sigalgs",
                                                     "crl-file",
                                                     "crt",
                                                     "crt-ignore-err",
                                                     "crt-list",
                                                     "curves",
                                                     "default-crt",
                                                     "ecdhe",
                                                     "force-sslv3",
                                                     "force-tlsv10",
                                                     "force-tlsv11",
                                                     "force-tlsv12",
                                                     "force-tlsv13",
                                                     "generate-certificates",
                                                     "ktls",
                                                     "no-alpn",
                                                     "no-ca-names",
                                                     "no-check-sni-auto",
                                                     "no-renegotiate",
                                                     "no-sni-auto",
                                                     "no-ssl-reuse",
                                                     "no-sslv3",
                                                     "no-strict-sni",
                                                     "no-tls-tickets",
                                                     "no-tlsv10",
                                                     "no-tlsv11",
                                                     "no-tlsv12",
                                                     "no-tlsv13",
                                                     "npn",
                                                     "prefer-client-ciphers",
                                                     "renegotiate",
                                                     "send-proxy-v2-ssl",
                                                     "send-proxy-v2-ssl-cn",
                                                     "sigalgs",
                                                     "sni",
                                                     "sni-auto",
                                                     "ssl",
                                                     "ssl-max-ver",
                                                     "ssl-min-ver",
                                                     "ssl-reuse",
                                                     "strict-sni",
                                                     "tls-ticket-keys",
                                                     "tls-tickets",
                                                     "verify",
                                                     "verifyhost"};

}  // namespace

bool refuse_tls_word(conf::Args& args, conf::KnownKind kind, bool& told) {
  const std::string_view word = args.peek();
  if (!std::binary_search(kWords.begin(), kWords.end(), word)) return false;
  if (!told) {
    args.error_here("'" + std::string(word) +
                    "' asks for TLS: known HAProxy keyword, not supported by Evenkeel yet");
  }
  told = true;
  args.skip(1 + conf::known_arity(kind, word));
  return true;
}

}  // namespace evenkeel::backends
