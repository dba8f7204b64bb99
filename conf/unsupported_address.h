// Forms of addresses that are read and that no socket of this program can serve.
#pragma once

#include <string>

#include "conf/address.h"

namespace evenkeel::conf {

// Why a listener or a server cannot have this address; empty: it can. Without it, QUIC and MPTCP would be
// taken for TCP in silence.
std::string unsupported_address(const AddressSpec& spec);

}  // namespace evenkeel::conf
