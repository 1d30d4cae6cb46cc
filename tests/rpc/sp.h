/* sp.h: the wire byte by byte, for what no library would send.
 *
 * An SP connection over TCP opens with eight bytes each way, then carries messages behind an eight-byte
 * length; a REQ message begins with four bytes of request id whose top bit is set.
 */
#ifndef RPC_SP_H
#define RPC_SP_H

#include "rpc/v1/frame.pb-c.h"
#include "support/service.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A TCP connection to the service that has said nothing. The caller's to close. */
int sp_dial(const struct service *service);

/* The same from another address of the loopback network, 127.0.0.`host`. */
int sp_dial_from(const struct service *service, unsigned char host);

/* The same with small buffers: the kernel keeps no more than some 100 KB that the peer has not read. */
int sp_dial_small(const struct service *service);

/* The same over ipc. */
int sp_dial_ipc(const struct service *service);

/* What greets as a client. */
extern const uint8_t sp_greeting[8];

/* Reads what the service greets with, or fails the test. */
void sp_expect_greeting(int peer);

/* One over TCP whose greetings were exchanged. */
int sp_connect(const struct service *service);

/* The same over ipc, where the kernel keeps no more than some 200 KB between the two. */
int sp_connect_ipc(const struct service *service);

/* Sends as much as the peer takes before it closes. */
void sp_send(int peer, const void *bytes, size_t size);

/* What stands in front of a frame of that size, as request `id`. Its own size. */
enum { SP_HEAD_BYTES = 12 };
size_t sp_put_head(uint8_t *out, uint32_t id, size_t size);

/* Over ipc. */
enum { SP_IPC_HEAD_BYTES = 1 + SP_HEAD_BYTES };
size_t sp_put_ipc_head(uint8_t *out, uint32_t id, size_t size);

/* Sends a frame as request `id`. */
void sp_send_frame(int peer, uint32_t id, const void *frame, size_t size);

/* Reads exactly that much, within ten seconds of silence. False: the peer closed. */
bool sp_read(int peer, void *bytes, size_t size);

/* The answer to request `id`; NULL: the peer closed. Free with rpc__v1__response__free_unpacked. */
Rpc__V1__Response *sp_read_response(int peer, uint32_t id);

/* Waits until the peer has closed, and fails the test unless it does so within timeout_ms. What comes until
 * then is dropped. */
void sp_expect_closed(int peer, int timeout_ms);

#endif
