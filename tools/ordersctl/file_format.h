/* file_format.h: what a file of orders is, by its name. */
#ifndef ORDERSCTL_FILE_FORMAT_H
#define ORDERSCTL_FILE_FORMAT_H

#include "output.h"

#include <stdbool.h>

/* The format of this name, "ndjson" or "jsonl", whatever its case; OUTPUT_TABLE: none that a file may have.
 */
enum output_format file_format_named(const char *name);

/* The format of "orders.csv" and "orders.csv.gz"; OUTPUT_TABLE: its name's ending says none. */
enum output_format file_format_of(const char *path);

/* Whether its name says that it is compressed. */
bool file_format_is_gzip(const char *path);

#endif
