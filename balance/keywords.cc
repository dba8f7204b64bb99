#include "balance/keywords.h"

#include <array>
#include <charconv>
#include <string>

#include "conf/nearest.h"

namespace evenkeel::balance {

namespace {

using conf::Args;

// "random(3)" is the name "random" and the argument "3".
struct Call {
  std::string_view name;
  std::string_view argument;
  bool has_argument = false;
  bool closed = true;
};

Call split_call(std::string_view word) {
  const std::size_t open = word.find('(');
  if (open == std::string_view::npos) return {.name = word};
  Call call{.name = word.substr(0, open), .argument = word.substr(open + 1), .has_argument = true};
  call.closed = call.argument.ends_with(')');
  if (call.closed) call.argument.remove_suffix(1);
  return call;
}

// HAProxy ignores such words in silence, so they are no error.
void ignore_rest(Args& args) {
  if (args.at_end()) return;
  args.warn_here("'" + args.keyword() + "' ignores '" + std::string(args.peek()) + "' and what follows it");
  args.rest();
}

void parse_uri(BalanceDef& def, Args& args) {
  while (!args.at_end()) {
    if (args.accept("whole")) {
      def.uri_whole = true;
    } else if (args.accept("path-only")) {
      def.uri_path_only = true;
    } else if (args.accept("len")) {
      if (const auto len = args.integer(1, INT32_MAX)) def.uri_len = static_cast<std::uint32_t>(*len);
    } else if (args.accept("depth")) {
      if (const auto depth = args.integer(1, INT32_MAX)) def.uri_depth = static_cast<std::uint32_t>(*depth);
    } else {
      constexpr std::array<std::string_view, 4> kWords{"len", "depth", "whole", "path-only"};
      args.error_here("'balance uri' accepts only 'len <n>', 'depth <n>', 'whole' and 'path-only', not '" +
                      std::string(args.peek()) + "'")
          .did_you_mean(conf::nearest(args.peek(), kWords));
      args.rest();
    }
  }
}

void parse_url_param(BalanceDef& def, Args& args) {
  const auto name = args.required("the name of an URL parameter");
  if (!name) return;
  def.name = *name;
  if (args.at_end()) return;
  if (!args.accept("check_post")) {
    args.error_here("'balance url_param' accepts only 'check_post' behind the name, not '" +
                    std::string(args.peek()) + "'");
    args.rest();
    return;
  }
  def.check_post = true;
  if (args.at_end()) return;
  args.warn_here("the limit behind 'check_post' has no meaning any more, the buffer size is the limit")
      .modern("balance url_param " + def.name + " check_post");
  args.rest();
}

void parse_hdr(BalanceDef& def, const Call& call, Args& args) {
  if (call.argument.empty() || !call.closed) {
    args.error("'balance hdr' expects the name of a header field in parentheses: hdr(<name>)");
    args.rest();
    return;
  }
  def.name = call.argument;
  if (args.at_end()) return;
  if (args.accept("use_domain_only")) {
    def.use_domain_only = true;
    ignore_rest(args);
    return;
  }
  args.error_here("'balance hdr(" + def.name + ")' accepts only 'use_domain_only', not '" +
                  std::string(args.peek()) + "'");
  args.rest();
}

void parse_random(BalanceDef& def, const Call& call, Args& args) {
  if (!call.closed) {
    args.error("'balance random' misses a closing parenthesis");
  } else if (!call.argument.empty()) {
    std::uint32_t draws = 0;
    const char* last = call.argument.data() + call.argument.size();
    const auto [end, status] = std::from_chars(call.argument.data(), last, draws);
    if (status != std::errc{} || end != last || draws < 1) {
      args.error("'balance random' expects a number of draws, at least 1, not '" +
                 std::string(call.argument) + "'");
    } else {
      def.draws = draws;
    }
  }
  ignore_rest(args);
}

void parse_rdp_cookie(BalanceDef& def, const Call& call, Args& args) {
  if (call.has_argument && (call.argument.empty() || !call.closed)) {
    args.error("'balance rdp-cookie' expects the name of a cookie in parentheses: rdp-cookie(<name>)");
  }
  def.name = call.has_argument ? call.argument : "mstshash";
  ignore_rest(args);
}

void parse_hash_expression(BalanceDef& def, Args& args) {
  const auto expression = args.required("a sample expression");
  if (!expression) return;
  def.expression = *expression;
  if (args.at_end()) return;
  args.error_here("'balance hash' accepts nothing behind its expression");
  args.rest();
}

// log-hash [<converters>]: of the message, which stands where a request's bytes would.
void parse_log_hash(BalanceDef& def, Args& args) {
  def.log_hash = true;
  def.expression = "req.payload(0,0)";
  if (args.at_end()) return;
  def.expression.append(",").append(args.next());
  if (args.at_end()) return;
  args.error_here("'balance log-hash' accepts nothing behind its converters");
  args.rest();
}

struct Name {
  std::string_view word;
  Algorithm algorithm;
};
constexpr std::array kAlgorithms{
    Name{"roundrobin", Algorithm::roundrobin},
    Name{"static-rr", Algorithm::static_rr},
    Name{"leastconn", Algorithm::leastconn},
    Name{"first", Algorithm::first},
    Name{"source", Algorithm::source},
    Name{"uri", Algorithm::uri},
    Name{"url_param", Algorithm::url_param},
    Name{"hdr", Algorithm::hdr},
    Name{"random", Algorithm::random},
    Name{"rdp-cookie", Algorithm::rdp_cookie},
    Name{"hash", Algorithm::hash},
    Name{"sticky", Algorithm::sticky},
    Name{"log-hash", Algorithm::hash},
};

const Name* find_algorithm(std::string_view word) {
  for (const Name& name : kAlgorithms) {
    if (name.word == word) return &name;
  }
  return nullptr;
}

// What `balance` sets, without what hash-type and its kin set.
BalanceDef with_algorithm(const BalanceDef& def, Algorithm algorithm) {
  BalanceDef fresh;
  fresh.algorithm = algorithm;
  fresh.hash_method = def.hash_method;
  fresh.hash_function = def.hash_function;
  fresh.avalanche = def.avalanche;
  fresh.balance_factor = def.balance_factor;
  fresh.preserve_affinity = def.preserve_affinity;
  return fresh;
}

void unknown_algorithm(std::string_view word, Args& args) {
  std::vector<std::string_view> words;
  std::string list;
  for (const Name& name : kAlgorithms) {
    words.push_back(name.word);
    list += (list.empty() ? "'" : ", '") + std::string(name.word) + "'";
  }
  args.error("unknown balancing algorithm '" + std::string(word) + "', known are " + list)
      .did_you_mean(conf::nearest(word, words));
  args.rest();
}

}  // namespace

void parse_balance(BalanceDef& def, Args& args) {
  if (args.at_end()) {
    args.warn("'balance' without an algorithm means roundrobin").modern("balance roundrobin");
    def = with_algorithm(def, Algorithm::roundrobin);
    return;
  }
  const std::string_view word = args.next();
  const Call call = split_call(word);
  const Name* name = find_algorithm(call.name);
  const bool takes_call =
      name != nullptr && (name->algorithm == Algorithm::hdr || name->algorithm == Algorithm::random ||
                          name->algorithm == Algorithm::rdp_cookie);
  if (name == nullptr || (call.has_argument && !takes_call)) {
    unknown_algorithm(word, args);
    return;
  }
  BalanceDef next = with_algorithm(def, name->algorithm);
  switch (name->algorithm) {
    case Algorithm::uri:
      parse_uri(next, args);
      break;
    case Algorithm::url_param:
      parse_url_param(next, args);
      break;
    case Algorithm::hdr:
      parse_hdr(next, call, args);
      break;
    case Algorithm::random:
      parse_random(next, call, args);
      break;
    case Algorithm::rdp_cookie:
      parse_rdp_cookie(next, call, args);
      break;
    case Algorithm::hash:
      if (name->word == "log-hash") {
        parse_log_hash(next, args);
      } else {
        parse_hash_expression(next, args);
      }
      break;
    default:
      ignore_rest(args);
  }
  if (!args.failed()) def = next;
}

void parse_hash_type(BalanceDef& def, Args& args) {
  if (args.accept("avalanche")) {
    args.warn("'hash-type avalanche' is the old form of a modifier")
        .modern("hash-type map-based sdbm avalanche");
    def.hash_method = HashMethod::map_based;
    def.hash_function = HashFunction::sdbm;
    def.avalanche = true;
    return;
  }
  const auto method = args.one_of({"map-based", "consistent"});
  if (!method) return;
  def.hash_method = *method == 0 ? HashMethod::map_based : HashMethod::consistent;
  def.hash_function = HashFunction::sdbm;
  def.avalanche = def.hash_method == HashMethod::consistent;  // unless a function is named
  if (args.at_end()) return;
  const auto function = args.one_of({"sdbm", "djb2", "wt6", "crc32", "none"});
  if (!function) return;
  constexpr std::array kFunctions{HashFunction::sdbm, HashFunction::djb2, HashFunction::wt6,
                                  HashFunction::crc32, HashFunction::none};
  def.hash_function = kFunctions[*function];
  def.avalanche = false;
  if (args.at_end()) return;
  if (args.expect_word("avalanche")) def.avalanche = true;
  ignore_rest(args);
}

void parse_hash_balance_factor(BalanceDef& def, Args& args) {
  const auto factor = args.integer(0, 1'000'000);
  if (!factor) return;
  if (*factor > 0 && *factor <= 100) {
    args.error("'hash-balance-factor' must be 0 (off) or greater than 100");
    return;
  }
  def.balance_factor = static_cast<std::uint32_t>(*factor);
}

void parse_hash_preserve_affinity(BalanceDef& def, Args& args) {
  const auto which = args.one_of({"always", "maxconn", "maxqueue"});
  constexpr std::array kWhich{PreserveAffinity::always, PreserveAffinity::maxconn,
                              PreserveAffinity::maxqueue};
  if (which) def.preserve_affinity = kWhich[*which];
}

void parse_hash_key(HashKey& key, Args& args) {
  const auto which = args.one_of({"id", "addr", "addr-port"});
  constexpr std::array kWhich{HashKey::id, HashKey::addr, HashKey::addr_port};
  if (which) key = kWhich[*which];
}

std::span<const conf::Keyword<BalanceDef>> keywords() {
  static constexpr std::array kKeywords{
      conf::Keyword<BalanceDef>{"balance", conf::kBackendsAndDefaults, false, parse_balance,
                                "how a server is chosen for a session"},
      conf::Keyword<BalanceDef>{"hash-type", conf::kBackendsAndDefaults, false, parse_hash_type,
                                "how hashes are computed and mapped to servers"},
      conf::Keyword<BalanceDef>{"hash-balance-factor", conf::kBackendsAndDefaults, false,
                                parse_hash_balance_factor,
                                "percent of the average load that a consistent hash may put on a server"},
      conf::Keyword<BalanceDef>{"hash-preserve-affinity", conf::kBackendsAndDefaults, false,
                                parse_hash_preserve_affinity, "when a hash gives up on a loaded server"},
  };
  return kKeywords;
}

}  // namespace evenkeel::balance
