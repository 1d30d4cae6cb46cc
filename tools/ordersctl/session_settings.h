/* session_settings.h: what a session works by: options, the environment, .env, and a target of the config
 * file.
 */
#ifndef ORDERSCTL_SESSION_SETTINGS_H
#define ORDERSCTL_SESSION_SETTINGS_H

#include "session.h"

/* Reads those that the command needs, by the rules of session_open, into the session and its config. A
 * failure is reported, and the exit code is not EXIT_OK. */
enum exit_code session_settings_read(struct session *session, enum session_need need);

#endif
