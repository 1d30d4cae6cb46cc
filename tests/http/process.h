/* process.h: an orders-http for a test: its own process, with the environment that the test gives it. */
#ifndef HTTP_PROCESS_H
#define HTTP_PROCESS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct process {
    pid_t pid;
    int output, errors; /* what it prints */
    uint16_t port;      /* where it serves, once process_await_ready has read it */
};

/* Starts it ($ORDERS_HTTP_PROGRAM) with this environment, of "NAME=value" strings, and nothing else: but that
 * a sanitizer keeps its options. */
struct process process_spawn(char *const environment[]);

/* The same of ordersd ($ORDERSD). */
struct process process_spawn_ordersd(char *const environment[]);

/* Fails the test unless it gets ready. */
void process_await_ready(struct process *process);

/* Reads a line of what it prints; what there is of one when no more comes. */
void process_read_line(int fd, char *line, size_t size);

/* Waits for its end: its exit code, or 128 and the signal. */
int process_wait(struct process *process);

#endif
