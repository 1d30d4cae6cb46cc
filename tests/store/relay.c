/* relay.c: a thread for each direction of each session. What the client sends is taken apart into the
 * messages of PostgreSQL's protocol (its manual, 55.7). */
#include "relay.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { HEAD = 5, CHUNK = 65536 };

static bool read_all(int fd, char *out, size_t size)
{
    return size == 0 || recv(fd, out, size, MSG_WAITALL) == (ssize_t)size;
}

static bool write_all(int fd, const char *data, size_t size)
{
    while (size > 0) {
        const ssize_t n = send(fd, data, size, MSG_NOSIGNAL);
        if (n <= 0)
            return false;
        data += n;
        size -= (size_t)n;
    }
    return true;
}

static uint32_t length_at(const char *at)
{
    uint32_t length;
    memcpy(&length, at, sizeof length);
    return ntohl(length);
}

/* One message, which has a type unless it is the first; to be freed. NULL: the end. */
static char *read_message(int fd, bool first, size_t *size)
{
    char head[HEAD];
    const size_t before = first ? 0 : 1;
    if (!read_all(fd, head, before + 4))
        return NULL;
    *size = before + length_at(head + before);
    char *message = malloc(*size + 1);
    memcpy(message, head, before + 4);
    message[*size] = '\0';
    if (read_all(fd, message + before + 4, *size - before - 4))
        return message;
    free(message);
    return NULL;
}

/* Whether a message binds this statement: 'B', length, a portal's name, the statement's name. */
static bool binds(const char *message, const char *statement)
{
    return message[0] == 'B' && strcmp(message + HEAD + strlen(message + HEAD) + 1, statement) == 0;
}

static void *from_client(void *arg)
{
    struct relay_session *session = arg;
    struct relay *relay = session->relay;
    bool dies = false;
    size_t size;
    char *message;
    for (bool first = true; (message = read_message(session->client, first, &size)) != NULL; first = false) {
        const char *death = atomic_load(&relay->death);
        dies = dies || (!first && death != NULL && binds(message, death));
        if (dies && message[0] == 'S') { /* the commit comes with the sync */
            free(message);
            atomic_store(&relay->death, NULL);
            atomic_store(&session->dead, true);
            atomic_fetch_add(&relay->deaths, 1);
            return NULL;
        }
        const bool sent = write_all(session->server, message, size);
        free(message);
        if (!sent)
            break;
    }
    shutdown(session->server, SHUT_WR);
    return NULL;
}

/* As a server that is slow, and says something now and then. */
static bool write_slowly(int fd, const char *data, size_t size, unsigned pause_ms)
{
    const size_t piece = pause_ms > 0 ? size / 3 : 0;
    for (int i = 0; i < 2 && piece > 0; i++, data += piece, size -= piece) {
        if (!write_all(fd, data, piece))
            return false;
        usleep(pause_ms * 1000);
    }
    return write_all(fd, data, size);
}

static void *from_server(void *arg)
{
    struct relay_session *session = arg;
    unsigned pause_ms = atomic_load(&session->relay->pause_ms);
    char chunk[CHUNK];
    ssize_t n;
    while ((n = recv(session->server, chunk, sizeof chunk, 0)) > 0) {
        if (!atomic_load(&session->dead) && !write_slowly(session->client, chunk, (size_t)n, pause_ms))
            break;
        pause_ms = 0;
    }
    if (!atomic_load(&session->dead))
        shutdown(session->client, SHUT_WR);
    return NULL;
}

static int connect_to_server(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    close(fd);
    return -1;
}

static void begin_session(struct relay *relay, int client)
{
    struct relay_session *session = &relay->sessions[atomic_fetch_add(&relay->n, 1)];
    pthread_t thread;
    session->relay = relay;
    session->client = client;
    session->server = connect_to_server(relay->server);
    pthread_create(&thread, NULL, from_client, session);
    pthread_detach(thread);
    pthread_create(&thread, NULL, from_server, session);
    pthread_detach(thread);
}

static void *accept_all(void *arg)
{
    struct relay *relay = arg;
    int client;
    while (atomic_load(&relay->n) < RELAY_MOST && (client = accept(relay->listening, NULL, NULL)) >= 0)
        begin_session(relay, client);
    return NULL;
}

void relay_start(struct relay *relay, const char *directory)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    pthread_t thread;
    snprintf(relay->server, sizeof relay->server, "%s/.s.PGSQL.5432", directory);
    relay->listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert_eq(bind(relay->listening, (struct sockaddr *)&address, sizeof address), 0);
    cr_assert_eq(listen(relay->listening, RELAY_MOST), 0);
    cr_assert_eq(getsockname(relay->listening, (struct sockaddr *)&address, &size), 0);
    relay->port = ntohs(address.sin_port);
    cr_assert_eq(pthread_create(&thread, NULL, accept_all, relay), 0);
    pthread_detach(thread);
}
