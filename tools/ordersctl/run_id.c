/* run_id.c: libuuid hashes. */
#include "run_id.h"

#include <string.h>
#include <uuid/uuid.h>

void run_id_make(const char *run, const char *name, char out[static UUID_TEXT])
{
    uuid_t space, id;
    uuid_parse(run, space);
    uuid_generate_sha1(id, space, name, strlen(name));
    uuid_unparse_lower(id, out);
}
