#include "balance/factory.h"

#include "balance/first.h"
#include "balance/hash.h"
#include "balance/leastconn.h"
#include "balance/random.h"
#include "balance/roundrobin.h"
#include "balance/static_rr.h"
#include "balance/sticky.h"

namespace evenkeel::balance {

std::unique_ptr<Policy> make_policy(const BalanceDef& def, MemberSet set) {
  switch (def.algorithm) {
    case Algorithm::roundrobin:
      return std::make_unique<RoundRobin>(std::move(set));
    case Algorithm::static_rr:
      return std::make_unique<StaticRr>(std::move(set));
    case Algorithm::leastconn:
      return std::make_unique<LeastConn>(std::move(set));
    case Algorithm::first:
      return std::make_unique<First>(std::move(set));
    case Algorithm::random:
      return std::make_unique<Random>(def, std::move(set));
    case Algorithm::sticky:
      return std::make_unique<Sticky>(std::move(set));
    case Algorithm::source:
    case Algorithm::uri:
    case Algorithm::url_param:
    case Algorithm::hdr:
    case Algorithm::rdp_cookie:
    case Algorithm::hash:
      break;
  }
  if (def.hash_method == HashMethod::map_based) return std::make_unique<MapHash>(def, std::move(set));
  return std::make_unique<RingHash>(def, std::move(set));
}

}  // namespace evenkeel::balance
