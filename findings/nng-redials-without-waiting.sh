#!/bin/bash
# nng-redials-without-waiting: nng 1.5.2 dials again at once after half of the failures, whatever NNG_OPT_RECONNMINT says.
#
# The time before another attempt is to be random, between none and NNG_OPT_RECONNMINT (nng_options(5)). It is made of a
# random number of 32 bits that is taken as signed: of the half that is below zero nothing is waited.
# Dials a port of 127.0.0.1 where connections are taken and closed, with waits of up to 400 ms, 40 times, and counts those
# that came within 10 ms. Takes Debian 12's packages of nng 1.5.2-2 and of the mbedtls that it wants, without installing
# them, in a temporary folder (gcc and Debian's apt sources are wanted). Exits with 0 while it behaves so, with 1 once it
# does not.
#
# Seen: nng 1.5.2: of 40 waits of up to 400 ms, 17 took less than 10 ms (one of 40 is to be expected)
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

cat >redial.c <<'END'
#include <arpa/inet.h>
#include <netinet/in.h>
#include <nng/nng.h>
#include <nng/protocol/reqrep0/req.h>
#include <stdio.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { WAITS = 40, UP_TO_MS = 400, SHORT_MS = 10 };

static double now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

int main(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof at;
    char url[64];
    nng_socket client;
    int short_ones = 0;
    const int server = socket(AF_INET, SOCK_STREAM, 0);
    bind(server, (struct sockaddr *)&at, size);
    getsockname(server, (struct sockaddr *)&at, &size);
    listen(server, 1);
    snprintf(url, sizeof url, "tcp://127.0.0.1:%u", (unsigned)ntohs(at.sin_port));
    nng_req0_open(&client);
    nng_socket_set_ms(client, NNG_OPT_RECONNMINT, UP_TO_MS);
    nng_socket_set_ms(client, NNG_OPT_RECONNMAXT, UP_TO_MS);
    nng_dial(client, url, NULL, NNG_FLAG_NONBLOCK);
    close(accept(server, NULL, NULL));
    double last_ms = now_ms();
    for (int i = 0; i < WAITS; i++) {
        const int taken = accept(server, NULL, NULL);
        const double at_ms = now_ms();
        short_ones += at_ms - last_ms < SHORT_MS;
        close(taken);
        last_ms = now_ms();
    }
    nng_close(client);
    printf("nng %s: of %d waits of up to %d ms, %d took less than %d ms (one of %d is to be expected)\n",
           nng_version(), WAITS, UP_TO_MS, short_ones, SHORT_MS, UP_TO_MS / SHORT_MS);
    return short_ones < WAITS / 5;
}
END
libraries=$(dirname "$(find "$folder/root" -name 'libnng.so.1*' | head -n 1)")
cc -Iroot/usr/include -o redial redial.c -L"$libraries" -lnng -Wl,-rpath-link,"$libraries"
LD_LIBRARY_PATH=$libraries ./redial
