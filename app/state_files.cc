#include "app/state_files.h"

namespace evenkeel::app {

std::shared_ptr<const backends::SavedState> StateFiles::find(const backends::ProxyDraft& proxy,
                                                             const std::string& server) {
  using Source = backends::ProxyDraft::StateSource;
  if (proxy.state_source == Source::none) return nullptr;
  std::string path = global_.state_file;
  if (proxy.state_source == Source::local)
    path = proxy.state_file.empty() ? proxy.common.name : proxy.state_file;
  if (path.empty()) return nullptr;
  if (path.front() != '/' && !global_.state_base.empty()) path = global_.state_base + "/" + path;
  const auto& servers = load(path).servers;
  const auto found = servers.find(std::pair(proxy.common.name, server));
  return found == servers.end() ? nullptr : found->second;
}

const backends::StateFile& StateFiles::load(const std::string& path) {
  const auto [entry, fresh] = files_.try_emplace(path);
  backends::StateFile& file = entry->second;
  if (!fresh) return file;
  const auto text = services_.read_file(path);
  if (text) {
    file = backends::parse_state_file(*text);
  } else {
    file.error = text.error();
  }
  if (!file.error.empty())
    diagnostics_.warn({}, "cannot use the server state file '" + path + "': " + file.error);
  for (const std::string& complaint : file.complaints)
    diagnostics_.warn({}, "server state file '" + path + "': " + complaint);
  return file;
}

}  // namespace evenkeel::app
