/* listening.c: nng_listener_close closes the connections too, and nng tells nobody the descriptor it listens
 * on. So that is looked for among the open files, by its address, and closed behind nng's back. */
#include "rpc/listening.h"

#include "base/own_peer.h"
#include "base/process.h"

#include <dirent.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static socklen_t abstract_size(const nng_sockaddr_abstract *address)
{
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + address->sa_len);
}

/* nng keeps ports and addresses in the network's byte order, as the system does. */
static bool is_same(const union own_peer_name *address, socklen_t length, const nng_sockaddr *wanted)
{
    switch (wanted->s_family) {
    case NNG_AF_INET:
        return address->any.sa_family == AF_INET && address->v4.sin_port == wanted->s_in.sa_port &&
               address->v4.sin_addr.s_addr == wanted->s_in.sa_addr;
    case NNG_AF_INET6:
        return address->any.sa_family == AF_INET6 && address->v6.sin6_port == wanted->s_in6.sa_port &&
               memcmp(&address->v6.sin6_addr, wanted->s_in6.sa_addr, sizeof wanted->s_in6.sa_addr) == 0;
    case NNG_AF_IPC:
        return address->any.sa_family == AF_UNIX &&
               strcmp(address->local.sun_path, wanted->s_ipc.sa_path) == 0;
    case NNG_AF_ABSTRACT: /* a NUL, and a name without one at its end */
        return address->any.sa_family == AF_UNIX && address->local.sun_path[0] == '\0' &&
               length == abstract_size(&wanted->s_abstract) &&
               memcmp(address->local.sun_path + 1, wanted->s_abstract.sa_name, wanted->s_abstract.sa_len) ==
                   0;
    default:
        return false;
    }
}

socklen_t listening_convert(const nng_sockaddr *from, struct sockaddr_storage *to)
{
    union own_peer_name address = {0};
    socklen_t size = 0;
    switch (from->s_family) {
    case NNG_AF_INET:
        size = sizeof address.v4;
        address.v4 = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = from->s_in.sa_port};
        address.v4.sin_addr.s_addr = from->s_in.sa_addr;
        break;
    case NNG_AF_INET6:
        size = sizeof address.v6;
        address.v6 = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = from->s_in6.sa_port};
        memcpy(&address.v6.sin6_addr, from->s_in6.sa_addr, sizeof address.v6.sin6_addr);
        break;
    case NNG_AF_IPC:
        size = sizeof address.local;
        address.local.sun_family = AF_UNIX;
        memcpy(address.local.sun_path, from->s_ipc.sa_path,
               strnlen(from->s_ipc.sa_path, sizeof address.local.sun_path - 1));
        break;
    case NNG_AF_ABSTRACT:
        size = abstract_size(&from->s_abstract);
        address.local.sun_family = AF_UNIX;
        memcpy(address.local.sun_path + 1, from->s_abstract.sa_name, from->s_abstract.sa_len);
        break;
    default:
        break;
    }
    memcpy(to, &address, sizeof address);
    return size;
}

static bool listens_at(int fd, const nng_sockaddr *wanted)
{
    union own_peer_name address = {0};
    socklen_t length = sizeof address, size = sizeof(int);
    int listens = 0;
    return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) == 0 && listens != 0 &&
           getsockname(fd, &address.any, &length) == 0 && is_same(&address, length, wanted);
}

/* nng waits on in epoll, and never hears of the socket again. Should it be accepting a connection at this
 * very moment, it tries to accept the next one again and again, which takes time of a core until the process
 * ends, and harms nobody else. */
bool listening_stop(nng_listener listener)
{
    nng_sockaddr address;
    DIR *files = opendir("/proc/self/fd");
    bool stopped = false;
    if (files == NULL)
        return false;
    if (nng_listener_get_addr(listener, NNG_OPT_LOCADDR, &address) == 0) {
        struct dirent *file;
        // cppcheck-suppress readdirCalled; the stream is nobody else's
        while (!stopped && (file = readdir(files)) != NULL) {   /* NOLINT(concurrency-mt-unsafe) */
            const int fd = (int)strtol(file->d_name, NULL, 10); /* "." is 0, which listens nowhere */
            stopped = listens_at(fd, &address) && process_close_held(fd);
        }
    }
    closedir(files);
    return stopped;
}
