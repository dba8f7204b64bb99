// The configuration words that choose and tune a balancing algorithm.
#pragma once

#include <span>

#include "balance/balance_def.h"
#include "conf/keyword_table.h"

namespace evenkeel::balance {

// balance, hash-type, hash-balance-factor, hash-preserve-affinity (configuration manual 4.2), for defaults,
// listen and backend. Errors and warnings go through Args; def keeps its last valid value.
std::span<const conf::Keyword<BalanceDef>> keywords();

void parse_balance(BalanceDef& def, conf::Args& args);
void parse_hash_type(BalanceDef& def, conf::Args& args);
void parse_hash_balance_factor(BalanceDef& def, conf::Args& args);
void parse_hash_preserve_affinity(BalanceDef& def, conf::Args& args);

// The server parameter `hash-key`: what places the server on a consistent ring.
void parse_hash_key(HashKey& key, conf::Args& args);

}  // namespace evenkeel::balance
