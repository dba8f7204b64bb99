#include "app/about.h"

#include <openssl/crypto.h>
#include <openssl/opensslv.h>
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <array>
#include <boost/version.hpp>

namespace evenkeel::app {
namespace {

constexpr std::string_view kCompatible = "3.5";

// HAProxy's names for what a build can do. What is missing here is missing in the program.
constexpr std::array<std::string_view, 11> kFeatures = {
    "ACCEPT4",   "EPOLL", "GETADDRINFO", "LINUX_SPLICE", "LINUX_TPROXY", "PCRE2",
    "PCRE2_JIT", "PRCTL", "TFO",         "THREAD",       "TPROXY"};

}  // namespace

std::string_view compatible_version() noexcept { return kCompatible; }

std::string version_text() {
  return "Evenkeel version " EVENKEEL_VERSION ", speaks the configuration language of HAProxy version " +
         std::string(kCompatible) + "\n";
}

conf::Facts build_facts() {
  conf::Facts facts;
  facts.version = kCompatible;
  facts.features.assign(kFeatures.begin(), kFeatures.end());
#ifdef EVENKEEL_SYSTEMD
  facts.features.emplace_back("SYSTEMD");
#endif
  facts.enabled = {"EPOLL", "GETADDRINFO", "SPLICE", "REUSEPORT"};
  facts.openssl_version = OpenSSL_version(OPENSSL_VERSION_STRING);
  facts.ssl_library = OpenSSL_version(OPENSSL_VERSION);
  return facts;
}

std::string build_text() {
  const conf::Facts facts = build_facts();
  std::string out = version_text();
  out += "Built with: GCC-compatible compiler " __VERSION__ ", Boost ";
  out += std::to_string(BOOST_VERSION / 100000) + "." + std::to_string(BOOST_VERSION / 100 % 1000) + "\n";
  std::array<char, 64> pcre{};
  pcre2_config(PCRE2_CONFIG_VERSION, pcre.data());
  out += "Running on: " + facts.ssl_library + ", PCRE2 " + pcre.data() + "\n";
  out += "Event loop: epoll, one per thread\nFeature list :";
  for (const std::string& feature : facts.features) out += " +" + feature;
  out += "\nDefault settings : bufsize = 16384\n";
  return out;
}

std::string_view memory_help_text() noexcept {
  return R"(-dM[<byte>[,]][<feature>,...]
-dM alone fills memory with the byte 0x50 when it is taken; a number behind it is another byte.

  poison, no-poison   fill memory, or do not
  fail merge cold-first integrity global cache caller tag backup, with or without no-, and hot-first:
                      HAProxy's pools, which are not here
)";
}

std::string_view usage_text() noexcept {
  return R"(Usage: evenkeel -f <file or folder> [options]      (options as HAProxy's; see evenkeel(1))

Configuration
  -f <path>     read this file, or every *.cfg of this folder; repeatable
  -- <path>...  read all of these
  -C <dir>      go to this folder first
  -c            check the configuration and leave: 0 good, 1 errors, 2 nothing would listen
  -cc <cond>    evaluate a condition as behind .if: 0 true, 1 false, 2 not understood
  -dW           treat warnings as errors          -dD  warn about more
  -dr           servers whose names do not resolve do not stop the start
  --format json print diagnostics for programs
  -L <name>     name of the local peer ($HAPROXY_LOCALPEER)

Running
  -D  as a daemon        -db  in the foreground, whatever the file says       -d  so, and talkative
  -W  with a master process that reloads on SIGUSR2 or SIGHUP    -Ws  so, telling systemd
  -S <address>[,<option>...]  where the master takes commands
  -p <file>     write the process id there (with -D or -W)
  -n <number>   most connections at once           -N <number>  so, for each proxy without an own limit
  -m <MB>       most memory
  -q  quiet     -V  verbose
  -dS no splice()     -dR no SO_REUSEPORT     -dM[<byte>] fill memory on allocation

Taking over from a running process
  -x <socket>   take its listening sockets through its stats socket
  -sf <pid>...  then tell these to finish          -st <pid>...  then end these

About
  -v  version   -vv  how it was built   -dK<classes>  keywords that are understood (-dKhelp: classes)
  -dL list the shared libraries in use   -dC[<key>] print the configuration; with a key, without its secrets
)";
}

}  // namespace evenkeel::app
