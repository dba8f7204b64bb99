// User lists (manual 3.4): who may pass `http-request auth` and http_auth().
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace evenkeel::rules {

struct User {
  std::string name;
  std::string password;   // as written
  bool encrypted = true;  // `password`: crypt(3) text; `insecure-password`: clear text
  std::vector<std::string> groups;
};

struct Userlist {
  std::string name;
  std::vector<std::string> groups;
  std::vector<User> users;

  // Takes the same time whether the name or the password is wrong, as far as clear-text passwords go; an
  // encrypted one costs what crypt(3) costs, which is why results are worth caching where clients repeat
  // themselves.
  [[nodiscard]] bool accepts(std::string_view user, std::string_view password) const;
  [[nodiscard]] const User* find(std::string_view user) const noexcept;
};

// By name. Expressions keep what they found alive.
class UserlistTable {
 public:
  void add(std::shared_ptr<const Userlist> list) { lists_[list->name] = std::move(list); }
  [[nodiscard]] std::shared_ptr<const Userlist> find(std::string_view name) const {
    const auto found = lists_.find(name);
    return found == lists_.end() ? nullptr : found->second;
  }

 private:
  std::map<std::string, std::shared_ptr<const Userlist>, std::less<>> lists_;
};

}  // namespace evenkeel::rules
