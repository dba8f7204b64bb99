// All commands of the runtime socket.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "control/command.h"

namespace evenkeel::control {

std::span<const Command> catalog();

// A catalog as its names. The last three are help, prompt and quit, which help always shows.
using CommandNames = std::span<const CommandName* const>;
CommandNames command_names();  // of catalog()

// The index of the command that the words begin with; nullopt for none. matched: how many words its name has.
std::optional<std::size_t> find_command(CommandNames names, const Words& words, std::size_t& matched);

// `help` for all commands, or for those that begin with or resemble the words.
std::string help_text(CommandNames names, std::span<const std::string> words);
// For words that name no command: those that may be meant, or all.
std::string unknown_text(CommandNames names, const Words& words);

// Finds the command of catalog() and checks the level. Null: `refusal` is the whole answer, which tells
// HAProxy's commands that are missing here from misspelt ones.
const Command* resolve(Call& call, Answer& refusal);

}  // namespace evenkeel::control
