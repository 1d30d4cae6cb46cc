#!/bin/bash
# libmicrohttpd-chunk-extensions: libmicrohttpd 1.0.1 refuses a chunked body as soon as a chunk has an extension.
#
# RFC 9112, 7.1.1: a recipient must ignore chunk extensions that it does not recognize. 1.0.1 takes the LF that ends the
# line of "2;a=b" for the chunk's first byte, and the chunk's last byte for the end of its line: 400. Without the extension
# the same body is taken.
# Builds the library from Debian 13's source package 1.0.1-4, unpatched, in a temporary folder, and sends it both bodies
# (gcc, make, and Debian's apt sources are wanted). Exits with 0 while it behaves so, with 1 once it does not.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd -P)
folder=$(mktemp -d)
server=
trap '[[ -z $server ]] || kill "$server"; rm -rf "$folder"' EXIT

"$root/tools/debian-source" "$folder" "$root/src/http/microhttpd/source" /dev/null
cd "$folder/libmicrohttpd"
tar -xf ../download/libmicrohttpd_1.0.1.orig.tar.gz --strip-components=1 # with its times, which its Makefile looks at
{
    ./configure --disable-shared --disable-doc --disable-examples --disable-tools --disable-curl --disable-https
    make -C src/microhttpd libmicrohttpd.la
} >"$folder/log" 2>&1 || {
    cat "$folder/log" >&2
    exit 2
}

cat >"$folder/server.c" <<'END'
#include <microhttpd.h>
#include <stdio.h>
#include <unistd.h>

static enum MHD_Result answer(void *arg, struct MHD_Connection *connection, const char *url, const char *method,
                              const char *version, const char *upload, size_t *size, void **seen)
{
    static int begun;
    (void)arg, (void)url, (void)method, (void)version, (void)upload;
    if (*seen == NULL || *size > 0) {
        *seen = &begun;
        *size = 0;
        return MHD_YES;
    }
    struct MHD_Response *response = MHD_create_response_from_buffer_static(0, "");
    enum MHD_Result queued = MHD_queue_response(connection, MHD_HTTP_OK, response);
    MHD_destroy_response(response);
    return queued;
}

int main(void)
{
    struct MHD_Daemon *daemon =
        MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD, 0, NULL, NULL, answer, NULL, MHD_OPTION_END);
    if (daemon == NULL)
        return 1;
    printf("%s %u\n", MHD_get_version(), MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT)->port);
    fflush(stdout);
    return pause();
}
END
cc -Isrc/include -o "$folder/server" "$folder/server.c" src/microhttpd/.libs/libmicrohttpd.a -lpthread
mkfifo "$folder/said"
"$folder/server" >"$folder/said" &
server=$!
read -r version port <"$folder/said"

# The status that a body of one chunk is answered with.
status_of() {
    local status
    printf 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n%s\r\n{}\r\n0\r\n\r\n' "$1" >"$folder/request"
    exec 3<>"/dev/tcp/127.0.0.1/$port"
    cat "$folder/request" >&3 # in one piece
    read -r -t 10 _ status _ <&3
    exec 3>&-
    printf '%s' "$status"
}

plain=$(status_of 2) extended=$(status_of '2;a=b')
echo "libmicrohttpd $version: a chunk without extension: $plain; with one: $extended"
[[ $version == 1.0.1 && $plain == 200 && $extended == 400 ]]
