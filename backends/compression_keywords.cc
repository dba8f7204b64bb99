#include "backends/compression_keywords.h"

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <utility>

namespace evenkeel::backends {
namespace {

using conf::Args;
using conf::Keyword;
using Side = CompressionDef::Side;

// What a section inherited is shared with the defaults that it came from, and so is never written to.
template <class Change>
void change(ProxyDraft& draft, Change&& how) {
  auto& shared = draft.common.compression;
  auto def = shared ? std::make_shared<CompressionDef>(*shared) : std::make_shared<CompressionDef>();
  how(*def);
  shared = std::move(def);
}

template <Side CompressionDef::*kSide>
void algorithms(ProxyDraft& draft, Args& args) {
  std::vector<http::Algorithm> list;
  if (!args.required("an algorithm")) return;
  for (std::string_view word = args.statement().words[args.position() - 1].text; !word.empty();
       word = args.next()) {
    const auto algorithm = http::algorithm_of(word);
    if (!algorithm) {
      args.error("'" + std::string(word) +
                 "' is not a supported algorithm (identity, gzip, deflate, raw-deflate, br, zstd)");
      return;
    }
    list.push_back(*algorithm);
  }
  if (kSide == &CompressionDef::request && list.size() > 1) {
    args.error("requests are compressed with one algorithm: no server says what else it would accept");
    return;
  }
  draft.places["compression"] = args.statement().location();
  // Repeated lines add up, as in HAProxy.
  change(draft, [&](CompressionDef& def) {
    auto& all = (def.*kSide).algorithms;
    if (kSide == &CompressionDef::request) all.clear();
    for (const http::Algorithm algorithm : list)
      if (std::find(all.begin(), all.end(), algorithm) == all.end()) all.push_back(algorithm);
  });
}

template <Side CompressionDef::*kSide>
void types(ProxyDraft& draft, Args& args) {
  if (!args.required("a media type")) return;
  std::vector<std::string> list;
  for (std::string_view word = args.statement().words[args.position() - 1].text; !word.empty();
       word = args.next())
    list.emplace_back(word);
  change(draft, [&](CompressionDef& def) {
    auto& all = (def.*kSide).types;
    all.insert(all.end(), list.begin(), list.end());
  });
}

template <Side CompressionDef::*kSide>
void min_size(ProxyDraft& draft, Args& args) {
  const auto size = args.size();
  if (size) change(draft, [&](CompressionDef& def) { (def.*kSide).min_size = *size; });
}

void offload(ProxyDraft& draft, Args& args) {
  if (draft.kind == conf::SectionKind::defaults) {
    args.warn("'compression offload' is ignored in 'defaults' sections");
    return;
  }
  change(draft, [](CompressionDef& def) { def.offload = true; });
}

void direction(ProxyDraft& draft, Args& args) {
  const auto word = args.one_of({"request", "response", "both"});
  if (!word) return;
  change(draft, [&](CompressionDef& def) {
    def.request.on = *word != 1;
    def.response.on = *word != 0;
  });
}

void nothing(ProxyDraft&, Args& args) {
  args.error(
      "'compression' expects 'algo', 'algo-req', 'algo-res', 'type', 'type-req', 'type-res', 'offload', "
      "'direction', 'minsize-req' or 'minsize-res'");
}

constexpr unsigned kAll = conf::kProxiesAndDefaults;
constexpr auto kRequest = &CompressionDef::request;
constexpr auto kResponse = &CompressionDef::response;

constexpr std::array kKeywords = {
    Keyword<ProxyDraft>{"compression", kAll, false, nothing},
    Keyword<ProxyDraft>{"compression algo", kAll, false, algorithms<kResponse>},
    Keyword<ProxyDraft>{"compression algo-req", kAll, false, algorithms<kRequest>},
    Keyword<ProxyDraft>{"compression algo-res", kAll, false, algorithms<kResponse>},
    Keyword<ProxyDraft>{"compression direction", kAll, false, direction},
    Keyword<ProxyDraft>{"compression minsize-req", kAll, false, min_size<kRequest>},
    Keyword<ProxyDraft>{"compression minsize-res", kAll, false, min_size<kResponse>},
    Keyword<ProxyDraft>{"compression offload", kAll, false, offload},
    Keyword<ProxyDraft>{"compression type", kAll, false, types<kResponse>},
    Keyword<ProxyDraft>{"compression type-req", kAll, false, types<kRequest>},
    Keyword<ProxyDraft>{"compression type-res", kAll, false, types<kResponse>},
};

}  // namespace

std::span<const Keyword<ProxyDraft>> compression_keywords() noexcept { return kKeywords; }

}  // namespace evenkeel::backends
