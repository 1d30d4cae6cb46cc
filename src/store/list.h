/* list.h: parameters and results of the statements of lists: of the prepared ones (by id, status, customer),
 * and of find.h's.
 *
 * Each asks for one order more than it answers: if that comes, there is a next page.
 */
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
