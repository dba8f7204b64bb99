#include "http/serializer.h"

#include <cstring>

namespace evenkeel::http {
namespace {

// Copies while there is room, counts always.
class Writer {
 public:
  explicit Writer(std::span<char> out) noexcept : out_(out) {}
  void put(const char* text, std::size_t n) noexcept {
    if (n <= out_.size() && needed_ <= out_.size() - n) std::memcpy(out_.data() + needed_, text, n);
    needed_ += n;
  }
  void put(std::string_view text) noexcept { put(text.data(), text.size()); }
  [[nodiscard]] std::size_t needed() const noexcept { return needed_; }

 private:
  std::span<char> out_;
  std::size_t needed_ = 0;
};

// Neighbouring lines that stand in the buffer just as we would write them leave in one copy.
void put_fields(const HeaderBlock& fields, HeaderSet skip, Writer& out) noexcept {
  const char* run = nullptr;
  std::size_t run_length = 0;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const HeaderEntry& e = fields.entry(i);
    if ((skip & set_of(e.id)) != 0 && e.id != HeaderId::other) continue;
    const std::string_view name = fields.name(i);
    const std::string_view value = fields.value(i);
    if ((e.flags & HeaderEntry::kVerbatim) != 0) [[likely]] {
      const std::size_t line = name.size() + value.size() + 4;
      if (run != nullptr && run + run_length == name.data()) {
        run_length += line;
      } else {
        if (run != nullptr) out.put(run, run_length);
        run = name.data();
        run_length = line;
      }
      continue;
    }
    if (run != nullptr) out.put(run, run_length);
    run = nullptr;
    out.put(name);
    out.put(": ");
    out.put(value);
    out.put("\r\n");
  }
  if (run != nullptr) out.put(run, run_length);
}

void put_own(const SerializeOptions& options, Writer& out) noexcept {
  if (options.add_chunked) out.put("transfer-encoding: chunked\r\n");
  if (options.connection == ConnectionToken::close) out.put("connection: close\r\n");
  if (options.connection == ConnectionToken::keep_alive) out.put("connection: keep-alive\r\n");
}

}  // namespace

std::size_t serialize_request(const RequestHead& head, const SerializeOptions& options,
                              std::span<char> buffer) {
  Writer out(buffer);
  out.put(head.method_text());
  out.put(" ");
  out.put(head.target());
  out.put(head.version_minor == 0 ? " HTTP/1.0\r\n" : " HTTP/1.1\r\n");
  put_fields(head.headers, options.skip, out);
  put_own(options, out);
  out.put("\r\n");
  return out.needed();
}

std::size_t serialize_response(const ResponseHead& head, const SerializeOptions& options,
                               std::span<char> buffer) {
  Writer out(buffer);
  out.put(head.version_minor == 0 ? "HTTP/1.0 " : "HTTP/1.1 ");
  const char status[4] = {static_cast<char>('0' + head.status / 100 % 10),
                          static_cast<char>('0' + head.status / 10 % 10),
                          static_cast<char>('0' + head.status % 10), ' '};
  out.put(status, sizeof status);
  out.put(head.reason());
  out.put("\r\n");
  put_fields(head.headers, options.skip, out);
  put_own(options, out);
  out.put("\r\n");
  return out.needed();
}

std::size_t serialize_fields(const HeaderBlock& fields, std::span<char> buffer) {
  Writer out(buffer);
  put_fields(fields, 0, out);
  out.put("\r\n");
  return out.needed();
}

}  // namespace evenkeel::http
