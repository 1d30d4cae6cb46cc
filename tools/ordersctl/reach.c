/* reach.c: a connection made by hand, as nng does not say why it made none. */
#include "reach.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* 0, or an errno value. */
static int await_connection(int fd, int timeout_ms)
{
    struct pollfd connection = {.fd = fd, .events = POLLOUT};
    int error = ETIMEDOUT;
    socklen_t size = sizeof error;
    if (poll(&connection, 1, timeout_ms) > 0)
        getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
    return error;
}

/* 0, or an errno value. */
static int try_address(int family, const struct sockaddr *address, socklen_t size, int timeout_ms)
{
    const int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int error = fd < 0 || connect(fd, address, size) != 0 ? errno : 0;
    if (error == EINPROGRESS)
        error = await_connection(fd, timeout_ms);
    if (fd >= 0)
        close(fd);
    return error;
}

/* connect refuses a file and a directory as it does a socket that nobody listens on. */
static bool is_no_socket(const char *path)
{
    struct stat found;
    return stat(path, &found) == 0 && !S_ISSOCK(found.st_mode);
}

static const char *try_path(const char *path, bool is_abstract, int timeout_ms)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const size_t length = strlen(path), before = is_abstract ? 1 : 0;
    if (length + 1 > sizeof address.sun_path)
        return strerror(ENAMETOOLONG);
    memcpy(address.sun_path + before, path, length);
    const socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length + 1);
    const int error = try_address(AF_UNIX, (const struct sockaddr *)&address, size, timeout_ms);
    if (error == ECONNREFUSED && !is_abstract && is_no_socket(path))
        return "what is there is no socket";
    return error != 0 ? strerror(error) : NULL;
}

static const char *try_host(const char *host, const char *port, int timeout_ms)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    const int unknown = getaddrinfo(host, port, &hints, &found);
    if (unknown != 0)
        return unknown == EAI_SYSTEM ? strerror(errno) : gai_strerror(unknown);
    int error = EADDRNOTAVAIL;
    for (const struct addrinfo *at = found; at != NULL && error != 0; at = at->ai_next)
        error = try_address(at->ai_family, at->ai_addr, at->ai_addrlen, timeout_ms);
    freeaddrinfo(found);
    return error != 0 ? strerror(error) : NULL;
}

/* "[::1]:6600", "localhost:6600". */
static const char *try_tcp(const char *address, int timeout_ms, struct arena *arena)
{
    const char *colon = strrchr(address, ':');
    if (colon == NULL)
        return "has no port";
    const bool bracketed = *address == '[' && colon[-1] == ']';
    const char *host =
        arena_copy(arena, address + bracketed, (size_t)(colon - address) - (bracketed ? 2 : 0));
    return try_host(host, colon + 1, timeout_ms);
}

const char *reach_describe(const char *url, int timeout_ms, struct arena *arena)
{
    const char *separator = strstr(url, "://"), *why = NULL;
    const char *rest = separator != NULL ? separator + strlen("://") : url;
    if (strncmp(url, "ipc://", strlen("ipc://")) == 0)
        why = try_path(rest, false, timeout_ms);
    else if (strncmp(url, "abstract://", strlen("abstract://")) == 0)
        why = try_path(rest, true, timeout_ms);
    else
        why = try_tcp(rest, timeout_ms, arena);
    return arena_printf(arena, "%s: %s", url,
                        why != NULL ? why : "takes connections, but did not answer as an order service");
}
