#include "http/forwarded.h"

#include "http/scan.h"

namespace evenkeel::http {
namespace {

void put_parameter(std::string& out, std::string_view name, std::string_view value) {
  if (value.empty()) return;
  if (!out.empty()) out += ';';
  out.append(name).append("=");
  const char* end = value.data() + value.size();
  if (skip_token(value.data(), end) == end) {
    out.append(value);
    return;
  }
  out += '"';
  for (const char c : value) {
    if (c == '"' || c == '\\') out += '\\';
    if (!is_value_stop(static_cast<unsigned char>(c))) out += c;
  }
  out += '"';
}

std::string node_text(const ForwardedNode& node) {
  if (node.name.empty()) return {};
  std::string text = node.name.find(':') == std::string::npos ? node.name : "[" + node.name + "]";
  if (node.port != 0) text += ":" + std::to_string(node.port);
  return text;
}

}  // namespace

ForwardedNode ForwardedNode::of(const Address& address, bool with_port) {
  if (!address.is_ip()) return {"unknown", 0};
  return {address.ip_string(), with_port ? address.port() : std::uint16_t{0}};
}

std::string forwarded_element(const ForwardedElement& element) {
  std::string out;
  put_parameter(out, "proto", element.proto);
  put_parameter(out, "host", element.host);
  put_parameter(out, "by", node_text(element.by));
  put_parameter(out, "for", node_text(element.for_));
  return out;
}

}  // namespace evenkeel::http
