#include "control/notify.h"

#include "core/clock.h"

#ifdef EVENKEEL_SYSTEMD
#include <systemd/sd-daemon.h>
#include <unistd.h>
#endif

namespace evenkeel::control {

#ifdef EVENKEEL_SYSTEMD

bool notify_supported() noexcept { return true; }

void notify_ready(const std::string& status) noexcept {
  sd_notifyf(0, "READY=1\nMAINPID=%ld\nSTATUS=%s", static_cast<long>(getpid()), status.c_str());
}

void notify_reloading() noexcept {
  // Type=notify-reload (systemd 253) wants the time, older ones ignore it.
  sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%lld\nSTATUS=Reloading the configuration",
             static_cast<long long>(SystemClock().now_us()));
}

void notify_stopping() noexcept { sd_notify(0, "STOPPING=1\nSTATUS=Stopping"); }

#else

bool notify_supported() noexcept { return false; }
void notify_ready(const std::string&) noexcept {}
void notify_reloading() noexcept {}
void notify_stopping() noexcept {}

#endif

}  // namespace evenkeel::control
