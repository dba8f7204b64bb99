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
  const auto helper = lvs::import_ipvsadm("-A -f 1162543104 -s rr\n-a -f 1162543104 -r 10.0.0.1:0 -g -w 1\n");
  EXPECT_FALSE(helper.usable);
  EXPECT_TRUE(helper.notes.empty());
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

// A configuration as it grows in ten years: macros, TLS, several pages, quorum, scripts, families, SCTP.
constexpr const char* kGrown = R"(! Configuration File for keepalived
$VIP=10.20.0.10
$CHECK = connect_timeout 3
global_defs {
   notification_email { ops@example.org }
   router_id LVS_DEVEL
}
include /etc/keepalived/conf.d/*.conf

virtual_server ${VIP} 443 {
    delay_loop 10
    lvs_sched wrr
    lvs_method DR
    persistence_timeout 600
    protocol TCP
    quorum 2
    hysteresis 1
    quorum_up "/usr/local/bin/announce $VIP"
    quorum_down "/usr/local/bin/withdraw $VIP"
    sorry_server 10.20.0.99 443
    sorry_server_inhibit
    alpha
    real_server 10.20.0.21 443 {
        weight 10
        inhibit_on_failure
        SSL_GET {
            url {
              path /status
              digest ff20ad2481f97b1754ef3e12ecd3a9cc
            }
            url {
              path "/deep health"
              status_code 200 204
              regex "all (systems )?well"
            }
            enable_sni
            $CHECK
            retry 2
            delay_before_retry 2
        }
        notify_down "/usr/local/bin/page down"
    }
    real_server 10.20.0.22 443 {
        weight 5
        inhibit_on_failure
        SSL_GET {
            url {
              path /status
            }
            connect_timeout 3
        }
    }
}

virtual_server $VIP 80 {
    lb_algo mh
    mh-port
    lb_kind NAT
    real_server 10.20.1.21 8080 {
        HTTP_GET {
            url {
              path /a
              regex "maintenance"
              regex_no_match
            }
            url {
              path /b
              status_code 200-299 301
              virtualhost b.example.org
            }
        }
        TCP_CHECK {
        }
    }
    real_server 10.20.1.22 8080 {
        MISC_CHECK {
            misc_path "/etc/keepalived/check 10.20.1.22"
            misc_dynamic
            user nobody
        }
    }
    real_server fd00::22 8080 {
        TCP_CHECK { }
    }
}

virtual_server 10.20.0.10 53 {
    protocol UDP
    ops
    lb_algo rr
    lb_kind NAT
    real_server 10.20.1.53 53 {
        DNS_CHECK {
            type A
            name example.org
        }
    }
}

virtual_server fd00::10 25 {
    lb_kind TUN
    lb_algo sed
    real_server fd00::25 25 {
        uthreshold 100
        lthreshold 80
        SMTP_CHECK {
            helo_name lb.example.org
        }
    }
}

virtual_server 10.20.0.10 2905 {
    protocol SCTP
    real_server 10.20.1.29 2905 {
    }
}

virtual_server 10.20.0.11 0 {
    real_server 10.20.1.29 0 {
    }
}
)";

TEST(LvsImport, ChecksOfTheVirtualAddressGoThroughTheServers) {
  const auto imported = lvs::import_keepalived(R"(
virtual_server 10.0.0.1 80 {
  lb_kind DR
  real_server 10.0.0.2 80 {
    TCP_CHECK {
      connect_ip 10.0.0.1
    }
  }
  real_server 10.0.0.3 80 {
    TCP_CHECK {
      connect_ip 10.0.0.1
    }
  }
}
)");
  EXPECT_THAT(imported.config, HasSubstr("    check-via vip\n    timeout check 5s\n"
                                         "    server s1 10.0.0.2 weight 1 check inter 60s fall 1 rise 1\n"));
  ASSERT_NE(accepted(imported), nullptr);
}

TEST(LvsImport, ReadsWhatHasGrown) {
  const auto imported = lvs::import_keepalived(kGrown);
  EXPECT_THAT(
      imported.config,
      HasSubstr(
          "listen tcp_10.20.0.10_443\n"
          "    bind 10.20.0.10:443\n"
          "    lvs dr scheduler wrr persistence 600s\n"
          "    option ssl-hello-chk\n"
          "    # SSL_GET:\n"
          "    #   option httpchk\n"
          "    #   http-check connect\n"
          "    #   http-check send meth GET uri /status\n"
          "    #   http-check expect status 200-299\n"
          "    #   http-check connect\n"
          "    #   http-check send meth GET uri '/deep health'\n"
          "    #   http-check expect status 200,204\n"
          "    #   http-check expect rstring 'all (systems )?well'\n"
          "    timeout check 3s\n"
          "    server s1 10.20.0.21 weight 10 check inter 10s fall 3 rise 1 fastinter 2s init-state down\n"
          "    server s2 10.20.0.22 weight 5 check inter 10s fall 1 rise 1 init-state down\n"
          "    server s3 10.20.0.99 weight 1 backup\n"));
  EXPECT_THAT(imported.config, HasSubstr("    lvs nat scheduler mh flags mh-port\n"
                                         "    lvs-down remove\n"
                                         "    option httpchk\n"
                                         "    http-check connect\n"
                                         "    http-check send meth GET uri /a\n"
                                         "    http-check expect status 200-299\n"
                                         "    http-check expect ! rstring maintenance\n"
                                         "    http-check connect\n"
                                         "    http-check send meth GET uri /b hdr Host b.example.org\n"
                                         "    http-check expect status 200-299,301\n"));
  EXPECT_THAT(imported.config, HasSubstr("    lvs tun scheduler sed\n"));
  std::string notes;
  for (const std::string& note : imported.notes) notes += note + "\n";
  for (const char* text :
       {"'global_defs' is VRRP's", "'/etc/keepalived/conf.d/*.conf' is not read along",
        "quorum tcp_10.20.0.10_443:2", "'hysteresis' has no counterpart", "'quorum_up' has no counterpart",
        "'quorum_down' has no counterpart", "'sorry_server_inhibit' has no counterpart",
        "'SSL_GET' has no full counterpart", "'digest' has no counterpart", "'enable_sni' has no counterpart",
        "'notify_down' has no counterpart", "'TCP_CHECK' is left out", "arguments of a check program",
        "'misc_dynamic' has no counterpart", "'user' has no counterpart", "of another family",
        "SCTP services have no counterpart", "all ports only with persistence",
        "a section has one kind of check"})
    EXPECT_THAT(notes, HasSubstr(text));
  const auto def = accepted(imported);
  ASSERT_NE(def, nullptr);
  EXPECT_EQ(def->sections.size(), 4U);
}

TEST(LvsImport, ReadsChecksByDatagrams) {
  const auto imported = lvs::import_keepalived(R"(
virtual_server 192.168.4.5 53 {
    protocol UDP
    real_server 192.168.2.1 53 {
        DNS_CHECK {
            type A
            name www.example.org
        }
    }
}
virtual_server 192.168.4.5 54 {
    protocol UDP
    real_server 192.168.2.1 54 {
        UDP_CHECK {
            payload 0a0B
            require_reply 0c
            min_reply_length 2
            max_reply_length 9
        }
    }
}
virtual_server 192.168.4.5 55 {
    protocol UDP
    real_server 192.168.2.1 55 {
        TCP_CHECK { }
    }
    real_server 192.168.2.2 55 {
        UDP_CHECK { }
    }
}
)");
  EXPECT_THAT(imported.config, HasSubstr("    option dns-check type A name www.example.org\n"));
  EXPECT_THAT(imported.config,
              HasSubstr("    option udp-check send-binary 0a0B require-reply expect binary 0c "
                        "min-reply 2 max-reply 9\n"));
  EXPECT_THAT(imported.config,
              HasSubstr("server s1 192.168.2.1:55 weight 1 check inter 60s fall 1 rise 1 port 55"));
  EXPECT_THAT(imported.notes, ElementsAre(HasSubstr("a section has one kind of check")));
  const auto def = accepted(imported);
  ASSERT_NE(def, nullptr);
  EXPECT_EQ(def->sections.size(), 3U);
}

TEST(LvsImport, SurvivesAnything) {
  for (const char* text :
       {"", "{", "}", "virtual_server {", "virtual_server 1.2.3.4 80 { real_server", "\"",
        "virtual_server x y { }", "virtual_server group none { }", "$", "$A", "$A=", "$A=${A\n$A", "${"}) {
    EXPECT_FALSE(lvs::import_keepalived(text).usable && *text == '}') << text;
    lvs::import_ipvsadm(text);
  }
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += "a {";
  EXPECT_FALSE(lvs::import_keepalived(deep).usable);
}

}  // namespace
}  // namespace evenkeel::app
