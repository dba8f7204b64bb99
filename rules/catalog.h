// What fetches and converters declare about themselves, and the lists of all of them.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "rules/args.h"
#include "rules/context.h"
#include "rules/sample.h"

namespace evenkeel::rules {

class CompileEnv;

// Where an expression runs. The order is that of the columns in the keyword list of HAProxy 3.5, and Scope
// values below are sets of them.
enum class Place : std::uint8_t {
  fe_tcp_connection,
  fe_tcp_session,
  fe_tcp_content,
  fe_http_request,
  fe_http_request_body,
  fe_use_backend,
  be_tcp_content,
  be_http_request,
  be_http_request_body,
  be_use_server,
  server_source,
  be_tcp_response,
  be_http_response,
  be_http_response_body,
  be_stick_store,
  fe_tcp_response,
  fe_http_response,
  fe_http_response_body,
  log,
  check,
  config,
  cli,
};

// A set of places: a rule of a `listen` section runs in a frontend's place and in a backend's.
using Places = std::uint32_t;
constexpr Places at(Place place) noexcept { return 1U << static_cast<unsigned>(place); }

// The sets of places that occur in the keyword list, written as its rows are.
constexpr std::uint32_t scope_of(std::string_view row) {
  std::uint32_t set = 0;
  for (std::size_t i = 0; i < row.size(); ++i) set |= row[i] == 'Y' ? 1U << i : 0U;
  return set;
}

namespace scope {
inline constexpr std::uint32_t kAlways = scope_of("YYYYYYYYYYYYYYYYYYYYYY");
inline constexpr std::uint32_t kInternal = scope_of("YYYYYYYYYYYYYYYYYYYY.Y");
inline constexpr std::uint32_t kClient = scope_of("YYYYYYYYYYYYYYYYYYYY..");
inline constexpr std::uint32_t kFrontend = scope_of("YYYYYYYYYYYYYYYYYYY...");
inline constexpr std::uint32_t kSession = scope_of(".YYYYYYYYYYYYYYYYYY...");
inline constexpr std::uint32_t kStream = scope_of("..YYYYYYYYYYYYYYYYY...");
inline constexpr std::uint32_t kEither = scope_of("..YYYYYYYYYYYYYYYY.Y..");
inline constexpr std::uint32_t kRequest = scope_of("..YYYYYYYYY...........");
inline constexpr std::uint32_t kBackend = scope_of("......YYYYYYYYYYYYYY..");
inline constexpr std::uint32_t kServerSide = scope_of("...........YYYYYYYYY..");
inline constexpr std::uint32_t kResponse = scope_of("...........YYYYYYY.Y..");
inline constexpr std::uint32_t kServer = scope_of("..........YYYYYYYYYY..");
inline constexpr std::uint32_t kBytesOut = scope_of(".........YYYYYYYYYY...");
}  // namespace scope

// How one evaluation goes on. A fetch with several values (a header) gives one per call when `iterate` is
// set, keeps its place in `cursor` and says in `more` whether to ask again.
struct FetchState {
  bool iterate = false;
  bool more = false;
  bool pending = false;  // not there yet, but may come: content rules wait for it
  std::uint32_t cursor = 0;
  std::uint32_t offset = 0;
};

using FetchFn = bool (*)(const Args&, EvalContext&, FetchState&, Sample&);
using ConvertFn = bool (*)(const Args&, EvalContext&, Sample&);
// Checks and compiles arguments at load; a non-empty text is the error.
using PrepareFn = std::string (*)(Args&, CompileEnv&);

struct FetchSpec {
  std::string_view name;
  std::string_view signature;  // see type_args()
  SampleType out;
  std::uint32_t scope;  // one of scope::
  FetchFn fetch;
  PrepareFn prepare = nullptr;
};

struct ConverterSpec {
  std::string_view name;
  std::string_view signature;
  SampleType in;
  SampleType out;  // `any`: the type that came in
  ConvertFn convert;
  PrepareFn prepare = nullptr;
};

// nullptr: Evenkeel has none of that name.
const FetchSpec* find_fetch(std::string_view name) noexcept;
const ConverterSpec* find_converter(std::string_view name) noexcept;

// All of them, family by family, for -dK and for suggestions.
std::span<const std::span<const FetchSpec>> fetch_families() noexcept;
std::span<const std::span<const ConverterSpec>> converter_families() noexcept;

}  // namespace evenkeel::rules
