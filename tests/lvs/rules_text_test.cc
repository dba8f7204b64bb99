#include "lvs/rules_text.h"

#include <gtest/gtest.h>
#include <netinet/in.h>

#include <sstream>

#include "lvs/commands.h"
#include "lvs/listing.h"
#include "simulated_kernel.h"

namespace evenkeel::lvs {
namespace {

using Kind = Operation::Kind;

// Taken from `ipvsadm -Sn` of version 1.31 on a kernel 6.1.
constexpr const char* kSaved =
    "-A -t 10.0.0.1:80 -s wlc -p 300 -M 255.255.255.0\n"
    "-a -t 10.0.0.1:80 -r 10.0.1.1:8080 -m -w 3 -x 100 -y 50\n"
    "-a -t 10.0.0.1:80 -r 10.0.1.2:8080 -m -w 0\n"
    "-A -t 10.0.0.9:0 -s lblcr -p 360\n"
    "-A -t 10.0.0.10:5060 -s wrr -b flag-1,flag-2,flag-3\n"
    "-A -t 10.0.0.12:80 -s dh\n"
    "-a -t 10.0.0.12:80 -r 10.0.0.12:80 -g -w 1\n"
    "-A -u 10.0.0.1:53 -s sh -b sh-fallback,sh-port\n"
    "-a -u 10.0.0.1:53 -r 10.0.1.2:53 -g -w 1\n"
    "-A -u 10.0.0.1:54 -s rr -o\n"
    "-a -u 10.0.0.1:54 -r 10.0.1.2:54 -i -w 1 --tun-type ipip\n"
    "-a -u 10.0.0.1:54 -r 10.0.1.3:54 -i -w 1 --tun-type gue --tun-port 6080 --tun-nocsum\n"
    "-a -u 10.0.0.1:54 -r 10.0.1.4:54 -i -w 1 --tun-type gre --tun-csum\n"
    "-A -u 10.0.0.11:5060 -s wrr -p 60 --pe sip\n"
    "-A -t [fd00::1]:443 -s sed -p 60 -M 64\n"
    "-a -t [fd00::1]:443 -r [fd00::2]:443 -m -w 1\n"
    "-A -f 7 -s mh -b mh-fallback,mh-port\n"
    "-A -f 8 -6 -s wrr\n";

// Of the same table.
constexpr const char* kListed =
    "IP Virtual Server version 1.2.1 (size=4096)\n"
    "Prot LocalAddress:Port Scheduler Flags\n"
    "  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn\n"
    "TCP  10.0.0.1:80 wlc persistent 300 mask 255.255.255.0\n"
    "  -> 10.0.1.1:8080                Masq    3      0          0         \n"
    "  -> 10.0.1.2:8080                Masq    0      0          0         \n"
    "TCP  10.0.0.9:0 lblcr persistent 360\n"
    "TCP  10.0.0.10:5060 wrr (flag-1,flag-2,flag-3)\n"
    "TCP  10.0.0.12:80 dh\n"
    "  -> 10.0.0.12:80                 Route   1      0          0         \n"
    "UDP  10.0.0.1:53 sh (sh-fallback,sh-port)\n"
    "  -> 10.0.1.2:53                  Route   1      0          0         \n"
    "UDP  10.0.0.1:54 rr ops\n"
    "  -> 10.0.1.2:54                  Tunnel  1      0          0         \n"
    "  -> 10.0.1.3:54                  Tunnel  1      0          0         \n"
    "  -> 10.0.1.4:54                  Tunnel  1      0          0         \n"
    "UDP  10.0.0.11:5060 wrr persistent 60 pe sip\n"
    "TCP  [fd00::1]:443 sed persistent 60 mask 64\n"
    "  -> [fd00::2]:443                Masq    1      0          0         \n"
    "FWM  7 mh (mh-fallback,mh-port)\n"
    "FWM  8 IPv6 wrr\n";

struct Shell {
  std::istringstream in;
  std::ostringstream out;
  std::ostringstream err;
  CommandIo io{in, out, err};
};

TEST(RulesText, ARestoredTableIsListedAndSavedAsIpvsadmDoes) {
  SimulatedKernel kernel;
  Shell shell;
  shell.in.str(kSaved);
  ASSERT_EQ(restore_command(kernel, shell.io), 0) << shell.err.str();
  ASSERT_EQ(save_command(kernel, shell.io), 0);
  // Within what is neither TCP over IPv4 nor a mark, ipvsadm sorts by family first.
  EXPECT_EQ(shell.out.str(), kSaved);
  shell.out.str("");
  ASSERT_EQ(list_command(kernel, {}, shell.io), 0);
  EXPECT_EQ(shell.out.str(), kListed);
}

TEST(RulesText, TheOtherViewsHaveIpvsadmsColumns) {
  SimulatedKernel kernel;
  Shell shell;
  shell.in.str("-A -t 10.0.0.1:80 -s wlc\n-a -t 10.0.0.1:80 -r 10.0.1.1:8080 -m -w 3 -x 100 -y 50\n");
  ASSERT_EQ(restore_command(kernel, shell.io), 0) << shell.err.str();
  Counters& counters = kernel.table.begin()->second.counters;
  counters = {5, 99999999, 100000000, 1000000000, 123456789012, 1, 2, 3, 4, 5};
  const auto listed = [&](std::string_view option) {
    shell.out.str("");
    const std::string_view options[] = {option};
    EXPECT_EQ(list_command(kernel, options, shell.io), 0);
    const std::string text = shell.out.str();
    return text.substr(text.find('\n') + 1);
  };
  EXPECT_EQ(listed("--stats"),
            "Prot LocalAddress:Port               Conns   InPkts  OutPkts  InBytes OutBytes\n"
            "  -> RemoteAddress:Port\n"
            "TCP  10.0.0.1:80                         5 99999999  100000K    1000M     123G\n"
            "  -> 10.0.1.1:8080                       0        0        0        0        0\n");
  EXPECT_EQ(listed("--rate"),
            "Prot LocalAddress:Port                 CPS    InPPS   OutPPS    InBPS   OutBPS\n"
            "  -> RemoteAddress:Port\n"
            "TCP  10.0.0.1:80                         1        2        3        4        5\n"
            "  -> 10.0.1.1:8080                       0        0        0        0        0\n");
  EXPECT_EQ(listed("--thresholds"),
            "Prot LocalAddress:Port            Uthreshold Lthreshold ActiveConn InActConn \n"
            "  -> RemoteAddress:Port\n"
            "TCP  10.0.0.1:80 wlc\n"
            "  -> 10.0.1.1:8080                100        50         0          0         \n");
  EXPECT_EQ(listed("--persistent-conn"),
            "Prot LocalAddress:Port            Weight    PersistConn ActiveConn InActConn \n"
            "  -> RemoteAddress:Port\n"
            "TCP  10.0.0.1:80 wlc\n"
            "  -> 10.0.1.1:8080                3         0           0          0         \n");
}

TEST(RulesText, ConnectionsTimeoutsAndDaemons) {
  EXPECT_EQ(
      list_connections("Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Expires PEName PEData\n"
                       "TCP 0A000001 CA16 0A000001 0050 0A000101 1F90 TIME_WAIT       119\n"
                       "TCP 0A000000 0000 0A000001 0050 0A000101 1F90 ASSURED         299\n"),
      "IPVS connection entries\n"
      "pro expire state       source             virtual            destination\n"
      "TCP 01:59  TIME_WAIT   10.0.0.1:51734     10.0.0.1:80        10.0.1.1:8080\n"
      "TCP 04:59  ASSURED     10.0.0.0:0         10.0.0.1:80        10.0.1.1:8080\n");
  EXPECT_EQ(list_timeouts({900, 120, 300}), "Timeout (tcp tcpfin udp): 900 120 300\n");
  const Daemon daemon{true, "lo", 3, 1472, *parse_endpoint("224.0.0.81:8848"), 1};
  EXPECT_EQ(list_daemons({daemon}),
            "master sync daemon (mcast=lo, syncid=3, maxlen=1472, group=224.0.0.81, port=8848, ttl=1)\n");
}

TEST(RulesText, ReadsTheLinesOfTheCourseNotes) {
  const ParsedRule service = parse_rule("ipvsadm  -A  -t  201.1.1.4:80  -s  rr");
  ASSERT_EQ(service.error, "");
  EXPECT_EQ(service.operation.kind, Kind::add_service);
  EXPECT_EQ(service.operation.service.scheduler, "rr");
  const ParsedRule server = parse_rule("ipvsadm  -a  -t  201.1.1.4:80  -r  192.168.4.3  -m  -w  2");
  ASSERT_EQ(server.error, "");
  EXPECT_EQ(to_string(server.operation.endpoint), "192.168.4.3:80");
  EXPECT_EQ(server.operation.destination.weight, 2U);
  EXPECT_EQ(server.operation.destination.forward, Forward::masq);
  EXPECT_TRUE(parse_rule("# a comment").empty);
}

TEST(RulesText, SaysWhatIsWrong) {
  EXPECT_EQ(parse_rule("-A -t web:80").error, "'web:80' is no numeric address (save with 'ipvsadm -Sn')");
  EXPECT_EQ(parse_rule("-A -t 10.0.0.1:80 -s best").error, "unknown scheduler 'best'");
  EXPECT_EQ(parse_rule("-a -t 10.0.0.1:80").error, "the line names no real server (-r)");
  EXPECT_EQ(parse_rule("-A -D -t 10.0.0.1:80").error, "more than one command in one line");
  EXPECT_EQ(parse_rule("-a -t 10.0.0.1:80 -r 10.0.0.2 -w x").error,
            "option '-w' needs a number from 0 to 65535, not 'x'");
  EXPECT_EQ(parse_rule("-A -s rr").error, "the line names no service (-t, -u, -f)");
}

TEST(RulesText, ATypoChangesNothing) {
  SimulatedKernel kernel;
  Shell shell;
  shell.in.str("-A -t 10.0.0.1:80 -s rr\n-a -t 10.0.0.1:80 -q\n");
  EXPECT_EQ(restore_command(kernel, shell.io), 1);
  EXPECT_TRUE(kernel.table.empty());
  EXPECT_EQ(shell.err.str(),
            "evenkeel lvs: line 2: unknown option '-q'\nevenkeel lvs: nothing has been changed\n");
}

TEST(RulesText, AnErrorOfTheKernelNamesItsLine) {
  SimulatedKernel kernel;
  Shell shell;
  shell.in.str("-A -t 10.0.0.1:80 -s rr\n-A -t 10.0.0.1:80 -s rr\n-a -t 10.0.0.9:80 -r 10.0.0.2 -m\n");
  EXPECT_EQ(restore_command(kernel, shell.io), 1);
  EXPECT_EQ(shell.err.str(),
            "evenkeel lvs: line 2: Service already exists\nevenkeel lvs: line 3: Service not defined\n");
  EXPECT_EQ(kernel.table.size(), 1U);
}

}  // namespace
}  // namespace evenkeel::lvs
