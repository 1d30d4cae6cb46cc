/* session_settings.h: the settings of our sessions, whatever role, database or server have set. */
#ifndef STORE_SESSION_SETTINGS_H
#define STORE_SESSION_SETTINGS_H

#include "store/lane.h"

/* SQL, a condition: whether that owner is the role that migrated the database, or one that may act as that,
 * as a superuser may. */
#define SESSION_IS_OURS(owner) \
    "pg_has_role(" owner       \
    ", (SELECT relowner FROM pg_class WHERE oid = to_regclass('sqitch.changes')), 'MEMBER')"

/* SQL, each one statement without parameters. Those of a lane come second, then that which has names found in
 * the schema of our tables alone: the first of the session's path where orders is ours. */
extern const char session_settings_sql[];
extern const char session_path_sql[];
extern const char *const session_lane_settings_sql[LANES];

/* The same, now and then, of one that writes: leaves a slot of the rollup whose row is slow to change. */
extern const char session_slot_sql[];

#endif
