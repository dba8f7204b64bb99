// Telling systemd how far we are (sd_notify(3)); nothing happens where systemd does not ask for it.
#pragma once

#include <string>

namespace evenkeel::control {

// Built with libsystemd.
bool notify_supported() noexcept;
void notify_ready(const std::string& status) noexcept;
void notify_reloading() noexcept;
void notify_stopping() noexcept;

}  // namespace evenkeel::control
