// mode udp in user space: datagrams of one client to one address are a session, which has one server.
//
// Callbacks and no coroutines: a session waits for two things only, the server's datagrams and silence, so
// that a frame per session would hold nothing but these two.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <unordered_map>

#include "backends/connector.h"
#include "backends/live_session.h"
#include "core/datagram.h"
#include "core/poller.h"
#include "frontends/client_session.h"
#include "stats/session_record.h"

namespace evenkeel::frontends {

class UdpPort;

// Who talks to whom: the client's address and port, and the address of ours that it talks to.
struct UdpKey {
  std::array<char, 44> bytes{};
  bool operator==(const UdpKey&) const = default;
};
UdpKey udp_key(const Address& client, const Address& local) noexcept;

// Without `timeout client` or `timeout server` nothing would ever end a session: as long as the kernel's
// IPVS.
inline constexpr Millis kUdpSilence = 300'000;

class UdpSession final : public backends::LiveSession {
 public:
  UdpSession(UdpPort& port, const UdpKey& key, const Datagram& first);
  ~UdpSession() override;

  // Runs the rules, chooses a server and connects to it. False: it has ended, and been counted, already.
  bool start(const Datagram& first);
  // From the client to the server. May end, and so destroy, the session.
  void forward(std::span<const Datagram> run);
  // The socket that it came in by is about to close: goes on with a socket of its own. False: cannot.
  bool stand_alone();

  void kill(Cause why) noexcept override { end(why, Phase::data); }
  void describe(backends::SessionFacts& facts) const override;

 private:
  // A descriptor of its own that is being watched.
  struct Wire {
    int fd = -1;
    Watch* watch = nullptr;
  };
  bool watch(Wire& wire, int fd, Watch::Callback callback) noexcept;
  void unwatch(Wire& wire) noexcept;

  std::unique_ptr<ClientConnection> make_client() const;
  bool admit(std::string_view payload);
  bool admit_content(const rules::RuleSets& sets, std::string_view payload);
  bool reach_server(std::string_view payload);
  backends::Server* choose(std::string_view payload, std::span<balance::Member* const> avoided);
  bool connect(backends::Server& server);
  void to_client(std::span<const Datagram> run);
  void server_ready();
  void client_ready();
  void failed(int error);
  void silent();
  void end(Cause cause, Phase phase) noexcept;
  void settle();
  [[nodiscard]] Millis patience(Millis timeout) const noexcept;

  UdpPort& port_;
  const UdpKey key_;
  const Address client_;
  const Address local_;  // with the port
  const std::int64_t began_wall_us_;
  std::shared_ptr<const FrontendDef> def_;
  backends::Backend* target_ = nullptr;
  std::shared_ptr<const backends::BackendDef> target_def_;
  std::unique_ptr<ClientConnection> rules_;  // what rules have seen and set; null: none has run
  stats::SessionRecord record_;
  backends::Lease lease_;  // a place on the server; never a connection
  backends::Server* tried_ = nullptr;
  Wire server_wire_;
  Wire client_wire_;  // after stand_alone()
  Deadline deadline_;
  bool waits_for_server_ = true;  // the client was the last to speak
  bool target_counted_ = false;
  std::shared_ptr<UdpSession*> self_;  // for work that was put off; made when there is some
};

// One bound socket and the sessions that came in by it. Lives in the frame of Engine::datagram_loop().
class UdpPort {
 public:
  // The descriptor stays the caller's.
  UdpPort(WorkerContext& context, Listener& listener, int fd);
  ~UdpPort();
  UdpPort(const UdpPort&) = delete;
  UdpPort& operator=(const UdpPort&) = delete;

  // Reads and forwards one batch; how many there were.
  unsigned turn();
  // The socket is about to close. Sessions that cannot do without it end.
  void close();
  // Everybody has gone; only to be awaited after close().
  [[nodiscard]] Event& emptied() noexcept { return emptied_; }
  [[nodiscard]] std::size_t sessions() const noexcept { return sessions_.size(); }

 private:
  friend class UdpSession;
  struct Hash {
    std::size_t operator()(const UdpKey& key) const noexcept;
  };
  UdpSession* begin(const UdpKey& key, const Datagram& first);
  void erase(const UdpKey& key) noexcept;

  WorkerContext& context_;
  Listener& listener_;
  int fd_;
  const Address bound_;
  std::unordered_map<UdpKey, std::unique_ptr<UdpSession>, Hash> sessions_;
  Event emptied_;
  bool closed_ = false;
};

}  // namespace evenkeel::frontends
