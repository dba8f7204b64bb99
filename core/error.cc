#include "core/error.h"

#include <cerrno>

namespace evenkeel {

IoStatus io_status_of(int sys) noexcept {
  switch (sys) {
    case 0:
      return IoStatus::ok;
    case ECONNRESET:
    case EPIPE:
    case ECONNABORTED:
      return IoStatus::reset;
    case ECONNREFUSED:
    case ENOENT:  // connect() to a unix socket that is not there
      return IoStatus::refused;
    case EHOSTUNREACH:
    case ENETUNREACH:
    case EHOSTDOWN:
    case ENETDOWN:
      return IoStatus::unreachable;
    case ETIMEDOUT:
      return IoStatus::timeout;
    case ECANCELED:
      return IoStatus::cancelled;
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
    case EADDRNOTAVAIL:
    case EADDRINUSE:
      return IoStatus::no_resource;
    default:
      return IoStatus::failed;
  }
}

std::string_view to_string(IoStatus status) noexcept {
  switch (status) {
    case IoStatus::ok:
      return "ok";
    case IoStatus::eof:
      return "end of stream";
    case IoStatus::reset:
      return "connection reset";
    case IoStatus::refused:
      return "connection refused";
    case IoStatus::unreachable:
      return "host unreachable";
    case IoStatus::timeout:
      return "timeout";
    case IoStatus::cancelled:
      return "cancelled";
    case IoStatus::no_resource:
      return "out of resources";
    case IoStatus::failed:
      return "failed";
  }
  return "?";
}

}  // namespace evenkeel
