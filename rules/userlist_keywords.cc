// The lines of `userlist` sections (manual 3.4).
#include <algorithm>

#include "rules/keywords.h"

namespace evenkeel::rules {
namespace {

using conf::Args;

std::vector<std::string> split_commas(std::string_view text) {
  std::vector<std::string> items;
  while (!text.empty()) {
    const std::string_view item = text.substr(0, text.find(','));
    if (!item.empty()) items.emplace_back(item);
    text.remove_prefix(std::min(item.size() + 1, text.size()));
  }
  return items;
}

void group(UserlistDraft& draft, Args& args) {
  const auto name = args.required("a group name");
  if (!name) return;
  auto& groups = draft.list.groups;
  if (std::find(groups.begin(), groups.end(), *name) != groups.end()) {
    args.error("group '" + std::string(*name) + "' is declared twice");
    return;
  }
  groups.emplace_back(*name);
  if (!args.accept("users")) return;
  const auto users = args.required("user names");
  if (users) draft.members.emplace_back(groups.back(), split_commas(*users));
}

void user(UserlistDraft& draft, Args& args) {
  const auto name = args.required("a user name");
  if (!name) return;
  if (draft.list.find(*name) != nullptr) {
    args.error("user '" + std::string(*name) + "' is declared twice");
    return;
  }
  User entry;
  entry.name = std::string(*name);
  while (!args.at_end()) {
    if (args.accept("password") || args.accept("insecure-password")) {
      entry.encrypted = args.statement().words[args.position() - 1].text == "password";
      const auto password = args.required("a password");
      if (!password) return;
      entry.password = std::string(*password);
    } else if (args.accept("groups")) {
      const auto groups = args.required("group names");
      if (!groups) return;
      entry.groups = split_commas(*groups);
    } else {
      args.error_here("'password', 'insecure-password' or 'groups' is expected, not '" +
                      std::string(args.peek()) + "'");
      return;
    }
  }
  draft.list.users.push_back(std::move(entry));
}

constexpr conf::Keyword<UserlistDraft> kKeywords[] = {
    {"group", mask_of(conf::SectionKind::userlist), false, group, "declares a group of users"},
    {"user", mask_of(conf::SectionKind::userlist), false, user, "declares a user"},
};

}  // namespace

std::span<const conf::Keyword<UserlistDraft>> userlist_keywords() noexcept { return kKeywords; }

std::shared_ptr<const Userlist> finish_userlist(UserlistDraft draft, const conf::Statement& header,
                                                conf::Diagnostics& diagnostics) {
  auto list = std::make_shared<Userlist>(std::move(draft.list));
  for (const auto& [group, users] : draft.members) {
    for (const std::string& name : users) {
      const auto found =
          std::find_if(list->users.begin(), list->users.end(), [&](const User& u) { return u.name == name; });
      if (found == list->users.end()) {
        diagnostics.error(header.location(),
                          "group '" + group + "' names the user '" + name + "', who is not declared");
      } else if (std::find(found->groups.begin(), found->groups.end(), group) == found->groups.end()) {
        found->groups.push_back(group);
      }
    }
  }
  for (const User& user : list->users) {
    for (const std::string& group : user.groups) {
      if (std::find(list->groups.begin(), list->groups.end(), group) == list->groups.end()) {
        diagnostics.error(header.location(),
                          "user '" + user.name + "' is in group '" + group + "', which is not declared");
      }
    }
  }
  return list;
}

}  // namespace evenkeel::rules
