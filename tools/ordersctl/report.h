/* report.h: what ordersctl says on stderr when something fails. */
#ifndef ORDERSCTL_REPORT_H
#define ORDERSCTL_REPORT_H

#include "base/status.h"
#include "exit_code.h"

/* "ordersctl: cannot read orders.csv: Permission denied". The text may hold anything: it is made printable.
 */
void report(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* "ordersctl: NOT_FOUND: Order not found", and each violation on a line of its own behind it. Returns the
 * exit code for it. */
enum exit_code report_status(const struct status *status);

#endif
