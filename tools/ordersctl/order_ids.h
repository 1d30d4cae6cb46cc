/* order_ids.h: the ids of orders that a file names.
 *
 * That is an id a line, or what `list' and `export' write: CSV with a column order_id, NDJSON, or a JSON
 * array, of which all else is passed over; packed and encoded as text_decoder.h has it. Blank lines are
 * skipped. A last line without a line break, behind others, names no order: it may have been cut off.
 */
#ifndef ORDERSCTL_ORDER_IDS_H
#define ORDERSCTL_ORDER_IDS_H

#include <stdbool.h>
#include <stddef.h>

/* Takes an id, without the blanks around it. False: no more is wanted. */
typedef bool order_ids_take_fn(const char *order_id, size_t line, void *arg);

/* Reads a file, or standard input when its name is "-". False, and reported: it cannot be read, or a row of
 * it names no order, or no more was wanted. */
bool order_ids_read(const char *path, order_ids_take_fn *take, void *arg);

#endif
