#!/bin/bash
# libjwt-refuses-access-tokens: libjwt 1.10.2 takes no access token of RFC 9068, and reads a fractional time as 0.
#
# RFC 9068, 2.1: the header of a JWT access token says "typ":"at+jwt". libjwt refuses any "typ" but "JWT" (EINVAL).
# RFC 7519, 2: NumericDate may have a fraction. jwt_get_grant_int() gives 0 for such an "exp".
# Signs tokens with openssl by HS256, with a key of its own, and has libjwt decode them. Takes Debian 12's packages, without
# installing them, in a temporary folder (gcc, openssl and Debian's apt sources are wanted). Exits with 0 while it behaves
# so, with 1 once it does not.
#
# Seen: libjwt 1.10.2: typ JWT: decoded, exp 4000000000; typ at+jwt: Invalid argument; exp 4000000000.5: decoded, exp 0
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

apt-get -q download libjwt0=1.10.2-1+deb12u1 libjwt-dev=1.10.2-1+deb12u1 libjansson4 libb64-0d >log 2>&1 || {
    cat log >&2
    exit 2
}
for package in ./*.deb; do
    dpkg-deb -x "$package" root
done

key=0123456789abcdef0123456789abcdef
base64url() { openssl base64 -A | tr '+/' '-_' | tr -d '='; }
# token HEADER CLAIMS
token() {
    local signed
    signed=$(printf %s "$1" | base64url).$(printf %s "$2" | base64url)
    printf '%s.%s' "$signed" "$(printf %s "$signed" | openssl dgst -sha256 -hmac "$key" -binary | base64url)"
}

cat >decode.c <<'END'
#include <jwt.h>
#include <stdio.h>
#include <string.h>

int main(int argc, char *argv[])
{
    jwt_t *jwt = NULL;
    const int failed = jwt_decode(&jwt, argv[argc - 1], (const unsigned char *)argv[1], (int)strlen(argv[1]));
    if (failed != 0)
        printf("%s", strerror(failed));
    else
        printf("decoded, exp %ld", jwt_get_grant_int(jwt, "exp"));
    jwt_free(jwt);
    return 0;
}
END
libraries=$(dirname "$(find "$folder/root" -name 'libjwt.so.0*' | head -n 1)")
cc -Iroot/usr/include -o decode decode.c -L"$libraries" -ljwt -Wl,-rpath-link,"$libraries"
decode() { LD_LIBRARY_PATH=$libraries ./decode "$key" "$1"; }

said="libjwt 1.10.2: typ JWT: $(decode "$(token '{"alg":"HS256","typ":"JWT"}' '{"exp":4000000000}')")"
said+="; typ at+jwt: $(decode "$(token '{"alg":"HS256","typ":"at+jwt"}' '{"exp":4000000000}')")"
said+="; exp 4000000000.5: $(decode "$(token '{"alg":"HS256","typ":"JWT"}' '{"exp":4000000000.5}')")"
echo "$said"
[[ $said == 'libjwt 1.10.2: typ JWT: decoded, exp 4000000000; typ at+jwt: Invalid argument; exp 4000000000.5: decoded, exp 0' ]]
