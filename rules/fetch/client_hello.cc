// The TLS ClientHello of a connection that passes through (RFC 8446 section 4.1.2; manual 7.3.5).
#include "rules/byte_reader.h"
#include "rules/fetch/families.h"

namespace evenkeel::rules::fetch {
namespace {

using Reader = ByteReader;

enum class Parse : std::uint8_t { ok, incomplete, no };

struct Hello {
  std::size_t record_version = 0;
  std::size_t version = 0;  // the highest offered
  std::size_t type = 0;     // of the handshake message: 1 ClientHello, 2 ServerHello
  std::string_view sni;
  std::string_view alpn;  // the list as it stands, without its length
  bool ec_ext = false;
  int ticket = 0;  // 1: an empty session ticket, 2: one with contents
  // Lists of two-byte numbers as they stand, without their lengths.
  std::string_view ciphers;
  std::string_view groups;
  std::string_view algorithms;
  std::string_view key_shares;  // groups and keys
};

void read_extensions(Reader list, Hello& hello) noexcept {
  while (list.ok && list.rest.size() >= 4) {
    const std::size_t type = list.number(2);
    Reader body{list.take(list.number(2))};
    if (!list.ok) return;
    if (type == 0) {  // server_name, RFC 6066
      body.number(2);
      const bool host_name = body.number(1) == 0;
      const std::string_view name = body.take(body.number(2));
      if (body.ok && host_name) hello.sni = name;
    } else if (type == 16) {  // ALPN, RFC 7301
      hello.alpn = body.take(body.number(2));
    } else if (type == 10) {
      hello.ec_ext = true;
      hello.groups = body.take(body.number(2));
    } else if (type == 13) {
      hello.algorithms = body.take(body.number(2));
    } else if (type == 35) {  // RFC 5077
      hello.ticket = body.rest.empty() ? 1 : 2;
    } else if (type == 51) {
      hello.key_shares = body.take(body.number(2));
    } else if (type == 43) {  // supported_versions
      Reader versions{body.take(body.number(1))};
      while (versions.rest.size() >= 2) {
        const std::size_t version = versions.number(2);
        if ((version & 0x0f0fU) != 0x0a0aU && version > hello.version) hello.version = version;  // not GREASE
      }
    }
  }
}

// One record must hold the message: a ClientHello split over records is a curiosity that clients do not send.
Parse parse(std::string_view data, Hello& hello) noexcept {
  if (data.empty()) return Parse::incomplete;
  if (data[0] != 22) return Parse::no;
  if (data.size() < 5) return Parse::incomplete;
  Reader record{data};
  record.number(1);
  hello.record_version = record.number(2);
  const std::size_t length = record.number(2);
  if ((hello.record_version >> 8U) != 3 || length < 4) return Parse::no;
  if (record.rest.size() < length) return Parse::incomplete;
  Reader message{record.take(length)};
  hello.type = message.number(1);
  Reader body{message.take(message.number(3))};
  if (!message.ok) return Parse::no;
  if (hello.type != 1) return hello.type == 2 ? Parse::ok : Parse::no;
  hello.version = body.number(2);
  body.take(32);
  body.take(body.number(1));  // session id
  hello.ciphers = body.take(body.number(2));
  body.take(body.number(1));  // compression methods
  if (!body.ok) return Parse::no;
  if (!body.rest.empty()) read_extensions(Reader{body.take(body.number(2))}, hello);
  return Parse::ok;
}

bool hello_of(const Bytes& bytes, const EvalContext& ctx, FetchState& state, Hello& hello) noexcept {
  const Parse result = parse(bytes.data, hello);
  state.pending = result == Parse::incomplete && !bytes.complete && !ctx.inspection_ended;
  return result == Parse::ok;
}
bool client_hello(const EvalContext& ctx, FetchState& state, Hello& hello) noexcept {
  return hello_of(ctx.request_bytes, ctx, state, hello) && hello.type == 1;
}

bool sni(const Args&, EvalContext& ctx, FetchState& state, Sample& out) {
  Hello hello;
  if (!client_hello(ctx, state, hello) || hello.sni.empty()) return false;
  out = Sample::of_text(hello.sni);
  return true;
}

// The protocols joined by commas.
bool alpn(const Args&, EvalContext& ctx, FetchState& state, Sample& out) {
  Hello hello;
  if (!client_hello(ctx, state, hello) || hello.alpn.empty()) return false;
  char* const to = ctx.scratch->take(hello.alpn.size());
  std::size_t n = 0;
  Reader list{hello.alpn};
  while (list.ok && !list.rest.empty()) {
    const std::string_view name = list.take(list.number(1));
    if (n > 0) to[n++] = ',';
    n += name.copy(to + n, name.size());
  }
  out = Sample::of_text({to, n});
  return true;
}

bool hello_type(const Args&, EvalContext& ctx, FetchState& state, Sample& out) {
  Hello hello;
  if (!hello_of(ctx.request_bytes, ctx, state, hello)) return false;
  out = Sample::of_int(static_cast<std::int64_t>(hello.type));
  return true;
}
bool response_hello_type(const Args&, EvalContext& ctx, FetchState& state, Sample& out) {
  Hello hello;
  if (!hello_of(ctx.response_bytes, ctx, state, hello)) return false;
  out = Sample::of_int(static_cast<std::int64_t>(hello.type));
  return true;
}

// Major version in the upper 16 bits, minor in the lower: ACLs write "3.1:3.3".
bool version(const Args&, EvalContext& ctx, FetchState& state, Sample& out) {
  Hello hello;
  if (!client_hello(ctx, state, hello)) return false;
  out = Sample::of_int(static_cast<std::int64_t>((hello.version >> 8U) << 16U | (hello.version & 0xffU)));
  return true;
}
bool ec_ext(const Args&, EvalContext& ctx, FetchState& state, Sample& out) {
  Hello hello;
  if (!client_hello(ctx, state, hello)) return false;
  out = Sample::of_bool(hello.ec_ext);
  return true;
}

bool ticket(const Args&, EvalContext& ctx, FetchState& state, Sample& out) {
  Hello hello;
  if (!client_hello(ctx, state, hello)) return false;
  out = Sample::of_int(hello.ticket);
  return true;
}
template <std::string_view Hello::*kList>
bool list(const Args&, EvalContext& ctx, FetchState& state, Sample& out) {
  Hello hello;
  if (!client_hello(ctx, state, hello) || (hello.*kList).empty()) return false;
  out = Sample::of_bin(hello.*kList);
  return true;
}
// The groups of the key shares, without the keys.
bool key_share_groups(const Args&, EvalContext& ctx, FetchState& state, Sample& out) {
  Hello hello;
  if (!client_hello(ctx, state, hello) || hello.key_shares.empty()) return false;
  char* const to = ctx.scratch->take(hello.key_shares.size());
  std::size_t n = 0;
  Reader shares{hello.key_shares};
  while (shares.ok && shares.rest.size() >= 4) {
    n += shares.take(2).copy(to + n, 2);
    shares.take(shares.number(2));
  }
  out = Sample::of_bin({to, n});
  return true;
}

constexpr FetchSpec kFetches[] = {
    {"req.ssl_sni", "", SampleType::str, scope::kRequest, sni},
    {"req_ssl_sni", "", SampleType::str, scope::kRequest, sni},
    {"req.ssl_alpn", "", SampleType::str, scope::kRequest, alpn},
    {"req.ssl_hello_type", "", SampleType::sint, scope::kRequest, hello_type},
    {"req_ssl_hello_type", "", SampleType::sint, scope::kRequest, hello_type},
    {"rep_ssl_hello_type", "", SampleType::sint, scope::kResponse, response_hello_type},
    {"res.ssl_hello_type", "", SampleType::sint, scope::kResponse, response_hello_type},
    {"req.ssl_ver", "", SampleType::sint, scope::kRequest, version},
    {"req_ssl_ver", "", SampleType::sint, scope::kRequest, version},
    {"req.ssl_st_ext", "", SampleType::sint, scope::kRequest, ticket},
    {"req.ssl_cipherlist", "", SampleType::bin, scope::kClient, list<&Hello::ciphers>},
    {"req.ssl_supported_groups", "", SampleType::bin, scope::kClient, list<&Hello::groups>},
    {"req.ssl_sigalgs", "", SampleType::bin, scope::kClient, list<&Hello::algorithms>},
    {"req.ssl_keyshare_groups", "", SampleType::bin, scope::kClient, key_share_groups},
    {"req.ssl_ec_ext", "", SampleType::boolean, scope::kRequest, ec_ext},
};

}  // namespace

std::span<const FetchSpec> client_hello() noexcept { return kFetches; }

}  // namespace evenkeel::rules::fetch
