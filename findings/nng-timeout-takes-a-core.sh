#!/bin/bash
# nng-timeout-takes-a-core: each timeout of nng 1.5.2 that expires takes about a millisecond of a core.
#
# The thread "nng:aio:expire" wakes at the millisecond that a timeout names, but counts it as expired only after that
# millisecond, has itself woken at the same one again, and so goes round without waiting until the clock has moved on. A
# program that sleeps 3 ms at a time by nng_sleep_aio, and does nothing else, keeps a third of a core busy.
# Takes Debian 12's packages of nng 1.5.2-2 and of the mbedtls that it wants, without installing them, in a temporary
# folder (gcc and Debian's apt sources are wanted). Exits with 0 while it behaves so, with 1 once it does not.
#
# Seen: nng 1.5.2: 944 us of CPU for each of 300 timeouts of 3 ms
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

cat >timeouts.c <<'END'
#include <nng/nng.h>
#include <stdio.h>
#include <time.h>

int main(void)
{
    enum { TIMEOUTS = 300, MS = 3 };
    nng_aio *aio;
    struct timespec cpu;
    if (nng_aio_alloc(&aio, NULL, NULL) != 0)
        return 1;
    for (int i = 0; i < TIMEOUTS; i++) {
        nng_sleep_aio(MS, aio);
        nng_aio_wait(aio);
    }
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
    printf("%s %ld\n", nng_version(), (cpu.tv_sec * 1000000 + cpu.tv_nsec / 1000) / TIMEOUTS);
    nng_aio_free(aio);
    return 0;
}
END
libraries=$(dirname "$(find "$folder/root" -name 'libnng.so.1*' | head -n 1)")
cc -Iroot/usr/include -o timeouts timeouts.c -L"$libraries" -lnng -Wl,-rpath-link,"$libraries"
read -r version each_us < <(LD_LIBRARY_PATH=$libraries ./timeouts)
echo "nng $version: $each_us us of CPU for each of 300 timeouts of 3 ms"
[[ $version == 1.5.2 && $each_us -ge 500 ]]
