/* report.h: what ordersctl says on stderr when something fails: a line, and lines below it that say more; or
 * with
 * --output json or ndjson a JSON document on one line:
 *
 *   {"error":{"code":"NOT_FOUND","message":"Order not found"}}
 *
 * `code` is there when a call ended so; `violations`, a list of {"field","type","message"}, and `details`, a
 * list of texts, when there are some. A warning, behind which the command goes on, is a "warning" with a
 * message.
 *
 * The texts may hold anything: they are made printable. Progress on the screen is taken off first.
 */
#ifndef ORDERSCTL_REPORT_H
#define ORDERSCTL_REPORT_H

#include "base/status.h"
#include "exit_code.h"

#include <stdbool.h>

/* Whether all that follows is said in JSON; as text until then. */
void report_in_json(bool wanted);

/* "ordersctl: cannot read orders.csv: Permission denied". */
void report(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same of what goes on nevertheless. */
void report_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same with details, which end with NULL, each on a line of its own below. */
void report_details(const char *message, const char *const details[]);

/* "ordersctl: NOT_FOUND: Order not found", and each violation and detail on a line of its own behind it.
 * Returns the exit code for it. */
enum exit_code report_status(const struct status *status);
enum exit_code report_status_details(const struct status *status, const char *const details[]);

#endif
