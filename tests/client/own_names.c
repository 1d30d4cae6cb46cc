/* own_names.c: another part of the program that example.c is: it has functions that happen to be called as
 * some within the library, and messages of the packages that the library uses, other ones. None of them is
 * what the library is to call or to read. */
#include <stdlib.h>

/* NOLINTBEGIN(misc-use-internal-linkage): they are to be seen */
#define OWN(name)    \
    void name(void); \
    void name(void)  \
    {                \
        abort();     \
    }

OWN(arena_init)
OWN(arena_alloc)
OWN(log_line)
OWN(message_unpack)
OWN(rpc_client_open)
OWN(status_set)
OWN(uuid_make)
OWN(nng_msg_alloc)
OWN(nng_aio_alloc)
OWN(nni_init)
OWN(google__protobuf__timestamp__init)
OWN(google__protobuf__empty__free_unpacked)
OWN(rpc__v1__request__init)
OWN(rpc__v1__field_violation__init)

const char google__protobuf__timestamp__descriptor[] = "not a descriptor";
const char rpc__v1__response__descriptor[] = "not a descriptor";
const char orders_of_my_own[] = "a name that the library has not";
/* NOLINTEND(misc-use-internal-linkage) */
