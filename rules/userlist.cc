#include "rules/userlist.h"

#include <crypt.h>

#include "http/auth.h"

namespace evenkeel::rules {
const User* Userlist::find(std::string_view user) const noexcept {
  for (const User& candidate : users) {
    if (candidate.name == user) return &candidate;
  }
  return nullptr;
}

bool Userlist::accepts(std::string_view name, std::string_view password) const {
  const User* const user = find(name);
  if (user == nullptr) {
    (void)http::equal_in_constant_time(password, "nobody has this password");
    return false;
  }
  if (!user->encrypted) return http::equal_in_constant_time(password, user->password);
  crypt_data work{};
  const std::string clear(password);
  const char* const made = ::crypt_r(clear.c_str(), user->password.c_str(), &work);
  return made != nullptr && clear.size() == password.size() &&
         http::equal_in_constant_time(made, user->password);
}

}  // namespace evenkeel::rules
