/* session_settings.h: what a session of ours is set to, whatever others have set. */
#ifndef STORE_SESSION_SETTINGS_H
#define STORE_SESSION_SETTINGS_H

#include "store/lane.h"

/* SQL, each one statement without parameters. Those of a lane come second. */
extern const char session_settings_sql[];
extern const char *const session_lane_settings_sql[LANES];

#endif
