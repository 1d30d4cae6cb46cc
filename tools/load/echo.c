/* echo.c: nng's own round trip between two processes, which is what no RPC over it can beat. One REP socket
 * and one REQ socket, each with as many contexts as there are requests in flight. */
#include "load.h"
#include "run.h"

#include <nng/nng.h>
#include <nng/protocol/reqrep0/rep.h>
#include <nng/protocol/reqrep0/req.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* One context of either side. */
struct end {
    struct load_slot slot; /* of the asking side */
    nng_ctx context;
    nng_aio *aio;
    bool sending;
    size_t payload_bytes;
};

static void must(int error, const char *what)
{
    if (error == 0)
        return;
    fprintf(stderr, "orders-load: echo: %s: %s\n", what, nng_strerror(error));
    exit(EXIT_FAILURE);
}

static struct end *make_ends(const struct load_options *options, nng_socket socket, void (*advance)(void *))
{
    struct end *ends = calloc(options->in_flight, sizeof *ends);
    if (ends == NULL)
        abort();
    for (size_t i = 0; i < options->in_flight; i++) {
        ends[i].payload_bytes = options->payload_bytes;
        must(nng_ctx_open(&ends[i].context, socket), "context");
        must(nng_aio_alloc(&ends[i].aio, advance, &ends[i]), "aio");
    }
    return ends;
}

static void free_ends(struct end *ends, const struct load_options *options)
{
    for (size_t i = 0; i < options->in_flight; i++) {
        nng_aio_stop(ends[i].aio);
        nng_aio_free(ends[i].aio);
    }
    free(ends);
}

/* --- the answering side --- */

static void answer(void *arg)
{
    struct end *end = arg;
    nng_msg *message = nng_aio_get_msg(end->aio);
    if (nng_aio_result(end->aio) != 0) {
        if (end->sending)
            nng_msg_free(message);
        return; /* the socket was closed */
    }
    end->sending = !end->sending;
    if (end->sending)
        nng_ctx_send(end->context, end->aio); /* what was received is what is sent */
    else
        nng_ctx_recv(end->context, end->aio);
}

/* Serves until the other side's end of the pipe closes: with the process, however it ends. */
static void serve(const struct load_options *options, int listening, int until_closed)
{
    nng_socket socket;
    must(nng_rep0_open(&socket), "open");
    must(nng_listen(socket, options->url, NULL, 0), options->url);
    struct end *ends = make_ends(options, socket, answer);
    for (size_t i = 0; i < options->in_flight; i++)
        nng_ctx_recv(ends[i].context, ends[i].aio);

    char byte = 0;
    if (write(listening, &byte, 1) == 1)
        (void)!read(until_closed, &byte, 1);
    nng_close(socket);
    free_ends(ends, options);
}

/* --- the asking side --- */

static void ask(struct end *end)
{
    nng_msg *message;
    if (!slot_send(&end->slot))
        return;
    if (nng_msg_alloc(&message, end->payload_bytes) != 0)
        abort();
    memset(nng_msg_body(message), 0, end->payload_bytes);
    end->sending = true;
    nng_aio_set_msg(end->aio, message);
    nng_ctx_send(end->context, end->aio);
}

static void take_echo(void *arg)
{
    struct end *end = arg;
    int error = nng_aio_result(end->aio);
    if (error != 0) {
        if (end->sending)
            nng_msg_free(nng_aio_get_msg(end->aio));
        slot_failed(&end->slot, "%s", nng_strerror(error));
    } else if (end->sending) {
        end->sending = false;
        nng_ctx_recv(end->context, end->aio);
    } else {
        nng_msg *message = nng_aio_get_msg(end->aio);
        bool whole = nng_msg_len(message) == end->payload_bytes;
        nng_msg_free(message);
        if (!whole) {
            slot_failed(&end->slot, "an echo came back with another length");
            return;
        }
        slot_answered(&end->slot);
        ask(end);
    }
}

static bool measure(const struct load_options *options)
{
    nng_socket socket;
    struct run run;
    must(nng_req0_open(&socket), "open");
    must(nng_dial(socket, options->url, NULL, 0), options->url);
    struct end *ends = make_ends(options, socket, take_echo);
    run_begin(&run, options->in_flight, options->seconds);
    for (size_t i = 0; i < options->in_flight; i++) {
        ends[i].slot.run = &run;
        nng_aio_set_timeout(ends[i].aio, 10000);
        ask(&ends[i]);
    }
    bool well = run_wait(&run);
    if (well)
        run_print(&run, &ends->slot, options->in_flight, sizeof *ends, options->payload_bytes);
    else
        fprintf(stderr, "orders-load: echo: %s\n", run.error);
    nng_close(socket);
    free_ends(ends, options);
    return well;
}

int load_echo(const struct load_options *options)
{
    int listening[2], until_closed[2];
    if (pipe(listening) != 0 || pipe(until_closed) != 0) {
        perror("orders-load: pipe");
        return EXIT_FAILURE;
    }
    /* Before the first use of nng, which does not live through a fork. */
    pid_t server = fork();
    if (server < 0) {
        perror("orders-load: fork");
        return EXIT_FAILURE;
    }
    if (server == 0) {
        close(listening[0]);
        close(until_closed[1]);
        serve(options, listening[1], until_closed[0]);
        return EXIT_SUCCESS;
    }
    close(listening[1]);
    close(until_closed[0]);
    char byte;
    bool well = read(listening[0], &byte, 1) == 1 && measure(options);
    close(until_closed[1]);
    waitpid(server, NULL, 0);
    return well ? EXIT_SUCCESS : EXIT_FAILURE;
}
