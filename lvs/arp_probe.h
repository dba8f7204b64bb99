// Asks an Ethernet who has which address (RFC 826), without leaving traces in the caches of those who hear
// it.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "lvs/doctor.h"

namespace evenkeel::lvs {

struct ArpQuestion {
  Endpoint address;  // IPv4
  Link link;         // with a mac
};

// Sends every question three times and collects the answers of other machines until the time is over. Blocks
// for as long. Needs CAP_NET_RAW; `why` says what went wrong.
std::vector<ArpAnswer> ask_arp(const std::vector<ArpQuestion>& questions, std::chrono::milliseconds wait,
                               std::string& why);

// A request of the kind that RFC 5227 calls a probe: its sender's address is 0.0.0.0.
std::string arp_probe(const std::string& mac, const Endpoint& address);
// Of an ARP packet as it comes behind the Ethernet header. False: it is no answer.
bool parse_arp_answer(std::string_view packet, Endpoint& address, std::string& mac);

}  // namespace evenkeel::lvs
