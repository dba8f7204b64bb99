// eth.*, ip.* and tcp.*: headers of captured packets (manual 7.3.1; RFC 791, RFC 8200, RFC 9293).
#include <algorithm>
#include <optional>

#include "rules/converter/families.h"

namespace evenkeel::rules::converter {
namespace {

constexpr std::size_t npos = std::string_view::npos;

unsigned byte_at(std::string_view bytes, std::size_t at) noexcept {
  return static_cast<unsigned char>(bytes[at]);
}
std::uint32_t number_at(std::string_view bytes, std::size_t at, std::size_t width) noexcept {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < width; ++i) value = value << 8U | byte_at(bytes, at + i);
  return value;
}

bool give(std::int64_t number, Sample& sample) noexcept {
  sample = Sample::of_int(number);
  return true;
}
bool give(std::string_view bytes, Sample& sample) noexcept {
  sample = Sample::of_bin(bytes);
  return true;
}

// Where the type field of an Ethernet frame stands, behind all VLAN tags; npos: too short.
std::size_t eth_type_at(std::string_view frame) noexcept {
  std::size_t at = 12;
  while (at + 2 <= frame.size()) {
    const std::uint32_t type = number_at(frame, at, 2);
    if (type != 0x8100 && type != 0x88a8 && type != 0x9100) return at;
    at += 4;
  }
  return npos;
}
bool eth_dst(const Args&, EvalContext&, Sample& sample) {
  return sample.text.size() >= 14 && give(sample.text.substr(0, 6), sample);
}
bool eth_src(const Args&, EvalContext&, Sample& sample) {
  return sample.text.size() >= 14 && give(sample.text.substr(6, 6), sample);
}
bool eth_hdr(const Args&, EvalContext&, Sample& sample) {
  const std::size_t at = eth_type_at(sample.text);
  return at != npos && give(sample.text.substr(0, at + 2), sample);
}
bool eth_data(const Args&, EvalContext&, Sample& sample) {
  const std::size_t at = eth_type_at(sample.text);
  return at != npos && give(sample.text.substr(at + 2), sample);
}
bool eth_proto(const Args&, EvalContext&, Sample& sample) {
  const std::size_t at = eth_type_at(sample.text);
  return at != npos && give(number_at(sample.text, at, 2), sample);
}
// The innermost tag.
bool eth_vlan(const Args&, EvalContext&, Sample& sample) {
  const std::size_t at = eth_type_at(sample.text);
  return at != npos && at > 12 && give(number_at(sample.text, at - 2, 2) & 0xfffU, sample);
}

struct Ip {
  unsigned version = 0;
  std::size_t header = 0;  // with options or extensions
  unsigned protocol = 0;   // of what follows
  bool options = false;
};

std::optional<Ip> read_v6(std::string_view packet) noexcept {
  if (packet.size() < 40) return std::nullopt;
  Ip ip{6, 40, byte_at(packet, 6), false};
  // Hop-by-hop, routing, destination and fragment headers may come before the transport.
  while (ip.protocol == 0 || ip.protocol == 43 || ip.protocol == 60 || ip.protocol == 44) {
    if (packet.size() < ip.header + 8) return std::nullopt;
    const std::size_t length = ip.protocol == 44 ? 8 : (byte_at(packet, ip.header + 1) + 1) * std::size_t{8};
    ip.protocol = byte_at(packet, ip.header);
    ip.header += length;
    ip.options = true;
    if (packet.size() < ip.header) return std::nullopt;
  }
  return ip;
}
std::optional<Ip> read_ip(std::string_view packet) noexcept {
  if (packet.empty()) return std::nullopt;
  const unsigned version = byte_at(packet, 0) >> 4U;
  if (version == 6) return read_v6(packet);
  if (version != 4 || packet.size() < 20) return std::nullopt;
  const std::size_t length = (byte_at(packet, 0) & 15U) * std::size_t{4};
  if (length < 20 || packet.size() < length) return std::nullopt;
  return Ip{4, length, byte_at(packet, 9), length > 20};
}

unsigned tos_of(const Ip& ip, std::string_view packet) noexcept {
  return ip.version == 4 ? byte_at(packet, 1) : (number_at(packet, 0, 2) >> 4U) & 0xffU;
}
unsigned ttl_of(const Ip& ip, std::string_view packet) noexcept {
  return byte_at(packet, ip.version == 4 ? 8 : 7);
}
bool df_of(const Ip& ip, std::string_view packet) noexcept {
  return ip.version == 6 || (byte_at(packet, 6) & 0x40U) != 0;
}
std::string_view src_of(const Ip& ip, std::string_view packet) noexcept {
  return ip.version == 4 ? packet.substr(12, 4) : packet.substr(8, 16);
}

enum class IpPart : std::uint8_t { data, df, dst, hdr, proto, src, tos, ttl, ver };
template <IpPart kPart>
bool ip_part(const Args&, EvalContext&, Sample& sample) {
  const std::string_view packet = sample.text;
  const auto ip = read_ip(packet);
  if (!ip) return false;
  switch (kPart) {
    case IpPart::data:
      return give(packet.substr(ip->header), sample);
    case IpPart::hdr:
      return give(packet.substr(0, ip->header), sample);
    case IpPart::df:
      return give(df_of(*ip, packet) ? 1 : 0, sample);
    case IpPart::proto:
      return give(ip->protocol, sample);
    case IpPart::tos:
      return give(tos_of(*ip, packet), sample);
    case IpPart::ttl:
      return give(ttl_of(*ip, packet), sample);
    case IpPart::ver:
      return give(ip->version, sample);
    case IpPart::src:
      sample = Sample::of_ip(src_of(*ip, packet));
      return true;
    case IpPart::dst:
      sample = Sample::of_ip(ip->version == 4 ? packet.substr(16, 4) : packet.substr(24, 16));
      return true;
  }
  return false;
}

struct Tcp {
  std::size_t header = 0;
  std::string_view options;
};
std::optional<Tcp> read_tcp(std::string_view segment) noexcept {
  if (segment.size() < 20) return std::nullopt;
  const std::size_t length = (byte_at(segment, 12) >> 4U) * std::size_t{4};
  if (length < 20 || segment.size() < length) return std::nullopt;
  return Tcp{length, segment.substr(20, length - 20)};
}

// Calls f(kind, value) for each option up to the one that ends the list.
template <class F>
void each_option(std::string_view options, F f) {
  for (std::size_t at = 0; at < options.size();) {
    const unsigned kind = byte_at(options, at);
    if (kind == 0) return;
    if (kind == 1) {
      f(kind, std::string_view());
      ++at;
      continue;
    }
    if (at + 2 > options.size()) return;
    const std::size_t length = byte_at(options, at + 1);
    if (length < 2 || at + length > options.size()) return;
    f(kind, options.substr(at + 2, length - 2));
    at += length;
  }
}
// The value of the first option of the kind; data() is null when there is none.
std::string_view option(const Tcp& tcp, unsigned wanted) {
  std::string_view found;
  each_option(tcp.options, [&](unsigned kind, std::string_view value) {
    if (kind == wanted && found.data() == nullptr) found = value;
  });
  return found;
}
constexpr unsigned kMss = 2;
constexpr unsigned kScale = 3;
constexpr unsigned kSack = 4;
constexpr unsigned kStamp = 8;

enum class TcpPart : std::uint8_t { dst, flags, mss, sack, tsopt, tsval, wscale, wsopt, seq, src, win };
template <TcpPart kPart>
bool tcp_part(const Args&, EvalContext&, Sample& sample) {
  const std::string_view segment = sample.text;
  const auto tcp = read_tcp(segment);
  if (!tcp) return false;
  const auto number_of = [&](unsigned kind, std::size_t width) -> std::int64_t {
    const std::string_view value = option(*tcp, kind);
    return value.size() < width ? 0 : number_at(value, 0, width);
  };
  const auto present = [&](unsigned kind) { return option(*tcp, kind).data() != nullptr ? 1 : 0; };
  switch (kPart) {
    case TcpPart::src:
      return give(number_at(segment, 0, 2), sample);
    case TcpPart::dst:
      return give(number_at(segment, 2, 2), sample);
    case TcpPart::seq:
      return give(number_at(segment, 4, 4), sample);
    case TcpPart::flags:
      return give(byte_at(segment, 13), sample);
    case TcpPart::win:
      return give(number_at(segment, 14, 2), sample);
    case TcpPart::mss:
      return give(number_of(kMss, 2), sample);
    case TcpPart::wscale:
      return give(number_of(kScale, 1), sample);
    case TcpPart::wsopt:
      return give(present(kScale), sample);
    case TcpPart::sack:
      return give(present(kSack), sample);
    case TcpPart::tsopt:
      return give(present(kStamp), sample);
    case TcpPart::tsval:
      return option(*tcp, kStamp).size() >= 4 && give(number_of(kStamp, 4), sample);
  }
  return false;
}

std::size_t put_kinds(const Tcp& tcp, char* to) {
  std::size_t n = 0;
  each_option(tcp.options, [&](unsigned kind, std::string_view) { to[n++] = static_cast<char>(kind); });
  return n;  // at most 40: each option has a byte at least
}
bool options_list(const Args&, EvalContext& ctx, Sample& sample) {
  const auto tcp = read_tcp(sample.text);
  if (!tcp) return false;
  char* const to = ctx.scratch->take(40);
  return give(std::string_view(to, put_kinds(*tcp, to)), sample);
}

// ip.fp([mode]): eight bytes of what a host does not change between connections; mode adds 1: the TTL, 2: the
// kinds of options, 4: the source address.
bool fingerprint(const Args& args, EvalContext& ctx, Sample& sample) {
  const std::string_view packet = sample.text;
  const auto ip = read_ip(packet);
  if (!ip || ip->protocol != 6) return false;
  const std::string_view segment = packet.substr(ip->header);
  const auto tcp = read_tcp(segment);
  if (!tcp) return false;
  const unsigned ttl = ttl_of(*ip, packet);
  const unsigned flags = byte_at(segment, 13);
  unsigned second = ttl <= 32 ? 0U : (ttl <= 64 ? 1U << 4U : (ttl <= 128 ? 2U << 4U : 3U << 4U));
  second |= (ip->version == 6 ? 0x80U : 0U) | (df_of(*ip, packet) ? 0x40U : 0U) | (ip->options ? 8U : 0U);
  second |= (segment.size() > tcp->header ? 4U : 0U) | ((flags & 0x80U) != 0 ? 2U : 0U) |
            ((flags & 0x40U) != 0 ? 1U : 0U);
  const std::string_view scale = option(*tcp, kScale);
  const std::string_view mss = option(*tcp, kMss);
  unsigned kinds = 0;
  each_option(tcp->options, [&](unsigned kind, std::string_view) {
    if (kind >= 2) kinds |= kind <= 8 ? 1U << (kind - 2) : 0x80U;
  });
  char* const to = ctx.scratch->take(8 + 1 + 40 + 16);
  to[0] = static_cast<char>(tos_of(*ip, packet));
  to[1] = static_cast<char>(second);
  to[2] = static_cast<char>((tcp->header / 4) << 4U |
                            (scale.empty() ? 0U : std::min(byte_at(scale, 0) + 1, 15U)));
  to[3] = segment[14];
  to[4] = segment[15];
  to[5] = mss.size() < 2 ? '\0' : mss[0];
  to[6] = mss.size() < 2 ? '\0' : mss[1];
  to[7] = static_cast<char>(kinds);
  std::size_t n = 8;
  const std::int64_t mode = args.number(0, 0);
  if ((mode & 1) != 0) to[n++] = static_cast<char>(ttl);
  if ((mode & 2) != 0) n += put_kinds(*tcp, to + n);
  if ((mode & 4) != 0) n += src_of(*ip, packet).copy(to + n, 16);
  return give(std::string_view(to, n), sample);
}
std::string prepare_fingerprint(Args& args, CompileEnv&) {
  return args.number(0, 0) >= 0 && args.number(0, 0) <= 7 ? "" : "the mode must lie between 0 and 7";
}

constexpr SampleType kBin = SampleType::bin;
constexpr SampleType kInt = SampleType::sint;
constexpr ConverterSpec kConverters[] = {
    {"eth.data", "", kBin, kBin, eth_data},
    {"eth.dst", "", kBin, kBin, eth_dst},
    {"eth.hdr", "", kBin, kBin, eth_hdr},
    {"eth.proto", "", kBin, kInt, eth_proto},
    {"eth.src", "", kBin, kBin, eth_src},
    {"eth.vlan", "", kBin, kInt, eth_vlan},
    {"ip.data", "", kBin, kBin, ip_part<IpPart::data>},
    {"ip.df", "", kBin, kInt, ip_part<IpPart::df>},
    {"ip.dst", "", kBin, SampleType::addr, ip_part<IpPart::dst>},
    {"ip.fp", "[i", kBin, kBin, fingerprint, prepare_fingerprint},
    {"ip.hdr", "", kBin, kBin, ip_part<IpPart::hdr>},
    {"ip.proto", "", kBin, kInt, ip_part<IpPart::proto>},
    {"ip.src", "", kBin, SampleType::addr, ip_part<IpPart::src>},
    {"ip.tos", "", kBin, kInt, ip_part<IpPart::tos>},
    {"ip.ttl", "", kBin, kInt, ip_part<IpPart::ttl>},
    {"ip.ver", "", kBin, kInt, ip_part<IpPart::ver>},
    {"tcp.dst", "", kBin, kInt, tcp_part<TcpPart::dst>},
    {"tcp.flags", "", kBin, kInt, tcp_part<TcpPart::flags>},
    {"tcp.options.mss", "", kBin, kInt, tcp_part<TcpPart::mss>},
    {"tcp.options.sack", "", kBin, kInt, tcp_part<TcpPart::sack>},
    {"tcp.options.tsopt", "", kBin, kInt, tcp_part<TcpPart::tsopt>},
    {"tcp.options.tsval", "", kBin, kInt, tcp_part<TcpPart::tsval>},
    {"tcp.options.wscale", "", kBin, kInt, tcp_part<TcpPart::wscale>},
    {"tcp.options.wsopt", "", kBin, kInt, tcp_part<TcpPart::wsopt>},
    {"tcp.options_list", "", kBin, kBin, options_list},
    {"tcp.seq", "", kBin, kInt, tcp_part<TcpPart::seq>},
    {"tcp.src", "", kBin, kInt, tcp_part<TcpPart::src>},
    {"tcp.win", "", kBin, kInt, tcp_part<TcpPart::win>},
};

}  // namespace

std::span<const ConverterSpec> packet() noexcept { return kConverters; }

}  // namespace evenkeel::rules::converter
