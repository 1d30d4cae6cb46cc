/* session_settings.h: what a session works by: options, the environment, .env, and a target of the config
 * file.
 */
#ifndef ORDERSCTL_SESSION_SETTINGS_H
#define ORDERSCTL_SESSION_SETTINGS_H

#include "exit_code.h"
#include "session_state.h"

#include <argp.h>

/* The global options; their input is a struct session. --connect, --api-key-file and those of TLS stand for
 * the variables of the environment with the same meaning, which they set. */
extern const struct argp session_argp;

/* Reads those that the command needs, by the rules of session_open, into the session and its config. A
 * failure is reported, and the exit code is not EXIT_OK. */
enum exit_code session_settings_read(struct session *session, enum session_need need);

#endif
