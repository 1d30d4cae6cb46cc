#!/bin/bash
# protobuf-c-forgets-a-first-piece: protobuf-c 1.4.1 loses numbers of a message field that comes in two pieces.
#
# A message field that comes twice is to be merged (protobuf.dev, Encoding, "Last One Wins"): what the second piece does
# not have stays as the first one said. protobuf-c loses the numbers of the first, without
# a word: whoever adds a piece to a packed message changes an amount to 0.
# Unpacks an order that comes as {name: "A", amount: 7} and {name: "B"}, and again with protoc, which merges. Takes Debian
# 12's packages, without installing them, in a temporary folder (gcc and Debian's apt sources are wanted). Exits with 0
# while it behaves so, with 1 once it does not.
#
# Seen: protobuf-c 1.4.1: name "B", amount 0; protoc: name "B", amount 7
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

apt-get -q download libprotobuf-c1=1.4.1-1+b1 libprotobuf-c-dev=1.4.1-1+b1 protobuf-c-compiler=1.4.1-1+b1 \
    protobuf-compiler=3.21.12-3+deb12u1 libprotoc32=3.21.12-3+deb12u1 libprotobuf32=3.21.12-3+deb12u1 >log 2>&1 || {
    cat log >&2
    exit 2
}
for package in ./*.deb; do
    dpkg-deb -x "$package" root
done
libraries=$(dirname "$(find "$folder/root" -name 'libprotobuf-c.so.1*' | head -n 1)")
export LD_LIBRARY_PATH=$libraries PATH=$folder/root/usr/bin:$PATH

cat >order.proto <<'END'
syntax = "proto3";
message Order { string name = 1; int64 amount = 2; }
message Request { Order order = 1; }
END
protoc --c_out=. order.proto

cat >unpack.c <<'END'
#include "order.pb-c.h"
#include <stdio.h>

int main(void)
{
    static const unsigned char two_pieces[] = "\x0a\x05\x0a\x01" "A" "\x10\x07" "\x0a\x03\x0a\x01" "B";
    Request *request = request__unpack(NULL, sizeof two_pieces - 1, two_pieces);
    printf("protobuf-c %s: name \"%s\", amount %lld", protobuf_c_version(), request->order->name,
           (long long)request->order->amount);
    request__free_unpacked(request, NULL);
    return 0;
}
END
cc -I. -Iroot/usr/include -o unpack unpack.c order.pb-c.c -L"$libraries" -lprotobuf-c
said="$(./unpack); protoc: $(printf '\x0a\x05\x0a\x01A\x10\x07\x0a\x03\x0a\x01B' | protoc --decode=Request order.proto |
    tr -d '\n' | sed -E 's/.*name: ("[^"]*") *amount: ([0-9]+).*/name \1, amount \2/')"
echo "$said"
[[ $said == 'protobuf-c 1.4.1: name "B", amount 0; protoc: name "B", amount 7' ]]
