// Connections whose sockets travel over another socket (`sockpair@`, manual 11.1): the initiator makes a pair
// of connected sockets, keeps one and passes the other over a unix socket that both sides have.
#pragma once

namespace evenkeel {

// Gives the other end of a new pair to whoever reads `over`; returns our end, non-blocking, or -1 with errno
// (EAGAIN: nobody takes what was passed before). The caller owns what is returned.
int connect_by_passing(int over) noexcept;

// The next socket that was passed over `over`, non-blocking, owned by the caller. -1 with errno: EAGAIN when
// none waits, EPIPE when nobody will pass one any more, EPROTO for a message that brings none.
int accept_passed(int over) noexcept;

}  // namespace evenkeel
