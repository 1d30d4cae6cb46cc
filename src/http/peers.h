/* peers.h: who is connected to the shim, and how long each may keep it waiting.
 *
 * libmicrohttpd's own timeout begins anew with every byte: a client that sends one a second would stay for
 * ever. Here the whole of what a client is waited for has its time, by the phase the connection is in:
 *
 *   receiving   from the connection's begin, or a later request's line, to the request's end: request timeout
 *   calling     the service has the request, and a deadline for it: no timeout
 *   answering   until the client has taken the answer: send timeout
 *   idle        until the next request's line: idle timeout
 *
 * A connection that exceeds its time is closed; one that was receiving is answered 408 first. For one more
 * than the limit, another is ended early, with a 503 if it was receiving: one that has been slow to send its
 * request, or has read nothing of its answer for some time, else one that has been idle for some time, else
 * the longest of those that are receiving or of those that are idle, whichever are more. So silent or idle
 * clients keep nobody out, however many they are. A client that has sent what the service has yet to read is
 * neither slow nor idle: it is ended only when no silent one is found, or when it has been spared for a
 * second and still sends. There are never more connections than the limit, but for those that were ended and
 * that libmicrohttpd's threads have yet to close, and for the process's own probe, which is not ended to make
 * room. When memory is short, connections whose clients have read nothing of their answers for some time are
 * closed; a client that reads, however slowly, keeps its own. A connection in "calling" is never closed, as
 * it is the service that keeps it waiting.
 *
 * Requests that are sent before the answers to those before them wait in the connection's buffer, which has a
 * fixed size, and at the client. libmicrohttpd takes one at a time, in turn with those of other connections.
 *
 * A connection belongs to libmicrohttpd, which closes its socket; to end it is to shut the socket down, which
 * libmicrohttpd's thread then notices. The functions may be called on any thread.
 */
#ifndef HTTP_PEERS_H
#define HTTP_PEERS_H

#include "base/budget.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/own_peer.h"
#include "http/refusal.h"
#include "tls/server.h"

#include <microhttpd.h>
#include <stdbool.h>
#include <stdint.h>

struct peers_options {
    unsigned limit; /* of connections */
    unsigned request_timeout_s;
    unsigned send_timeout_s;
    unsigned idle_timeout_s;
    struct own_peer *self;  /* the probe of this process itself, outside the limit */
    struct tls_server *tls; /* what connections are served by; NULL: without. Who is ended then is ended
                               without an answer, which only libmicrohttpd's own thread could give */
    struct budget *memory;  /* that answers are kept in */
    struct log *log;        /* how many were ended, at level info */
    struct metric *open, *late, *evicted; /* there are, and were ended; each may be NULL */
};

struct peers;

/* With a thread that ends who is late, some quarter of a second after its time. NULL: no memory or thread. */
struct peers *peers_open(const struct peers_options *options);

/* When libmicrohttpd has no connection any more. NULL does nothing. */
void peers_close(struct peers *peers);

/* MHD_OPTION_NOTIFY_CONNECTION's callback, with the peers as its closure. */
void peers_notify(void *peers, struct MHD_Connection *connection, void **context,
                  enum MHD_ConnectionNotificationCode what);

enum peer_phase { PEER_RECEIVING, PEER_CALLING, PEER_ANSWERING, PEER_IDLE, PEER_ENDED, PEER_PHASES };

/* The connection's time in a phase begins; that of one which is receiving already goes on. False: it was
 * ended, perhaps with an answer, and nothing more is to be done for it. */
bool peer_enter(struct MHD_Connection *connection, enum peer_phase phase);

/* How much it has of the memory for all, for its answer. */
void peer_hold_memory(struct MHD_Connection *connection, size_t bytes);

/* Of those who hold memory, ends the ones whose clients have taken nothing of their answers for longest, if
 * that is some time, until those had so much. False: they had less. What they had is free a moment later,
 * when libmicrohttpd's threads have noticed. */
bool peer_make_room(struct MHD_Connection *connection, size_t bytes);

/* If memory is wanted, does so now with a part of it, instead of within a quarter of a second. */
void peer_meet_want(struct MHD_Connection *connection);

/* What to answer if the request is not whole in time, and under which id, which must live until the
 * connection is idle again. */
void peer_note(struct MHD_Connection *connection, const char *request_id, enum refusal when_late);

/* Ends it now, with the answer noted. */
void peer_refuse(struct MHD_Connection *connection);

/* Its number: no two that are open have the same one. */
uint32_t peer_number(struct MHD_Connection *connection);

/* Its address, for the log, as long as it is open. */
const char *peer_address(struct MHD_Connection *connection);

/* What serves it by TLS, which is not to be called without. */
struct tls_server *peer_tls(struct MHD_Connection *connection);

/* Who it is by its certificate, as long as it is open; NULL, or of no subject: it has none. And room for
 * that, for who verifies it; NULL: no memory. On libmicrohttpd's thread alone. */
const struct tls_holder *peer_holder(struct MHD_Connection *connection);
struct tls_holder *peer_holder_room(struct MHD_Connection *connection);

/* Whether it is the one by which this process asks itself whether it serves. */
bool peer_is_self(struct MHD_Connection *connection);

/* What it was answered when it was ended: an HTTP status, 0 for nothing or while it was not. */
unsigned peer_refused(struct MHD_Connection *connection);

#endif
