/* notify.h: tells the service manager the state of the process (sd_notify(3), which documents the protocol):
 * a datagram to the socket that NOTIFY_SOCKET names. A few lines here instead of libsystemd, which brings
 * five further libraries into every process. */
#ifndef BASE_NOTIFY_H
#define BASE_NOTIFY_H

struct notify {
    int fd;               /* -1: nobody is to be told */
    unsigned watchdog_ms; /* how often "WATCHDOG=1" is wanted at least, or the process is ended; 0: never */
};

/* Before the first thread, since it reads the environment. */
void notify_open(struct notify *notify);
void notify_close(struct notify *notify);

/* "READY=1", or several lines. Nobody to tell, or nobody who listens, is no failure. */
void notify_send(const struct notify *notify, const char *state);

#endif
