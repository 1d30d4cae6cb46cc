/* manager.h: a service manager for a test: what a server tells it by NOTIFY_SOCKET.
 */
#ifndef SUPPORT_MANAGER_H
#define SUPPORT_MANAGER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct manager {
    int fd;
    char setting[64]; /* "NOTIFY_SOCKET=...", for the server's environment */
};

void manager_open(struct manager *manager);
void manager_close(struct manager *manager);

/* Waits for the next that is said, which is to be this. */
void manager_expect(const struct manager *manager, const char *expected);

/* The same, for the next that is no ping of the watchdog. */
void manager_await(const struct manager *manager, const char *expected);

/* Takes the socket by which a process listens on a port over IPv4, and has it accept no more, of which the
 * process never hears. False: the system lets nobody do that. */
bool manager_stop_listening(pid_t pid, uint16_t port);

/* The same, but who connects is not refused either, and waits. */
bool manager_hang_listening(pid_t pid, uint16_t port);

#endif
