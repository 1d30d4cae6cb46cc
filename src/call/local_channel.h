/* local_channel.h: a channel to the service of this process: messages are handed over as they are. */
#ifndef CALL_LOCAL_CHANNEL_H
#define CALL_LOCAL_CHANNEL_H

#include "call/channel.h"
#include "call/surface.h"

/* The surface must outlive it. NULL: out of memory. */
struct channel *local_channel_new(struct surface *surface);

/* When all replies were freed. NULL does nothing. */
void local_channel_free(struct channel *channel);

#endif
