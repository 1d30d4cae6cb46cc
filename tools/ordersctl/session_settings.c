/* session_settings.c: what the line, the environment, .env and the config file say, in this order. */
#include "session_settings.h"

#include "config/key_file.h"
#include "report.h"
#include "targets.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    KEY_CONNECT = 0x400,
    KEY_API_KEY_FILE,
    KEY_TIMEOUT,
    KEY_COLOR,
    KEY_TARGET,
    KEY_TEMPLATE,
    KEY_NO_PAGER,
    KEY_TLS, /* and behind it, those of SESSION_TLS_FILES */
    KEY_OUTPUT = 'o',
    KEY_VERBOSE = 'v'
};

/* What says it in the environment. */
static const char *const tls_variables[SESSION_TLS_FILES] = {
    [SESSION_CA] = "ORDERS_TLS_CA",
    [SESSION_CERT] = "ORDERS_TLS_CERT",
    [SESSION_CERT_KEY] = "ORDERS_TLS_KEY",
};

enum { TIMEOUT_MAX_S = 24 * 60 * 60 };

static const struct argp_option options[] = {
    {"target", KEY_TARGET, "TARGET", 0, "Service of this name in the config file"},
    {"connect", KEY_CONNECT, "URL[,URL]", 0, "Where the service listens, instead of ORDERS_CONNECT"},
    {"api-key-file", KEY_API_KEY_FILE, "FILE", 0, "File that holds the API key, instead of API_KEY"},
    {"ca", KEY_TLS + SESSION_CA, "FILE", 0,
     "File of the authorities that servers of tls+tcp:// have their certificates of, instead of "
     "ORDERS_TLS_CA"},
    {"cert", KEY_TLS + SESSION_CERT, "FILE", 0, "File of an own certificate, instead of ORDERS_TLS_CERT"},
    {"cert-key", KEY_TLS + SESSION_CERT_KEY, "FILE", 0, "File of its key, instead of ORDERS_TLS_KEY"},
    {"timeout", KEY_TIMEOUT, "SECONDS", 0, "How long to wait for an answer (default 30)"},
    {"output", KEY_OUTPUT, "table|json|ndjson|csv|name|template=TEXT", 0,
     "For people (default, also on a pipe), or for programs: one JSON document, one a line, CSV, an order_id "
     "a line, or a line by a text such as '{{.order_id}} {{.status}}'"},
    {"template", KEY_TEMPLATE, "TEXT", 0, "The same as --output template=TEXT"},
    {"color", KEY_COLOR, "auto|always|never", 0,
     "Whether tables have colours (default auto: on a terminal, unless NO_COLOR is set or TERM is dumb)"},
    {"no-pager", KEY_NO_PAGER, NULL, 0, "Show a list that is longer than the terminal without a pager"},
    {"verbose", KEY_VERBOSE, NULL, 0, "Show each call and its answer on standard error, but no key"},
    {0},
};

/* --- what settings may hold: NULL, or what is wrong with the text --- */

/* The first line of a file, for config_load to check as it checks the variable. */
static const char *take_key_file(const char *path, struct arena *arena)
{
    char line[KEY_FILE_BYTES] = "";
    const char *error = NULL;
    if (!key_file_read(path, line))
        error = arena_printf(arena, "cannot read %s: %s", path, strerror(errno));
    else if (*line == '\0')
        error = arena_printf(arena, "the first line of %s is empty; it is to be the key", path);
    setenv("API_KEY", error == NULL ? line : "", 1);
    return error;
}

static const char *take_timeout(struct session *session, const char *text, struct arena *arena)
{
    char *end;
    const double seconds = strtod(text, &end);
    if (end == text || *end != '\0' || !(seconds >= 0.001 && seconds <= TIMEOUT_MAX_S))
        return arena_printf(arena, "\"%s\" is not a number of seconds from 0.001 to %d", text, TIMEOUT_MAX_S);
    session->timeout_ms = (uint32_t)lround(seconds * 1000);
    return NULL;
}

static const char *take_output(struct session *session, const char *text, struct arena *arena)
{
    const char *error = output_choose(text, &session->output, arena);
    const bool is_json = session->output == OUTPUT_JSON || session->output == OUTPUT_NDJSON;
    report_in_json(is_json && !output_has_template());
    return error;
}

static const char *take_color(struct session *session, const char *text, struct arena *arena)
{
    static const char *const names[] = {
        [COLOR_AUTO] = "auto", [COLOR_ALWAYS] = "always", [COLOR_NEVER] = "never"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(names[i], text) == 0) {
            screen_set_color(&session->screen, (enum screen_color)i);
            return NULL;
        }
    }
    return arena_printf(arena, "\"%s\" is not auto, always or never", text);
}

/* --- options --- */

static error_t parse(int key, char *argument, struct argp_state *state)
{
    struct session *session = state->input;
    struct arena arena;
    const char *error = NULL;
    arena_init(&arena);
    switch (key) {
    case KEY_TARGET:
        session->target = argument;
        break;
    case KEY_CONNECT:
        setenv("ORDERS_CONNECT", argument, 1);
        session->connect_given = true;
        break;
    case KEY_TLS + SESSION_CA:
    case KEY_TLS + SESSION_CERT:
    case KEY_TLS + SESSION_CERT_KEY:
        setenv(tls_variables[key - KEY_TLS], argument, 1);
        session->tls_given[key - KEY_TLS] = true;
        break;
    case KEY_API_KEY_FILE:
        session->key_file = argument;
        break;
    case KEY_TIMEOUT:
        if ((error = take_timeout(session, argument, &arena)) != NULL)
            argp_error(state, "--timeout: %s", error);
        break;
    case KEY_OUTPUT:
        if ((error = take_output(session, argument, &arena)) != NULL)
            argp_error(state, "--output: %s", error);
        session->output_given = true;
        break;
    case KEY_TEMPLATE:
        if ((error = output_choose_template(argument, &session->output, &arena)) != NULL)
            argp_error(state, "--%s", error);
        report_in_json(false);
        session->output_given = true;
        break;
    case KEY_COLOR:
        if ((error = take_color(session, argument, &arena)) != NULL)
            argp_error(state, "--color: %s", error);
        break;
    case KEY_VERBOSE:
        session->verbose = true;
        break;
    case KEY_NO_PAGER:
        session->no_pager = true;
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    arena_free(&arena);
    return 0;
}

const struct argp session_argp = {.options = options, .parser = parse};

/* --- the config file --- */

/* Whether .env has this variable, and as something else than a setting of a target's that is there. */
static bool is_overridden(const char *name, const char *setting, struct arena *arena)
{
    const char *value;
    return setting != NULL && config_find(name, arena, &value) == CONFIG_FROM_DOTENV &&
           strcmp(value, setting) != 0;
}

/* A directory's .env may be anybody's: what of it wins over the target of a person's own config file is told.
 */
static void warn_of_dotenv(const struct session *session, const struct targets *targets,
                           const struct target *target, struct arena *arena)
{
    const char *const *settings = target->settings;
    const bool has_key = settings[TARGET_API_KEY] != NULL || settings[TARGET_API_KEY_FILE] != NULL;
    const char *const key = !has_key || session->key_file != NULL ? NULL
                            : settings[TARGET_API_KEY] != NULL    ? settings[TARGET_API_KEY]
                                                                  : "";
    const struct {
        const char *name, *setting;
    } pairs[] = {
        {"ORDERS_CONNECT", settings[TARGET_CONNECT]},
        {"API_KEY", config_is_set("API_KEY") ? key : NULL},
        {"API_KEY_FILE", config_is_set("API_KEY") ? NULL : key},
        {tls_variables[SESSION_CA], session->tls_given[SESSION_CA] ? NULL : settings[TARGET_CA]},
        {tls_variables[SESSION_CERT], session->tls_given[SESSION_CERT] ? NULL : settings[TARGET_CERT]},
        {tls_variables[SESSION_CERT_KEY],
         session->tls_given[SESSION_CERT_KEY] ? NULL : settings[TARGET_CERT_KEY]},
    };
    const char *names = NULL, *value;
    if (session->target != NULL || session->connect_given ||
        config_find("ORDERS_CONNECT", arena, &value) == CONFIG_FROM_ENVIRONMENT)
        return; /* a person has said which service, and it is not this target */
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        if (is_overridden(pairs[i].name, pairs[i].setting, arena))
            names = names == NULL ? pairs[i].name : arena_printf(arena, "%s, %s", names, pairs[i].name);
    }
    if (names != NULL)
        report_warning(
            ".env in this directory wins over target \"%s\" of %s with %s; --target %s takes the target",
            target->name, targets->path, names, target->name);
}

static bool has_key(const struct target *target)
{
    return target->settings[TARGET_API_KEY] != NULL || target->settings[TARGET_API_KEY_FILE] != NULL;
}

/* A target's key. NULL, or what is wrong. */
static const char *take_target_key(struct session *session, const struct targets *targets,
                                   const struct target *target, struct arena *arena)
{
    const char *const key = target->settings[TARGET_API_KEY], *const file =
                                                                  target->settings[TARGET_API_KEY_FILE];
    if (!has_key(target))
        return NULL;
    snprintf(session->key_origin, sizeof session->key_origin, "%s of target \"%s\" in %s",
             key != NULL ? "api-key" : arena_printf(arena, "%s, the api-key-file", file), target->name,
             targets->path);
    if (key == NULL)
        return take_key_file(file, arena);
    setenv("API_KEY", key, 1);
    return NULL;
}

static bool is_key_set(void)
{
    return config_is_set("API_KEY") || config_is_set("API_KEY_FILE");
}

/* Whether what is said to be where the service listens is this. */
static bool is_at(const char *connect, struct arena *arena)
{
    const char *said;
    return connect != NULL && config_find("ORDERS_CONNECT", arena, &said) != CONFIG_UNSET &&
           strcmp(said, connect) == 0;
}

/* A target's settings, where nothing that counts more said another. NULL, or what is wrong. */
static const char *apply_target(struct session *session, const struct targets *targets,
                                const struct target *target, struct arena *arena)
{
    const char *const *settings = target->settings;
    const bool chosen = session->target != NULL;
    const char *error = NULL;
    warn_of_dotenv(session, targets, target, arena);
    const bool connects = settings[TARGET_CONNECT] != NULL && !session->connect_given &&
                          (chosen || !config_is_set("ORDERS_CONNECT"));
    /* A key is not shown to a server that is not its target's, unless by a person who names both. */
    const bool is_there = connects || is_at(settings[TARGET_CONNECT], arena);
    const bool keyed = session->key_file == NULL && (chosen || (is_there && !is_key_set()));

    if (!keyed && has_key(target))
        snprintf(session->withheld, sizeof session->withheld, "%s", target->name);
    if (connects)
        setenv("ORDERS_CONNECT", settings[TARGET_CONNECT], 1);
    for (int i = 0; i < SESSION_TLS_FILES; i++) {
        const char *file = settings[TARGET_CA + i];
        if (file != NULL && !session->tls_given[i] &&
            (chosen || (connects && !config_is_set(tls_variables[i]))))
            setenv(tls_variables[i], file, 1);
    }
    if (keyed)
        error = take_target_key(session, targets, target, arena);
    if (error == NULL && session->timeout_ms == 0 && settings[TARGET_TIMEOUT] != NULL)
        error = take_timeout(session, settings[TARGET_TIMEOUT], arena);
    if (error == NULL && !session->output_given && settings[TARGET_OUTPUT] != NULL)
        error = take_output(session, settings[TARGET_OUTPUT], arena);
    if (error == NULL && !session->output_given && output_has_template())
        error = "output: name and template are for a command, not for a target";
    return error;
}

static const char *use_target(struct session *session, struct arena *arena)
{
    struct targets targets;
    const char *error;
    if (!targets_read(&targets, arena, &error))
        return error;
    const char *name = session->target != NULL ? session->target : targets.preset;
    if (name == NULL)
        return NULL;
    const struct target *target = targets_find(&targets, name);
    if (target == NULL)
        return targets_unknown(&targets, name, arena);
    error = apply_target(session, &targets, target, arena);
    return error == NULL ? NULL : arena_printf(arena, "%s: [target %s]: %s", targets.path, name, error);
}

static bool read_targets(struct session *session)
{
    struct arena arena;
    arena_init(&arena);
    const char *error = use_target(session, &arena);
    if (error != NULL)
        report("%s", error);
    arena_free(&arena);
    return error == NULL;
}

/* --- the key --- */

static bool read_key_file(struct session *session)
{
    struct arena arena;
    if (session->key_file == NULL)
        return true;
    arena_init(&arena);
    const char *error = take_key_file(session->key_file, &arena);
    if (error != NULL)
        report("--api-key-file: %s", error);
    snprintf(session->key_origin, sizeof session->key_origin, "%s, the --api-key-file", session->key_file);
    arena_free(&arena);
    return error == NULL;
}

/* Of a key that the environment or .env has, not an option or a target: says so. */
static void note_key_origin(struct session *session)
{
    static const char *const places[] = {
        [CONFIG_FROM_ENVIRONMENT] = "the environment", [CONFIG_FROM_DOTENV] = ".env in this directory"};
    struct arena arena;
    const char *key, *file;
    if (session->config.api_key == NULL || session->key_origin[0] != '\0')
        return;
    arena_init(&arena);
    const enum config_origin of_key = config_find("API_KEY", &arena, &key);
    const enum config_origin of_file = config_find("API_KEY_FILE", &arena, &file);
    if (of_key != CONFIG_UNSET)
        snprintf(session->key_origin, sizeof session->key_origin, "API_KEY of %s", places[of_key]);
    else if (of_file != CONFIG_UNSET)
        snprintf(session->key_origin, sizeof session->key_origin, "%s, the API_KEY_FILE of %s", file,
                 places[of_file]);
    arena_free(&arena);
}

/* Whether a file lies in this directory, or below, wherever links lead. */
static bool is_file_here(const char *path)
{
    char *here = realpath(".", NULL), *file = realpath(path, NULL);
    const size_t length = here != NULL ? strlen(here) : 0;
    const bool is_here = here != NULL && file != NULL && strncmp(file, here, length) == 0 &&
                         (file[length] == '/' || length == 1); /* which is the root */
    free(here);
    free(file);
    return is_here;
}

/* Whether the key that config_load takes came with this directory: in .env itself, or in a file here that
 * .env names. A file of elsewhere may be one that only this user can read. */
static bool is_key_of_dotenv(struct arena *arena)
{
    const char *value;
    const enum config_origin of_key = config_find("API_KEY", arena, &value);
    if (of_key != CONFIG_UNSET)
        return of_key == CONFIG_FROM_DOTENV;
    return config_find("API_KEY_FILE", arena, &value) == CONFIG_FROM_DOTENV && is_file_here(value);
}

/* A directory's .env may have come with it, from others: it does not lead there a key that is of elsewhere.
 */
static bool is_key_led_by_dotenv(const struct session *session)
{
    const char *name = NULL, *value;
    struct arena arena;
    arena_init(&arena);
    const bool is_of_dotenv = is_key_of_dotenv(&arena);
    const bool is_of_target = session->key_origin[0] != '\0'; /* presented at its own address alone */
    if (session->config.api_key != NULL && session->key_file == NULL && (is_of_target || !is_of_dotenv)) {
        if (!is_of_target && config_find("ORDERS_CONNECT", &arena, &value) == CONFIG_FROM_DOTENV)
            name = "ORDERS_CONNECT";
        else if (config_find("ORDERS_TLS_CA", &arena, &value) == CONFIG_FROM_DOTENV)
            name = "ORDERS_TLS_CA";
    }
    if (name != NULL)
        report("The key is not presented to whom .env in this directory names with %s: name the service with "
               "--connect and --ca, or the key with --api-key-file or in .env",
               name);
    arena_free(&arena);
    return name != NULL;
}

static void tell_of_no_key(const struct session *session)
{
    if (session->withheld[0] != '\0')
        report("There is no key to present: that of target \"%s\" is for its own address; --target %s takes "
               "both, --api-key-file a key of its own",
               session->withheld, session->withheld);
    else
        report("There is no key to present: it is in the file that --api-key-file names, in API_KEY, in the "
               "file that API_KEY_FILE names, or with a target of the config file; see ordersctl(1)");
}

/* --- all of them --- */

enum exit_code session_settings_read(struct session *session, enum session_need need)
{
    char error[1024];
    if (!read_targets(session))
        return EXIT_BAD_CONFIG;
    if (need == SESSION_NEEDS_OUTPUT)
        return EXIT_OK;
    if (!read_key_file(session))
        return EXIT_BAD_CONFIG;
    /* A certificate may do in place of a key: that is for the service to say. */
    const bool needs_key = need == SESSION_NEEDS_KEY && !config_is_set("ORDERS_TLS_CERT");
    if (needs_key && !is_key_set()) {
        tell_of_no_key(session);
        return EXIT_BAD_CONFIG;
    }
    if (!config_load(&session->config, needs_key ? CONFIG_API_KEY : 0, error, sizeof error)) {
        report("%s", error);
        return EXIT_BAD_CONFIG;
    }
    if (is_key_led_by_dotenv(session))
        return EXIT_BAD_CONFIG;
    note_key_origin(session);
    return EXIT_OK;
}
