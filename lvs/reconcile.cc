#include "lvs/reconcile.h"

namespace evenkeel::lvs {
namespace {

using Kind = Operation::Kind;

void reconcile_destinations(const ServiceKey& key, const ServiceEntry& wanted, const ServiceEntry* actual,
                            std::vector<Operation>& steps) {
  for (const auto& [endpoint, entry] : wanted.destinations) {
    const bool known = actual != nullptr && actual->destinations.contains(endpoint);
    if (known && actual->destinations.at(endpoint).definition == entry.definition) continue;
    steps.push_back(
        {known ? Kind::edit_destination : Kind::add_destination, key, {}, endpoint, entry.definition});
  }
  if (actual == nullptr) return;
  for (const auto& [endpoint, entry] : actual->destinations) {
    if (!wanted.destinations.contains(endpoint))
      steps.push_back({Kind::delete_destination, key, {}, endpoint, {}});
  }
}

}  // namespace

std::vector<Operation> reconcile(const Table& wanted, const Table& actual,
                                 const std::set<ServiceKey>& owned) {
  std::vector<Operation> steps;
  for (const ServiceKey& key : owned) {
    if (!wanted.contains(key) && actual.contains(key)) steps.push_back({Kind::delete_service, key});
  }
  for (const auto& [key, entry] : wanted) {
    const auto found = actual.find(key);
    const ServiceEntry* present = found == actual.end() ? nullptr : &found->second;
    const Service service = normal(entry.definition, key.family);
    if (present == nullptr) {
      steps.push_back({Kind::add_service, key, service});
    } else if (normal(present->definition, key.family) != service) {
      steps.push_back({Kind::edit_service, key, service});
    }
    reconcile_destinations(key, entry, present, steps);
  }
  return steps;
}

}  // namespace evenkeel::lvs
