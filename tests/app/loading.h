// Loads a configuration from a text, with names and files that only exist here.
#pragma once

#include <memory>
#include <string>

#include "app/config_loader.h"

namespace evenkeel::app {

struct Loaded {
  conf::Diagnostics diagnostics;
  LoadResult result;

  [[nodiscard]] bool accepted() const { return result.config != nullptr; }
  [[nodiscard]] const frontends::Config& config() const { return *result.config; }
  [[nodiscard]] const frontends::FrontendDef& frontend(std::size_t i = 0) const {
    return *config().frontends.at(i);
  }
  [[nodiscard]] const backends::BackendDef& backend(std::size_t i = 0) const {
    return *config().backends.at(i);
  }
  // "4: error: text" for each line, hints included.
  [[nodiscard]] std::string messages(bool warnings = true) const {
    std::string out;
    for (const conf::Diagnostic& d : diagnostics.all()) {
      if (!warnings && d.severity != conf::Severity::error) continue;
      out +=
          std::to_string(d.where.line) + ": " + std::string(conf::to_string(d.severity)) + ": " + d.message;
      if (!d.suggestion.empty()) out += " {did you mean " + d.suggestion + "}";
      if (!d.modern_form.empty()) out += " {" + d.modern_form + "}";
      out += "\n";
    }
    return out;
  }
};

inline std::unique_ptr<Loaded> load(const std::string& text) {
  auto loaded = std::make_unique<Loaded>();
  LoadOptions options;
  options.sources.push_back(std::make_shared<const conf::SourceFile>("test.cfg", text));
  options.maxconn_default = 1000;
  options.services.resolver = [](const std::string& host, conf::AddressSpec::Family) {
    std::vector<Address> found;
    if (host == "app.example") found.push_back(*Address::from_ip("192.0.2.7", 0));
    return found;
  };
  options.services.read_file = [](const std::string& path) -> Result<std::string, std::string> {
    if (path == "/errors/503.http")
      return {boost::system::in_place_value, "HTTP/1.0 503 Gone fishing\r\n\r\n"};
    if (path == "/errors/text") return {boost::system::in_place_value, "<html></html>"};
    if (path == "/dev/null") return {boost::system::in_place_value, ""};
    return {boost::system::in_place_error, "No such file or directory"};
  };
  loaded->result = load_config(options, loaded->diagnostics);
  return loaded;
}

// With modes and timeouts that leave nothing to warn about.
inline std::unique_ptr<Loaded> load_http(const std::string& text) {
  return load("defaults\n mode http\n timeout client 1s\n timeout server 1s\n timeout connect 1s\n" + text);
}

}  // namespace evenkeel::app
