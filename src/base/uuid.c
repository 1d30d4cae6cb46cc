/* uuid.c: libuuid under our own name, so that one place says which version ids are. */
#include "base/uuid.h"

#include <uuid/uuid.h>

void uuid_make(char out[static UUID_TEXT])
{
    uuid_t id;
    uuid_generate_random(id);
    uuid_unparse_lower(id, out);
}
