// Walking the parameters of a query string or form body.
#pragma once

#include <string_view>

namespace evenkeel::rules {

// "a=1&b" gives ("a", "1"), then ("b", "") with has_value false. http::find_parameter() finds one by name;
// this one visits all, as ACLs need.
class QueryReader {
 public:
  explicit QueryReader(std::string_view query, char separator = '&') noexcept
      : rest_(query), separator_(separator) {}
  bool next(std::string_view& name, std::string_view& value, bool& has_value) noexcept;

 private:
  std::string_view rest_;
  char separator_;
};

}  // namespace evenkeel::rules
