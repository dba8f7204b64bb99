#!/usr/bin/env python3
"""Lab 6: the HAProxy lab of section 6 of the notes, and the two lines at its end: haproxy.py EVENKEEL.

First the notes' haproxy.cfg word by word, with the addresses of the notes and the statistics page; then the pair
"Haproxy+Keepalived" with Evenkeel in HAProxy's place; then what the notes praise in Nginx, layer 7 by regular
expression. What HAProxy (and nginx) do with the same is shown beside it where they are installed.
"""
import collections
import os
import re
import shutil

import netlab
from netlab import balancer, check, end, eventually, fetch, holds, inside, keepalived, say, tell, write

NETWORK = {"client": [("eth0", "vmnet4", "192.168.4.10/24")],
           "proxy": [("eth0", "vmnet4", "192.168.4.5/24"), ("eth1", "vmnet2", "192.168.2.5/24")],
           "backup": [("eth0", "vmnet4", "192.168.4.6/24"), ("eth1", "vmnet2", "192.168.2.6/24")],
           "web1": [("eth0", "vmnet2", "192.168.2.100/24")],
           "web2": [("eth0", "vmnet2", "192.168.2.200/24")]}
WEBS = {"web1": "192.168.2.100", "web2": "192.168.2.200"}
VIP = "192.168.4.80"

# The two sections as the notes have them; before them, what CentOS ships in /etc/haproxy/haproxy.cfg and the notes
# leave as it is.
DEFAULTS = """global
    maxconn 4000
    stats socket {folder}/{host}.sock mode 600 level admin
defaults
    mode http
    option redispatch
    retries 3
    timeout http-request 10s
    timeout queue 1m
    timeout connect 10s
    timeout client 1m
    timeout server 1m
    maxconn 3000
"""
NOTES = DEFAULTS + """listen stats 0.0.0.0:80
    balance  roundrobin
    server web1 192.168.2.100:80 check inter 2s rise 2 fall 3 weight 2
    server web2 192.168.2.200:80 check inter 2s rise 2 fall 3 weight 1
listen stats *:1080
    stats refresh 30s
    stats uri /stats
    stats realm Haproxy Manager
    stats auth admin:admin
"""
# The same for HAProxy of today, which no longer reads it.
MODERN = NOTES.replace("listen stats 0.0.0.0:80\n", "listen web\n    bind 0.0.0.0:80\n").replace(
    "listen stats *:1080\n", "listen stats\n    bind *:1080\n").replace("Haproxy Manager", '"Haproxy Manager"')


def conf(name, host, text):
    return write(name, text.format(folder=netlab.folder, host=host))


def have(program):
    return shutil.which(program) is not None


def counted(address, times):
    return dict(sorted(collections.Counter(fetch("client", address).strip() for _ in range(times)).items()))


def page(path="/stats", *options):
    return fetch("client", f"192.168.4.5:1080{path}", *options)


def csv_of(name):
    lines = [line.split(",") for line in page("/stats;csv", "-u", "admin:admin").splitlines()]
    return {line[1]: line[17] for line in lines if line[0] == name}


def watch(program, text, section, kind):
    """What a person sees who does the lab; returns the answers that depend on the balancer alone."""
    proxy = balancer("proxy", program, conf(f"{kind}.cfg", "proxy", text), "proxy.sock")
    eventually(lambda: fetch("client", "192.168.4.5") != "", "an answer")
    eventually(lambda: csv_of(section).get("web2") == "UP", "both servers up")
    seen = {"two to one": counted("192.168.4.5", 30)}
    seen["without a password"] = page("/stats", "-o", "/dev/null", "-w", "%{http_code}")
    seen["admin:wrong"] = page("/stats", "-u", "admin:wrong", "-o", "/dev/null", "-w", "%{http_code}")
    whole = page("/stats", "-u", "admin:admin", "-D", "-")
    seen["admin:admin"] = whole.split()[1]
    seen["refresh"] = re.search(r"""(?i)refresh:? ?["']?(?: content=["']?)?(\d+)""", whole)[1]
    realm = re.search(r'(?im)^www-authenticate: (.*?)\r?$', page("/stats", "-D", "-", "-o", "/dev/null"))[1]
    seen["realm"] = realm
    seen["page names"] = sorted(set(re.findall(r"\bweb[12]\b", whole)))
    end(webs.pop("web1"))
    took = eventually(lambda: csv_of(section).get("web1") == "DOWN", "web1 down", patience=15)
    assert took <= 8, "fall 3 at inter 2s"
    seen["web1 is gone"] = counted("192.168.4.5", 6)
    webs["web1"] = netlab.nginx("web1", WEBS["web1"])
    back = eventually(lambda: csv_of(section).get("web1") == "UP", "web1 up", patience=15)
    seen["web1 is back"] = counted("192.168.4.5", 30)
    for what, value in seen.items():
        tell(f"{kind}: {what}: {value}")
    tell(f"{kind}: DOWN seen after {took:.1f} s, UP after {back:.1f} s")
    end(proxy)
    return seen


webs = {}


def notes_lab():
    say("section 6: haproxy.cfg of the notes")
    old = conf("notes.cfg", "proxy", NOTES)
    tested = inside("proxy", netlab.evenkeel, "-c", "-f", old, check=False)
    check("evenkeel -c accepts the notes' file as it is", 0, tested.returncode)
    for line in tested.stderr.splitlines():
        if "WARNING" in line:
            tell(line)
    seen = watch(netlab.evenkeel, NOTES, "stats", "evenkeel")
    assert seen["two to one"] == {"192.168.2.100": 20, "192.168.2.200": 10}, seen
    assert seen["without a password"] == "401" and seen["admin:wrong"] == "401" and seen["admin:admin"] == "200"
    assert seen["web1 is gone"] == {"192.168.2.200": 6}, seen
    if not have("haproxy"):
        return tell("haproxy is not installed: no comparison")
    tested = inside("proxy", "haproxy", "-c", "-f", old, check=False)
    if tested.returncode != 0:
        tell("haproxy: " + next(line for line in tested.stderr.splitlines() if "parsing" in line))
    theirs = watch("haproxy", MODERN, "web", "haproxy")
    check("HAProxy, given today's words, shows the same", theirs, seen)


KEEPALIVED = """global_defs {{
    router_id {host}
    enable_script_security
    script_user root
}}
vrrp_script chk {{
    script "{evenkeel} health --socket {folder}/{host}.sock --timeout 800ms"
    interval 1
    timeout 1
    fall 1
    rise 2
}}
vrrp_instance VI_1 {{
    state {state}
    interface eth0
    virtual_router_id 51
    priority {priority}
    advert_int 1
    authentication {{
        auth_type PASS
        auth_pass 1111
    }}
    virtual_ipaddress {{
        192.168.4.80
    }}
    track_script {{
        chk
    }}
}}
"""


def pair_lab():
    say("Haproxy+Keepalived of the notes, with Evenkeel")
    machines = {"proxy": 100, "backup": 50}
    proxies = {host: balancer(host, netlab.evenkeel, conf(f"pair-{host}.cfg", host, NOTES), f"{host}.sock")
               for host in machines}
    vrrp = [keepalived(host, KEEPALIVED.format(host=host, evenkeel=netlab.evenkeel, folder=netlab.folder,
                                               state="MASTER" if priority == 100 else "BACKUP", priority=priority))
            for host, priority in machines.items()]
    eventually(lambda: holds("proxy", VIP) and not holds("backup", VIP), "the address on the first")
    eventually(lambda: counted(VIP, 3) == {"192.168.2.100": 2, "192.168.2.200": 1}, "two to one at the address")
    tell(f"curl {VIP} three times: two from web1, one from web2")
    end(proxies["proxy"], netlab.signal.SIGKILL)
    took = eventually(lambda: fetch("client", VIP, "-m", "1") in ("192.168.2.100\n", "192.168.2.200\n"), "the backup's answer")
    assert holds("backup", VIP)
    tell(f"the proxy on the master is killed: the backup answers after {took:.2f} s")
    check("two to one there, too", {"192.168.2.100": 20, "192.168.2.200": 10}, counted(VIP, 30))
    os.remove(f"{netlab.folder}/proxy.sock")
    proxies["proxy"] = balancer("proxy", netlab.evenkeel, conf("pair-proxy.cfg", "proxy", NOTES), "proxy.sock")
    took = eventually(lambda: holds("proxy", VIP) and not holds("backup", VIP), "the address back")
    tell(f"started again: the master has the address after {took:.2f} s")
    for child in [*vrrp, *proxies.values()]:
        end(child)


REGEX = DEFAULTS + """frontend www
    bind 192.168.4.5:80
    acl static path_reg -i \\.(png|jpe?g|gif|css|js)$
    acl php path_reg \\.php(/|$)
    acl user path_reg ^/u/[0-9]+$
    http-request replace-path ^/u/([0-9]+)$ /user.php/\\1 if user
    use_backend static if static
    use_backend php if php or user
    default_backend static
backend static
    server web1 192.168.2.100:80
backend php
    server web2 192.168.2.200:80
"""
NGINX_LOCATIONS = """location ~* \\.(png|jpe?g|gif|css|js)$ { proxy_pass http://192.168.2.100; }
    location ~ \\.php(/|$) { proxy_pass http://192.168.2.200; }
    location ~ ^/u/([0-9]+)$ { proxy_pass http://192.168.2.200/user.php/$1; }
    location / { proxy_pass http://192.168.2.100; }"""
PATHS = ("/", "/index.html", "/index.php", "/a/b.php?x=/c.png", "/logo.png", "/LOGO.PNG", "/x.jpg", "/x.jpeg", "/x.jpeeg",
         "/png", "/app.js?v=2", "/app.json", "/index.php/path", "/index.PHP", "/u/12", "/u/12a", "/indexphp")


def regex_lab():
    say("Nginx's row: layer 7 by regular expression")
    for web in list(webs):
        end(webs.pop(web))
    for web in WEBS:
        webs[web] = netlab.nginx(web, locations=f'location / {{ return 200 "{web} $request_uri\\n"; }}')
    programs = {"evenkeel": lambda: balancer("proxy", netlab.evenkeel, conf("regex.cfg", "proxy", REGEX), "proxy.sock")}
    if have("haproxy"):
        programs["haproxy"] = lambda: balancer("proxy", "haproxy", conf("regex.cfg", "proxy", REGEX), "proxy.sock")
    programs["nginx"] = lambda: netlab.nginx("proxy", locations=NGINX_LOCATIONS)
    seen = {}
    for name, begin in programs.items():
        child = begin()
        eventually(lambda: fetch("client", "192.168.4.5/") != "", "an answer")
        seen[name] = [fetch("client", f"192.168.4.5{path}").strip() for path in PATHS]
        end(child)
    for path, answer in zip(PATHS, seen["evenkeel"]):
        tell(f"{path:20} {answer}")
    want = [answer.split()[0] for answer in seen["evenkeel"]]
    assert want == ["web1", "web1", "web2", "web2", "web1", "web1", "web1", "web1", "web1", "web1", "web1", "web1", "web2",
                    "web1", "web2", "web1", "web1"], want
    for name in list(programs)[1:]:
        check(f"{name} answers the same", seen["evenkeel"], seen[name])


def lab():
    for web, text in WEBS.items():
        webs[web] = netlab.nginx(web, text)
    notes_lab()
    pair_lab()
    regex_lab()


if __name__ == "__main__":
    netlab.play(lab, NETWORK, ("keepalived", "nginx"))
