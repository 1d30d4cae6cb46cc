/* process.h: what a server's main does with its process. */
#ifndef BASE_PROCESS_H
#define BASE_PROCESS_H

/* Before the first thread: holds SIGTERM and SIGINT back for process_await_end, ignores SIGPIPE, and allows
 * as many open files as the system lets, so that connections are bounded by the program's own limits. */
void process_prepare(void);

/* Waits for SIGTERM or SIGINT: which of them. 0: none came within timeout_ms, unless that is 0. */
int process_await_end(unsigned timeout_ms);

#endif
