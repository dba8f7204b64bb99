// All commands of the runtime socket.
#pragma once

#include <span>
#include <string>

#include "control/command.h"

namespace evenkeel::control {

std::span<const Command> catalog();

// The command that the words begin with; null for none. matched: how many words its name has.
const Command* find_command(const Words& words, std::size_t& matched);

// `help` for all commands, or for those that begin with or resemble the words.
std::string help_text(std::span<const std::string> words);
// For words that name no command: HAProxy's commands that are missing here are told from misspelt ones.
std::string unknown_text(const Words& words);

// Finds the command and checks the level. Null: `refusal` is the whole answer.
const Command* resolve(Call& call, Answer& refusal);

}  // namespace evenkeel::control
