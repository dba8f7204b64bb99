// Everything that HAProxy 3.5 knows, so that what is missing here is told from what is misspelt.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "conf/args.h"

namespace evenkeel::conf {

enum class KnownKind : unsigned char {
  global,         // keywords of the global section
  proxy,          // of defaults, frontend, listen and backend, one to three words
  other_section,  // of userlist, crt-store, acme, ...
  bind_option,
  server_option,
  action,  // "http-request set-header", "tcp-request content reject"
  fetch,
  converter,
  filter,
  cli,
};

// The entry with the most words that words begin with; empty when HAProxy has none. Words with parentheses
// match by their part before '(' ("set-var(txn.x)").
std::string_view known_keyword(KnownKind kind, std::span<const std::string_view> words);
// All entries, sorted.
std::span<const std::string_view> known_keywords(KnownKind kind);
// How many arguments a bind or server option takes; 0 for unknown ones.
unsigned known_arity(KnownKind kind, std::string_view option);

// Reports the word at the cursor: a keyword that only HAProxy knows, or one that nobody knows with the
// nearest of supported (and, for a statement, of the section words). For options, context is "bind" or
// "server". Afterwards the cursor stands behind the word and the arguments that HAProxy's keyword would have
// taken.
void report_unknown(Args& args, std::span<const std::string_view> supported);
void report_unknown_option(Args& args, KnownKind kind, std::string_view context,
                           std::span<const std::string_view> supported);

}  // namespace evenkeel::conf
