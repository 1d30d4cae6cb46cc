/* import_arguments.h: what the command line says of an import. */
#ifndef ORDERSCTL_IMPORT_ARGUMENTS_H
#define ORDERSCTL_IMPORT_ARGUMENTS_H

#include "import_row.h"
#include "row_reader.h"

#include <argp.h>
#include <stdbool.h>

struct import_arguments {
    const char *path;
    enum row_format format;
    bool dry_run;
    bool resume;
    bool upsert;
    bool tells_changes; /* of each order that is updated; always so in formats for programs */
    struct import_terms terms;
    const char *rejects; /* NULL: not given */
};

/* Its input is a struct import_arguments. */
extern const struct argp import_argp;

/* What of them says how rows are taken, in one word, as a journal has it. */
const char *import_arguments_terms(const struct import_arguments *arguments, struct arena *arena);

#endif
