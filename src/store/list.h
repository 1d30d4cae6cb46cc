/* list.h: what goes into the statements of lists, and comes out of them: of the prepared ones, by id, of a
 * status or a customer, and of those of find.h.
 *
 * Each is asked for one order more than is to be answered: if there is one, the list goes on. */
#ifndef STORE_LIST_H
#define STORE_LIST_H

#include "store/operation.h"
#include "store/params.h"

#include <libpq-fe.h>

/* For the table of statements. $1: only orders behind this id; $2: how many; $3: how many to pass over; then
 * the status, and the customer. */
void list_encode(struct params *params, struct operation *const operations[], size_t n);
void list_encode_by_status(struct params *params, struct operation *const operations[], size_t n);
void list_encode_by_customer(struct params *params, struct operation *const operations[], size_t n);
void list_encode_by_both(struct params *params, struct operation *const operations[], size_t n);
void list_take_result(struct operation *operation, const PGresult *result, struct arena *arena);

void list_encode_found(struct params *params, struct operation *const operations[], size_t n);
void list_take_found(struct operation *operation, const PGresult *result, struct arena *arena);

#endif
