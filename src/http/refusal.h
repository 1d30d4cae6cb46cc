/* refusal.h: answers to requests that are malformed or incomplete. libmicrohttpd answers complete requests
 * alone, on its own threads: for others an answer is written to the socket directly. And the texts for what
 * libmicrohttpd refuses itself. */
#ifndef HTTP_REFUSAL_H
#define HTTP_REFUSAL_H

enum refusal { REFUSAL_LATE, REFUSAL_TOO_LARGE, REFUSAL_TOO_OFTEN, REFUSAL_NO_ROOM, REFUSALS };

/* Its HTTP status. */
unsigned refusal_status(enum refusal refusal);

/* Sends what the socket takes at once of an answer after which the connection is to be closed. A request_id
 * of NULL, for a request that did not get as far as its own, makes a new one. */
void refusal_send(int fd, enum refusal refusal, const char *request_id);

/* What a status says with which libmicrohttpd refuses a request by itself. NULL: nothing of its own. */
const char *refusal_detail(unsigned status);

#endif
