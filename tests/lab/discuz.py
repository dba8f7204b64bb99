#!/usr/bin/env python3
"""Lab 7: the forum of the notes on separate machines: discuz.py EVENKEEL.

Apache and PHP on node2 and node3, MariaDB on node1, the balancer on node4, with the addresses of the notes. The
forum is the lab's own and keeps users, posts and login sessions in the database. First behind LVS-NAT: node4 is then a
QEMU guest, whose kernel has IPVS; where there is no QEMU it is in user space. Then on layer 7 with a cookie that keeps
a user on a server. A user is logged in, with curl and where there is Chromium with that, and stays so when the
server dies.
"""
import os
import re
import shutil
import subprocess

import netlab
from netlab import Missing, balancer, cli, end, eventually, fetch, inside, say, start, tell, write

NETWORK = {"client": [("eth0", "outside", "201.1.1.10/24")],
           "node1": [("eth0", "inside", "192.168.4.1/24")],
           "node2": [("eth0", "inside", "192.168.4.2/24")],
           "node3": [("eth0", "inside", "192.168.4.3/24")],
           "node4": [("eth0", "inside", "192.168.4.4/24"), ("eth2", "outside", "201.1.1.4/24")]}
HERE = os.path.dirname(os.path.abspath(__file__))
WEBS = {"node2": "192.168.4.2", "node3": "192.168.4.3"}
URL = "http://201.1.1.4/bbs/"
running = {}
GUEST = """modprobe virtio_pci && modprobe virtio_net || exit
ip address add 192.168.4.4/24 dev eth0
ip address add 201.1.1.4/24 dev eth1
ip link set eth0 up
ip link set eth1 up
sysctl -qw net.ipv4.ip_forward=1
cat >/run/node4.cfg <<'CFG'
{config}CFG
evenkeel -db -f /run/node4.cfg
"""

SQL = """CREATE DATABASE bbs;
GRANT ALL ON *.* TO 'admin'@'192.168.4.%' IDENTIFIED BY 'tedu.cn';
CREATE TABLE bbs.sessions (id VARCHAR(64) PRIMARY KEY, data TEXT NOT NULL, touched TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP);
CREATE TABLE bbs.users (name VARCHAR(32) PRIMARY KEY, password VARCHAR(255) NOT NULL);
CREATE TABLE bbs.posts (id INT AUTO_INCREMENT PRIMARY KEY, author VARCHAR(32) NOT NULL, text TEXT NOT NULL);
INSERT INTO bbs.users VALUES ('ann', '{ann}'), ('bob', '{bob}');
"""

APACHE = """ServerRoot {folder}
ServerName {host}
PidFile {folder}/{host}.apache.pid
DefaultRuntimeDir {folder}/{host}.run
Listen 80
User www-data
Group www-data
LoadModule mpm_event_module {modules}/mod_mpm_event.so
LoadModule authz_core_module {modules}/mod_authz_core.so
LoadModule dir_module {modules}/mod_dir.so
LoadModule mime_module {modules}/mod_mime.so
LoadModule proxy_module {modules}/mod_proxy.so
LoadModule proxy_fcgi_module {modules}/mod_proxy_fcgi.so
TypesConfig /dev/null
ErrorLog {folder}/apache-{host}.log
StartServers 1
DocumentRoot {folder}/{host}.www
DirectoryIndex index.html index.php
<FilesMatch \\.php$>
    SetHandler "proxy:unix:{folder}/{host}.php|fcgi://localhost"
</FilesMatch>
"""
PHP = """[global]
error_log = {folder}/php-{host}.log
pid = {folder}/{host}.php.pid
[www]
user = www-data
group = www-data
listen = {folder}/{host}.php
listen.owner = www-data
pm = static
pm.max_children = 3
env[NODE] = {host}
env[DB] = "mysql:host=192.168.4.1;dbname=bbs"
"""


def php_fpm():
    found = sorted(name for name in os.listdir("/usr/sbin") if name.startswith("php-fpm"))
    if not found or not os.path.isdir("/usr/lib/apache2/modules"):
        raise Missing("needs php-fpm and apache2")
    return found[-1]


def database():
    folder = netlab.folder
    installer = shutil.which("mariadb-install-db")
    if not installer or not shutil.which("mariadbd"):
        raise Missing("needs mariadb-server")
    data = f"{folder}/mysql"
    netlab.run(installer, "--no-defaults", "--user=root", f"--datadir={data}", "--skip-test-db",
               "--auth-root-authentication-method=normal", timeout=60)
    hashes = {name: netlab.run("php", "-r", f"echo password_hash('{password}', PASSWORD_BCRYPT, ['cost' => 4]);").stdout
              for name, password in (("ann", "swordfish"), ("bob", "hunter2"))}
    init = write("init.sql", SQL.format(**hashes))
    start("node1", "mariadbd", "--no-defaults", "--user=root", f"--datadir={data}", f"--socket={folder}/mysql.sock",
          f"--pid-file={folder}/mysql.pid", "--bind-address=192.168.4.1", "--skip-name-resolve",
          "--innodb-buffer-pool-size=32M", "--innodb-flush-log-at-trx-commit=0", f"--init-file={init}", log="mariadb")
    ready = lambda: inside("node2", "mariadb", "--no-defaults", "-h", "192.168.4.1", "-uadmin", "-ptedu.cn", "bbs", "-e",
                           "SELECT COUNT(*) FROM posts", check=False).returncode == 0
    took = eventually(ready, "the database", patience=60, pause=0.2)
    tell(f"node1: MariaDB answers node2 after {took:.1f} s")


def web(host):
    folder = netlab.folder
    site = f"{folder}/{host}.www"
    os.makedirs(f"{site}/bbs", exist_ok=True)
    os.makedirs(f"{folder}/{host}.run", exist_ok=True)
    shutil.copy(f"{HERE}/discuz/index.php", f"{site}/bbs/index.php")
    write(f"{host}.www/index.html", f"{host}\n")  # "different pages on both, to tell them apart"
    php = write(f"php-{host}.conf", PHP.format(folder=folder, host=host))
    conf = write(f"apache-{host}.conf", APACHE.format(folder=folder, host=host, modules="/usr/lib/apache2/modules"))
    running[host] = [start(host, php_fpm(), "-F", "-y", php, "-n", "-d", "extension=pdo", "-d", "extension=mysqlnd", "-d",
                           "extension=pdo_mysql", "-d", "extension=session", log=f"fpm-{host}"),
                     start(host, "apache2", "-DFOREGROUND", "-f", conf, log=f"httpd-{host}")]
    eventually(lambda: "BBS" in fetch(host, "127.0.0.1/bbs/"), f"the forum on {host}", patience=30, pause=0.1)


def die(host):
    for child in running.pop(host):
        end(child, netlab.signal.SIGKILL)


class User:
    """curl with a jar of cookies."""

    def __init__(self, name):
        self.jar = f"{netlab.folder}/{name}.jar"

    def get(self, *data):
        page = fetch("client", URL, "-b", self.jar, "-c", self.jar, *[word for pair in data for word in ("-d", pair)])
        part = lambda name: (re.search(rf'id="{name}">([^<]*)<', page) or ["", ""])[1]
        return part("node"), part("user"), int(part("pages") or 0), page.count("<li>")


class Browser:
    """Chromium, driven by discuz/browser.mjs."""

    def __init__(self):
        self.child = subprocess.Popen([*netlab.enter("client"), "node", f"{HERE}/discuz/browser.mjs", URL],
                                      stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                      start_new_session=True)
        netlab.children.append(self.child)

    def seen(self):
        line = self.child.stdout.readline().split()
        assert len(line) == 4, self.child.stderr.read()
        return line[0], line[1], int(line[2]), int(line[3])

    def again(self):
        self.child.stdin.write("\n")
        self.child.stdin.flush()
        return self.seen()

    def close(self):
        self.child.stdin.close()
        self.child.wait(10)
        netlab.children.remove(self.child)

    @staticmethod
    def missing():
        for program in ("node", "chromium"):
            if not shutil.which(program):
                return f"{program} is missing"
        return "" if os.path.isdir(f"{HERE}/../browser/node_modules/playwright-core") else \
            "tests/browser has not been run (npm ci)"


CONFIG = """global
    stats socket {socket}
defaults
    timeout connect 2s
    timeout client 30s
    timeout server 30s
    retries 2
    option redispatch
    default-server inter 300ms fall 2 rise 1
"""
NAT = CONFIG + """listen bbs
    mode tcp
    bind 201.1.1.4:80
    balance roundrobin
    lvs nat scheduler rr fallback {fallback}
    server node2 192.168.4.2:80 check
    server node3 192.168.4.3:80 check
"""
LAYER7 = CONFIG + """listen bbs
    mode http
    bind 201.1.1.4:80
    balance roundrobin
    option httpchk GET /index.html
    cookie SERVER insert indirect nocache
    server node2 192.168.4.2:80 check cookie n2
    server node3 192.168.4.3:80 check cookie n3
"""


def director(text, fallback="none"):
    global runtime
    runtime = lambda command: cli("node4.sock", command)
    text = text.format(socket=f"{netlab.folder}/node4.sock mode 600 level admin", fallback=fallback)
    proxy = balancer("node4", netlab.evenkeel, write("node4.cfg", text), "node4.sock")
    eventually(lambda: state("node2") == state("node3") == "UP", "both servers up")
    return proxy


def director_in_a_guest():
    """None: there is no guest on this machine."""
    global runtime
    runtime = lambda command: inside("node2", "socat", "-t", "5", "-", "tcp:192.168.4.4:9999,connect-timeout=2", check=False,
                                     input=command + "\n").stdout
    for interface in ("eth0", "eth2"):  # the guest has these addresses now
        inside("node4", "ip", "link", "set", interface, "down")
    config = NAT.format(socket="ipv4@192.168.4.4:9999 level admin", fallback="none")
    guest = netlab.guest("guest", ("inside", "outside"), GUEST.format(config=config), 140)
    eventually(lambda: guest.poll() is not None or state("node2") == state("node3") == "UP", "both servers up",
               patience=100, pause=0.5)
    if guest.poll() is None:
        return guest
    leave_the_guest(guest)
    if guest.returncode != 77:
        raise AssertionError("the guest ended:\n" + netlab.log_of("guest"))
    return None


def leave_the_guest(guest):
    end(guest)
    for interface in ("eth0", "eth2"):
        inside("node4", "ip", "link", "set", interface, "up")
    for host in NETWORK:  # they know the guest's card by these addresses
        inside(host, "ip", "neighbour", "flush", "all")


def state(name):
    lines = [line.split(",") for line in runtime("show stat").splitlines()]
    return next((line[17] for line in lines if line[:2] == ["bbs", name]), "")


def down(name):
    return state(name).startswith("DOWN")


def behind_nat():
    say("behind NAT, as the notes do it")
    for host in WEBS:
        inside(host, "ip", "route", "add", "default", "via", "192.168.4.4")
    guest = director_in_a_guest()
    if guest:
        table = runtime("show lvs").rstrip()
        tell("the plane: the kernel of a guest\n" + table)
        assert table.count("Masq") == 2, table
    else:
        inside("node4", "sysctl", "-qw", "net.ipv4.ip_forward=1")
        proxy = director(NAT, "proxy")
        user_space = "is served in user space" in netlab.log_of(os.path.basename(netlab.evenkeel) + "-node4")
        tell(f"no guest here; the plane: {'user space' if user_space else 'the kernel of this machine'}")
    pages = [fetch("client", "201.1.1.4").strip() for _ in range(6)]
    tell(f"curl http://201.1.1.4 six times: {' '.join(pages)}")
    assert sorted(pages) == ["node2"] * 3 + ["node3"] * 3 and all(a != b for a, b in zip(pages, pages[1:])), pages
    bob = User("bob")
    assert bob.get("user=bob", "password=wrong")[1] == "", "a wrong password"
    node, user, _, _ = bob.get("user=bob", "password=hunter2")
    assert user == "bob", "the right one"
    tell(f"bob logs in on {node}")
    looks = [bob.get() for _ in range(6)]
    assert {look[0] for look in looks} == set(WEBS) and all(look[1] == "bob" for look in looks), looks
    tell(f"six pages of {' '.join(look[0] for look in looks)}: always {looks[0][1]}, the session is in the database")
    die("node3")
    eventually(lambda: down("node3"), "node3 down")
    looks = [bob.get() for _ in range(4)]
    assert all(look[:2] == ("node2", "bob") for look in looks), looks
    tell("node3 dies: four pages of node2, still bob")
    web("node3")
    if guest:
        leave_the_guest(guest)
    else:
        end(proxy)


def layer7():
    say("on layer 7 with cookie persistence")
    proxy = director(LAYER7)
    ann = User("ann")
    first = ann.get()[0]
    node, user, _, _ = ann.get("user=ann", "password=swordfish")
    ann.get("text=hello")
    looks = [ann.get() for _ in range(6)]
    assert user == "ann" and all(look[:2] == (first, "ann") for look in looks), looks
    with open(ann.jar) as f:
        cookie = re.search(r"SERVER\t(\S+)", f.read())[1]
    tell(f"ann logs in on {node}, cookie SERVER={cookie}; six pages, all of {first}, pages counted to {looks[-1][2]}")
    browser = None if Browser.missing() else Browser()
    if browser:
        where, user, pages, posts = browser.seen()
        tell(f"Chromium logs in and posts: server {where}, user {user}, {pages} pages, {posts} posts")
        assert user == "ann" and browser.again()[:2] == (where, "ann")
    else:
        tell(f"no browser: {Browser.missing()}; curl alone")
    for victim in sorted({first, where if browser else first}):
        other = next(host for host in WEBS if host != victim)
        die(victim)
        # At once: connection refused, tried again, redispatched. Checks have not seen it yet.
        look = ann.get()
        assert look[:2] == (other, "ann"), look
        tell(f"{victim} dies; ann's next page, before any check has failed: server {look[0]}, user {look[1]}")
        if browser:
            look = browser.again()
            tell(f"Chromium's next page: server {look[0]}, user {look[1]}, {look[2]} pages, {look[3]} posts")
            assert look[:2] == (other, "ann"), look
        eventually(lambda: down(victim), f"{victim} down")
        looks = [ann.get() for _ in range(3)]
        assert all(look[:2] == (other, "ann") for look in looks), looks
        web(victim)
        eventually(lambda: state(victim) == "UP", f"{victim} up")
        assert ann.get()[:2] == (other, "ann"), "who has moved stays: the cookie has moved with her"
    tell("started again: ann stays where she is now, her cookie has been renewed")
    if browser:
        browser.close()
    end(proxy)


def lab():
    say("three machines of the notes: MariaDB, two with Apache and PHP")
    php_fpm()
    database()
    for host in WEBS:
        web(host)
    behind_nat()
    layer7()


if __name__ == "__main__":
    netlab.play(lab, NETWORK, ("php",))
