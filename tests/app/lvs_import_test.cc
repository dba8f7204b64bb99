#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "loading.h"
#include "lvs/import.h"

namespace evenkeel::app {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// What is made has to be a configuration.
std::shared_ptr<const lvs::Def> accepted(const lvs::Imported& imported) {
  const auto loaded = load(imported.config);
  EXPECT_TRUE(loaded->accepted()) << imported.config << loaded->messages();
  EXPECT_EQ(loaded->messages(false), "");
  return loaded->result.lvs;
}

TEST(LvsImport, ReadsRulesOfIpvsadm) {
  const auto imported = lvs::import_ipvsadm(
      "-A -t 10.0.0.1:80 -s wlc -p 300 -M 255.255.255.0\n"
      "-a -t 10.0.0.1:80 -r 10.0.1.1:8080 -m -w 3 -x 100 -y 50\n"
      "-a -t 10.0.0.1:80 -r 10.0.1.2:8080 -m -w 0\n"
      "-A -u 10.0.0.1:54 -s rr -o\n"
      "-a -u 10.0.0.1:54 -r 10.0.1.3:54 -i -w 1 --tun-type gue --tun-port 6080 --tun-nocsum\n"
      "-A -t [fd00::1]:443 -s sed -p 60 -M 64\n"
      "-a -t [fd00::1]:443 -r [fd00::2]:443 -m -w 1\n"
      "-A -f 7 -s mh -b mh-fallback,mh-port\n"
      "-a -f 7 -r 10.0.1.9:0 -g -w 1\n");
  EXPECT_THAT(imported.notes, IsEmpty());
  EXPECT_EQ(imported.config,
            "# Made from rules of ipvsadm; add 'check' to the servers whose health is to count.\n"
            "defaults\n    mode tcp\n    timeout connect 5s\n    timeout client 15m\n    timeout server 15m\n"
            "\nlisten tcp_10.0.0.1_80\n"
            "    bind 10.0.0.1:80\n"
            "    lvs nat scheduler wlc persistence 300s 255.255.255.0\n"
            "    server s1 10.0.1.1:8080 weight 3 maxconn 100 minconn 50\n"
            "    server s2 10.0.1.2:8080 weight 0\n"
            "\nlisten udp_10.0.0.1_54\n"
            "    mode udp\n"
            "    bind 10.0.0.1:54\n"
            "    lvs tun scheduler rr flags ops encap gue:6080\n"
            "    server s1 10.0.1.3 weight 1\n"
            "\nlisten tcp_fd00--1_443\n"
            "    bind [fd00::1]:443\n"
            "    lvs nat scheduler sed persistence 60s /64\n"
            "    server s1 [fd00::2]:443 weight 1\n"
            "\nlisten mark_7\n"
            "    lvs dr scheduler mh fwmark 7 flags mh-fallback,mh-port\n"
            "    server s1 10.0.1.9 weight 1\n");
  const auto def = accepted(imported);
  ASSERT_NE(def, nullptr);
  EXPECT_EQ(def->sections.size(), 4U);
}

TEST(LvsImport, NamesWhatRulesCannotBecome) {
  const auto imported = lvs::import_ipvsadm(
      "-A -t 10.0.0.1:80 -s rr\n-a -t 10.0.0.1:80 -r 10.0.1.1:80 -m\n-a -t 10.0.0.1:80 -r 10.0.1.2:80 -g\n"
      "-A -u 10.0.0.1:5060 -s rr -p 60 --pe sip\nnonsense\n-a -t 10.9.9.9:80 -r 10.0.1.1 -m\n");
  EXPECT_THAT(imported.notes,
              ElementsAre(HasSubstr("line 3: a section forwards to all its servers in one way"),
                          HasSubstr("line 4: persistence engine 'sip'"), HasSubstr("line 5: unknown option"),
                          HasSubstr("line 6: its service is not defined")));
  EXPECT_FALSE(lvs::import_ipvsadm("# nothing\n").usable);
}

// The director of the course notes, 002 section 5, its VRRP part and misspellings included.
constexpr const char* kNotes = R"(global_defs {
  router_id  lvs1
  vrrp_iptables
}
vrrp_instance VI_1 {
  state MASTER
  virtual_ipaddress {
    192.168.4.15   ## the VIP
  }
}
virtual_server 192.168.4.15 80 {
  lb_algo rr
  lb_kind DR
  #persistence_timeout 50
  protocol TCP
  real_server 192.168.4.100 80 {
    weight 1
    TCP_CHECK {
      connect_timeout 3
      nb_get_retry 3
      delay_before_retry 3
    }
  }
  real_server 192.168.4.200 80 {
    weight 1
    TCP_CHECK {
      connect_timeout 3
      nb_get_retry 3
      delay_before_retry 3
    }
  }
}
)";

TEST(LvsImport, ReadsTheDirectorOfTheNotes) {
  const auto imported = lvs::import_keepalived(kNotes);
  EXPECT_THAT(imported.notes, ElementsAre(HasSubstr("line 1: 'global_defs' is VRRP's"),
                                          HasSubstr("line 5: 'vrrp_instance' is VRRP's")));
  EXPECT_THAT(imported.config,
              HasSubstr("listen tcp_192.168.4.15_80\n"
                        "    bind 192.168.4.15:80\n"
                        "    lvs dr scheduler rr\n"
                        "    lvs-down remove\n"
                        "    timeout check 3s\n"
                        "    server s1 192.168.4.100 weight 1 check inter 60s fall 4 rise 1 fastinter 3s\n"
                        "    server s2 192.168.4.200 weight 1 check inter 60s fall 4 rise 1 fastinter 3s\n"));
  ASSERT_NE(accepted(imported), nullptr);
}

TEST(LvsImport, ReadsChecksGroupsAndSpareServers) {
  const auto imported = lvs::import_keepalived(R"(
virtual_server_group web {
  10.0.0.1 80
  10.0.0.2 80
}
virtual_server group web
{
  delay_loop 6
  lb_algo wlc
  lb_kind NAT
  persistence_timeout 50
  persistence_granularity 255.255.255.0
  virtualhost www.example.org
  quorum 2
  sorry_server 10.0.1.250 80
  inhibit_on_failure
  real_server 10.0.1.1 8080 {
    weight 3
    HTTP_GET {
      url {
        path /health
        digest 640205b7b0fc66c1ea91c463fac6334d
        status_code 200
      }
      connect_timeout 2
    }
  }
}
virtual_server fwmark 7 {
  lb_kind TUN
  protocol UDP
  real_server 10.0.1.3 0 {
    MISC_CHECK {
      misc_path "/usr/local/bin/check dns"
      misc_timeout 4
    }
  }
}
)");
  EXPECT_THAT(imported.notes,
              ElementsAre(HasSubstr("'quorum' has no counterpart"), HasSubstr("'digest' has no counterpart"),
                          HasSubstr("arguments of a check program have no counterpart"),
                          HasSubstr("the check has no port; 80 is assumed")));
  EXPECT_THAT(imported.config, HasSubstr("    bind 10.0.0.1:80\n    bind 10.0.0.2:80\n"
                                         "    lvs nat scheduler wlc persistence 50s 255.255.255.0\n"
                                         "    option httpchk\n"
                                         "    http-check send meth GET uri /health hdr Host www.example.org\n"
                                         "    http-check expect status 200\n"
                                         "    timeout check 2s\n"
                                         "    server s1 10.0.1.1:8080 weight 3 check inter 6s fall 1 rise 1\n"
                                         "    server s2 10.0.1.250:80 weight 1 backup\n"));
  EXPECT_THAT(imported.config, HasSubstr("    lvs tun scheduler wlc fwmark 7\n"));
  ASSERT_NE(accepted(imported), nullptr);
}

TEST(LvsImport, SurvivesAnything) {
  for (const char* text : {"", "{", "}", "virtual_server {", "virtual_server 1.2.3.4 80 { real_server", "\"",
                           "virtual_server x y { }", "virtual_server group none { }"}) {
    EXPECT_FALSE(lvs::import_keepalived(text).usable && *text == '}') << text;
    lvs::import_ipvsadm(text);
  }
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += "a {";
  EXPECT_FALSE(lvs::import_keepalived(deep).usable);
}

}  // namespace
}  // namespace evenkeel::app
