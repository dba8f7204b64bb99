// Fetches that pass a question on to EvalContext::number() or text(): one line each in the families' tables.
#pragma once

#include "rules/catalog.h"

namespace evenkeel::rules::fetch {

template <Number kWhat>
bool number(const Args& args, EvalContext& ctx, FetchState&, Sample& out) {
  const auto value = ctx.number(kWhat, args.text(0));
  if (!value) return false;
  out = Sample::of_int(*value);
  return true;
}

template <Number kWhat>
bool truth(const Args& args, EvalContext& ctx, FetchState&, Sample& out) {
  const auto value = ctx.number(kWhat, args.text(0));
  if (!value) return false;
  out = Sample::of_bool(*value != 0);
  return true;
}

// A timer that was not reached has no sample.
template <Number kWhat>
bool timer(const Args&, EvalContext& ctx, FetchState&, Sample& out) {
  const auto value = ctx.number(kWhat, {});
  if (!value || *value < 0) return false;
  out = Sample::of_int(*value);
  return true;
}

template <Text kWhat>
bool text(const Args&, EvalContext& ctx, FetchState&, Sample& out) {
  const auto value = ctx.text(kWhat);
  if (!value) return false;
  out = Sample::of_text(*value);
  return true;
}

}  // namespace evenkeel::rules::fetch
