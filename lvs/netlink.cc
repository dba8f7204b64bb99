#include "lvs/netlink.h"

#include <cerrno>
#include <cstring>

#ifdef EVENKEEL_LVS
#include <linux/ip_vs.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <functional>

#include "lvs/codec.h"
#endif

namespace evenkeel::lvs {

std::string describe(KernelError error, Operation::Kind tried) {
  using Kind = Operation::Kind;
  const bool service =
      tried == Kind::add_service || tried == Kind::edit_service || tried == Kind::delete_service;
  switch (error.code) {
    case EEXIST:
      return service ? "Service already exists" : "Destination already exists";
    case ENOENT:
      if (tried == Kind::add_service || tried == Kind::edit_service)
        return "No such service, scheduler or persistence engine";
      return service ? "No such service" : "No such destination";
    case ESRCH:
      return service ? "No such service" : "Service not defined";
    default:
      return describe(error);
  }
}

std::string describe(KernelError error) {
  switch (error.code) {
    case EPERM:
      return "Permission denied: IPVS needs CAP_NET_ADMIN";
    case EINVAL:
      return "The kernel refuses these values";
    default:
      return std::strerror(error.code);
  }
}

#ifdef EVENKEEL_LVS
namespace {

struct MessageFree {
  void operator()(nl_msg* message) const { nlmsg_free(message); }
};
using Message = std::unique_ptr<nl_msg, MessageFree>;
struct SocketFree {
  void operator()(nl_sock* socket) const { nl_socket_free(socket); }
};
using Attributes = std::array<nlattr*, IPVS_CMD_ATTR_MAX + 1>;
using OnAnswer = std::function<void(nlmsghdr*)>;

// What the callbacks of one request share.
struct Exchange {
  const OnAnswer* on_answer = nullptr;
  int error = 0;
  bool done = false;
};

int on_valid(nl_msg* message, void* context) {
  const auto* exchange = static_cast<Exchange*>(context);
  if (*exchange->on_answer) (*exchange->on_answer)(nlmsg_hdr(message));
  return NL_OK;
}
int on_end(nl_msg*, void* context) {
  static_cast<Exchange*>(context)->done = true;
  return NL_STOP;
}
int on_error(sockaddr_nl*, nlmsgerr* error, void* context) {
  auto* exchange = static_cast<Exchange*>(context);
  exchange->error = -error->error;
  exchange->done = true;
  return NL_STOP;
}

class NetlinkKernel final : public Kernel {
 public:
  // 0, or an errno.
  int open() {
    socket_.reset(nl_socket_alloc());
    if (!socket_) return ENOMEM;
    if (genl_connect(socket_.get()) < 0) return errno != 0 ? errno : EIO;
    // Answers about a thousand services come in large pieces.
    nl_socket_set_buffer_size(socket_.get(), 1 << 20, 1 << 16);
    family_ = genl_ctrl_resolve(socket_.get(), IPVS_GENL_NAME);
    return family_ < 0 ? ENOPROTOOPT : 0;
  }

  KernelError read(Table& table) override {
    table.clear();
    const auto services = [&table](nlmsghdr* header) {
      if (auto found = get_service(first_attribute(header, IPVS_CMD_ATTR_SERVICE)))
        table.insert_or_assign(found->first, std::move(found->second));
    };
    if (const KernelError error = ask(IPVS_CMD_GET_SERVICE, NLM_F_DUMP, {}, services)) return error;
    for (auto entry = table.begin(); entry != table.end();) {
      const KernelError error = read_destinations(entry->first, entry->second);
      if (error && error.code != ESRCH) return error;
      entry = error ? table.erase(entry) : std::next(entry);  // it went while we were reading
    }
    return {};
  }

  KernelError list(std::map<ServiceKey, Service>& services) override {
    services.clear();
    return ask(IPVS_CMD_GET_SERVICE, NLM_F_DUMP, {}, [&services](nlmsghdr* header) {
      if (auto found = get_service(first_attribute(header, IPVS_CMD_ATTR_SERVICE)))
        services.insert_or_assign(found->first, std::move(found->second.definition));
    });
  }

  KernelError find(const ServiceKey& key, bool& present) override {
    const KernelError error =
        ask(IPVS_CMD_GET_SERVICE, NLM_F_ACK, [&key](nl_msg* m) { return put_service(m, key); });
    present = !error;
    return error.code == ESRCH || error.code == ENOENT ? KernelError{} : error;
  }

  KernelError apply(const Operation& operation) override {
    using Kind = Operation::Kind;
    const auto service = [&](nl_msg* m) { return put_service(m, operation.key, &operation.service); };
    const auto key = [&](nl_msg* m) { return put_service(m, operation.key); };
    const auto destination = [&](nl_msg* m) {
      return put_service(m, operation.key) && put_destination(m, operation.endpoint, &operation.destination);
    };
    const auto endpoint = [&](nl_msg* m) {
      return put_service(m, operation.key) && put_destination(m, operation.endpoint);
    };
    switch (operation.kind) {
      case Kind::add_service:
        return ask(IPVS_CMD_NEW_SERVICE, NLM_F_ACK, service);
      case Kind::edit_service:
        return ask(IPVS_CMD_SET_SERVICE, NLM_F_ACK, service);
      case Kind::delete_service:
        return ask(IPVS_CMD_DEL_SERVICE, NLM_F_ACK, key);
      case Kind::add_destination:
        return ask(IPVS_CMD_NEW_DEST, NLM_F_ACK, destination);
      case Kind::edit_destination:
        return ask(IPVS_CMD_SET_DEST, NLM_F_ACK, destination);
      case Kind::delete_destination:
        return ask(IPVS_CMD_DEL_DEST, NLM_F_ACK, endpoint);
      case Kind::clear:
        return ask(IPVS_CMD_FLUSH, NLM_F_ACK, {});
    }
    return {};
  }

  KernelError info(Info& info) override {
    return ask(IPVS_CMD_GET_INFO, 0, {}, [&info](nlmsghdr* header) {
      if (nlattr* const version = first_attribute(header, IPVS_INFO_ATTR_VERSION))
        info.version = nla_get_u32(version);
      if (nlattr* const size = first_attribute(header, IPVS_INFO_ATTR_CONN_TAB_SIZE))
        info.table_size = nla_get_u32(size);
    });
  }

  KernelError timeouts(Timeouts& timeouts) override {
    return ask(IPVS_CMD_GET_CONFIG, 0, {}, [&timeouts](nlmsghdr* header) {
      const auto value = [header](int attribute) {
        nlattr* const found = first_attribute(header, attribute);
        return found != nullptr ? nla_get_u32(found) : 0;
      };
      timeouts = {value(IPVS_CMD_ATTR_TIMEOUT_TCP), value(IPVS_CMD_ATTR_TIMEOUT_TCP_FIN),
                  value(IPVS_CMD_ATTR_TIMEOUT_UDP)};
    });
  }

  KernelError set_timeouts(const Timeouts& timeouts) override {
    return ask(IPVS_CMD_SET_CONFIG, NLM_F_ACK, [&timeouts](nl_msg* m) {
      return nla_put_u32(m, IPVS_CMD_ATTR_TIMEOUT_TCP, timeouts.tcp) == 0 &&
             nla_put_u32(m, IPVS_CMD_ATTR_TIMEOUT_TCP_FIN, timeouts.tcp_fin) == 0 &&
             nla_put_u32(m, IPVS_CMD_ATTR_TIMEOUT_UDP, timeouts.udp) == 0;
    });
  }

  KernelError daemons(std::vector<Daemon>& daemons) override {
    daemons.clear();
    return ask(IPVS_CMD_GET_DAEMON, NLM_F_DUMP, {}, [&daemons](nlmsghdr* header) {
      if (auto found = get_daemon(first_attribute(header, IPVS_CMD_ATTR_DAEMON)))
        daemons.push_back(std::move(*found));
    });
  }
  KernelError start_daemon(const Daemon& daemon) override {
    return ask(IPVS_CMD_NEW_DAEMON, NLM_F_ACK, [&](nl_msg* m) { return put_daemon(m, daemon, false); });
  }
  KernelError stop_daemon(const Daemon& daemon) override {
    return ask(IPVS_CMD_DEL_DAEMON, NLM_F_ACK, [&](nl_msg* m) { return put_daemon(m, daemon, true); });
  }

  KernelError zero(const std::optional<ServiceKey>& key) override {
    return ask(IPVS_CMD_ZERO, NLM_F_ACK, [&key](nl_msg* m) { return !key || put_service(m, *key); });
  }

 private:
  static nlattr* first_attribute(nlmsghdr* header, int type) {
    Attributes attributes{};
    if (genlmsg_parse(header, 0, attributes.data(), IPVS_CMD_ATTR_MAX, nullptr) < 0) return nullptr;
    return attributes[static_cast<std::size_t>(type)];
  }

  KernelError read_destinations(const ServiceKey& key, ServiceEntry& service) {
    return ask(
        IPVS_CMD_GET_DEST, NLM_F_DUMP, [&key](nl_msg* m) { return put_service(m, key); },
        [&](nlmsghdr* header) {
          if (auto found = get_destination(first_attribute(header, IPVS_CMD_ATTR_DEST), key.family))
            service.destinations.insert_or_assign(found->first, found->second);
        });
  }

  KernelError ask(int command, int flags, const std::function<bool(nl_msg*)>& fill,
                  const OnAnswer& on_answer = {}) {
    const Message message(nlmsg_alloc());
    if (!message ||
        genlmsg_put(message.get(), NL_AUTO_PORT, NL_AUTO_SEQ, family_, 0, flags,
                    static_cast<std::uint8_t>(command), IPVS_GENL_VERSION) == nullptr ||
        (fill && !fill(message.get())))
      return {ENOMEM};
    Exchange exchange{&on_answer};
    nl_cb* const callbacks = nl_cb_alloc(NL_CB_DEFAULT);
    nl_cb_set(callbacks, NL_CB_VALID, NL_CB_CUSTOM, on_valid, &exchange);
    nl_cb_set(callbacks, NL_CB_FINISH, NL_CB_CUSTOM, on_end, &exchange);
    nl_cb_set(callbacks, NL_CB_ACK, NL_CB_CUSTOM, on_end, &exchange);
    nl_cb_err(callbacks, NL_CB_CUSTOM, on_error, &exchange);
    const int sent = nl_send_auto(socket_.get(), message.get());
    if (sent < 0) exchange.error = EIO;
    while (sent >= 0 && !exchange.done) {
      if (nl_recvmsgs(socket_.get(), callbacks) < 0 && !exchange.done) {
        exchange.error = EIO;
        break;
      }
    }
    nl_cb_put(callbacks);
    return {exchange.error};
  }

  std::unique_ptr<nl_sock, SocketFree> socket_;
  int family_ = -1;
};

// The module has no name by which the kernel would load it for a netlink request, so that somebody has to
// ask, as ipvsadm does. Without the right to it, or without the program, nothing happens.
void load_module() {
  std::string program = "/sbin/modprobe";
  std::ifstream("/proc/sys/kernel/modprobe") >> program;
  std::array<std::string, 4> words = {program, "-q", "--", "ip_vs"};
  std::array<char*, 5> argv = {words[0].data(), words[1].data(), words[2].data(), words[3].data(), nullptr};
  std::array<char*, 1> environment = {nullptr};
  pid_t child = 0;
  if (geteuid() != 0 || program.empty() ||
      posix_spawn(&child, program.c_str(), nullptr, nullptr, argv.data(), environment.data()) != 0)
    return;
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
}

}  // namespace

bool netlink_supported() noexcept { return true; }

std::unique_ptr<Kernel> open_kernel(std::string& why) {
  auto kernel = std::make_unique<NetlinkKernel>();
  int error = kernel->open();
  if (error == ENOPROTOOPT) {
    load_module();
    error = kernel->open();
  }
  if (error == ENOPROTOOPT) {
    why = "this kernel has no IPVS (module ip_vs)";
    return nullptr;
  }
  if (error != 0) {
    why = std::string("no generic netlink: ") + std::strerror(error);
    return nullptr;
  }
  Info info;
  if (const KernelError refused = kernel->info(info)) {
    why = describe(refused);
    return nullptr;
  }
  return kernel;
}
#else
bool netlink_supported() noexcept { return false; }

std::unique_ptr<Kernel> open_kernel(std::string& why) {
  why = "this program was built without libnl-genl-3";
  return nullptr;
}
#endif

}  // namespace evenkeel::lvs
