/* fixture.h: what most suites have: a service without orders, and where they ask for it a connection to its
 * database.
 */
#ifndef ORDERSCTL_FIXTURE_H
#define ORDERSCTL_FIXTURE_H

#include "process.h"
#include "support/database.h"

extern struct service *service; /* NULL once a test has stopped it by itself */
extern PGconn *database;        /* NULL: the suite asks for none */

void fixture_set_up(void);
void fixture_set_up_with_database(void);

/* Of either; ends what process.h handed out as well. */
void fixture_tear_down(void);

/* The orders in their database, by id: an SQL expression of each, with blanks between. */
const char *fixture_stored(const char *of);

/* The least that a file of CSV has. */
#define FIXTURE_CSV_HEAD     "order_id,customer_id,total_amount,currency"

#define FIXTURE_IMPORTED_ONE "1 order imported, 0 rows refused\n"

#endif
