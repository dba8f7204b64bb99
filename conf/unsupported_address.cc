#include "conf/unsupported_address.h"

namespace evenkeel::conf {

std::string unsupported_address(const AddressSpec& spec) {
  using Transport = AddressSpec::Transport;
  if (spec.transport != Transport::quic && spec.transport != Transport::mptcp) return {};
  std::string_view prefix = spec.text;
  if (const std::size_t plus = prefix.find('+'); plus < prefix.find('@')) prefix.remove_prefix(plus + 1);
  return "known HAProxy keyword, not supported by Evenkeel yet: '" +
         std::string(prefix.substr(0, prefix.find('@') + 1)) + "'";
}

}  // namespace evenkeel::conf
