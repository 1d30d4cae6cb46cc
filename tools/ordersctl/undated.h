/* undated.h: orders that no day of an answer has: somebody stored them, by SQL, with a date outside the years
 * 1 to 9999. They are in its totals, and a reader who adds the days up would miss them.
 */
#ifndef ORDERSCTL_UNDATED_H
#define ORDERSCTL_UNDATED_H

#include "orders/v1/orders.pb-c.h"

/* Warns of them, where there are any; of whole answers, as the service gives them. */
void undated_tell_summary(const Orders__V1__OrderSummary *summary);
void undated_tell_statistics(const Orders__V1__OrderStatistics *statistics);

#endif
