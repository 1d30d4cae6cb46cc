/* task_threads.h: how many threads nng runs callbacks on, for a process that does much over few connections.
 */
#ifndef RPC_TASK_THREADS_H
#define RPC_TASK_THREADS_H

#include <stdbool.h>

/* Leaves nng one of the threads it runs callbacks on, until the process ends. For the main function of a
 * program that is all ours, before it opens a socket: callbacks of the whole process then run one after
 * another, so none may wait for another. Once a process. False: nng has fewer than thought, and all of them
 * stay; had it more, the others would stay too.
 *
 * nng 1.5 starts two a core. Each part of a message that goes in or out is a task for one of them, and a task
 * wakes a thread that sleeps though one that is awake would take it next: the threads of one connection spend
 * most of their time waking each other and waiting for the same locks. Measured on two cores: with many
 * connections on many cores, one thread may be too few. */
bool task_threads_keep_one(void);

#endif
