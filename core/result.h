// Result<T, E>: a value, or an error that says why there is none.
//
// Boost's result is used as it is; the alias keeps its (long) name in one place. The data plane never calls
// value(), which throws: test with has_value() or operator bool, then use * and ->.
#pragma once

#include <boost/system/result.hpp>

namespace evenkeel {

template <class T, class E>
using Result = boost::system::result<T, E>;

}  // namespace evenkeel
