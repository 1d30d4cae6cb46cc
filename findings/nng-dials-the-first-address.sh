#!/bin/bash
# nng-dials-the-first-address: nng 1.5.2 dials the first address of a name, and never another one.
#
# A name may have several addresses (RFC 6724 sorts them; RFC 8305 has clients go through them). "localhost" is ::1
# and then 127.0.0.1 on most machines: a server of 127.0.0.1 is not reached by it, however often it is dialled again.
# The program gives nng a name of these two addresses, in either order, by a getaddrinfo() of its own, as a machine's
# /etc/hosts would. Takes Debian 12's packages of nng 1.5.2-2 and of the mbedtls that it wants, without installing them,
# in a temporary folder (gcc and Debian's apt sources are wanted). Exits with 0 while it behaves so, with 1 once it does
# not.
#
# Seen: nng 1.5.2: ::1 first: not reached within 3 s; 127.0.0.1 first: reached
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

apt-get -q download libnng1=1.5.2-2 libnng-dev=1.5.2-2 libmbedtls14 libmbedcrypto7 libmbedx509-1 >log 2>&1 || {
    cat log >&2
    exit 2
}
for package in ./*.deb; do
    dpkg-deb -x "$package" root
done

cat >dial.c <<'END'
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <netdb.h>
#include <nng/nng.h>
#include <nng/protocol/reqrep0/rep.h>
#include <nng/protocol/reqrep0/req.h>
#include <stdio.h>
#include <string.h>

static const char *addresses[2];

int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **results)
{
    int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
    *(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
    if (name == NULL || strcmp(name, "two.example") != 0)
        return real(name, service, hints, results);
    const int failed = real(addresses[0], service, hints, results);
    return failed != 0 ? failed : real(addresses[1], service, hints, &(*results)->ai_next);
}

static const char *dial(const char *first, const char *second)
{
    char url[64];
    nng_socket server, client;
    nng_listener listener;
    nng_sockaddr at;
    nng_msg *message;
    addresses[0] = first;
    addresses[1] = second;
    nng_rep0_open(&server);
    nng_req0_open(&client);
    nng_listen(server, "tcp://127.0.0.1:0", &listener, 0);
    nng_listener_get_addr(listener, NNG_OPT_LOCADDR, &at);
    snprintf(url, sizeof url, "tcp://two.example:%u", (unsigned)ntohs(at.s_in.sa_port));
    nng_dial(client, url, NULL, NNG_FLAG_NONBLOCK);
    nng_msg_alloc(&message, 1);
    nng_socket_set_ms(client, NNG_OPT_SENDTIMEO, 3000);
    const int failed = nng_sendmsg(client, message, 0); /* once it is connected */
    if (failed != 0)
        nng_msg_free(message);
    nng_close(client);
    nng_close(server);
    return failed == 0 ? "reached" : "not reached within 3 s";
}

int main(void)
{
    printf("nng %s: ::1 first: %s; ", nng_version(), dial("::1", "127.0.0.1"));
    printf("127.0.0.1 first: %s\n", dial("127.0.0.1", "::1"));
    return 0;
}
END
libraries=$(dirname "$(find "$folder/root" -name 'libnng.so.1*' | head -n 1)")
cc -Iroot/usr/include -o dial dial.c -L"$libraries" -lnng -Wl,-rpath-link,"$libraries"
said=$(LD_LIBRARY_PATH=$libraries ./dial)
echo "$said"
[[ $said == 'nng 1.5.2: ::1 first: not reached within 3 s; 127.0.0.1 first: reached' ]]
