/* process.h: ordersctl as a process: what goes in, what comes out.
 *
 * Everything handed out here lives until test_end, which every suite calls last.
 */
#ifndef ORDERSCTL_PROCESS_H
#define ORDERSCTL_PROCESS_H

#include "support/service.h"

#include <jansson.h>
#include <stdio.h>
#include <sys/types.h>

/* Where a program that people use is run: in the temporary directory as its home, in a UTF-8 locale, with
 * nothing of whoever runs the tests, and with what reaches the service, unless it is NULL. */
void set_environment(const struct service *service);

/* How a run ended. */
struct outcome {
    int code; /* 128 and the signal's number when one ended it */
    char *out;
    char *err;
};

enum { ARGUMENTS_MAX = 16, ENVIRONMENT_MAX = 4 };

/* A run to make. */
struct run {
    const struct service *service;            /* NULL: nothing is set in the environment */
    const char *directory;                    /* where it runs; NULL: where there is no .env */
    const char *input;                        /* on stdin; NULL: nothing */
    int output;                               /* stdout goes to this file; 0: into the outcome */
    int error;                                /* stderr likewise */
    const char *environment[ENVIRONMENT_MAX]; /* further "NAME=value" */
    const char *arguments[ARGUMENTS_MAX];
};

struct outcome run(const struct run *run);

/* run_with(service, "get", "A-1") */
#define run_with(to_service, ...) run(&(struct run){.service = (to_service), .arguments = {__VA_ARGS__}})

/* A run that is under way, with its stdin open. */
struct running {
    pid_t pid;
    int input; /* to write to; -1 once it is closed */
    int out;   /* memory files */
    int err;
};

struct running run_start(const struct run *run);
/* Closes its stdin and waits. */
struct outcome run_wait(struct running *running);

/* A directory of this test's own, and a file in it. */
const char *temporary_directory(void);
const char *temporary_file(const char *name, const char *content);
/* One of any bytes. */
const char *bytes_file(const char *name, const char *bytes, size_t length);
char *read_file(const char *path);

/* ordersctl's config file, in the home that the programs of this test have. */
const char *config_file(const char *content);

/* printf into a new string. */
char *format(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A text up to the first of these characters, or all of it. */
char *up_to(const char *ends, const char *text);

/* What was written to a stream of open_memstream's, which is closed. */
char *written(FILE *stream, char **text);

/* Parses JSON, or fails the test. */
json_t *parse(const char *text);
/* A string in an object; "" when there is none. */
const char *member(const json_t *object, const char *name);

void test_end(void);

/* Fails unless it went so. NULL: anything. */
#define assert_outcome(actual, expected_code, expected_out, expected_err)                       \
    do {                                                                                        \
        const struct outcome checked = (actual);                                                \
        const char *const checked_out = (expected_out), *const checked_err = (expected_err);    \
        cr_assert_eq(checked.code, (expected_code), "code %d\n%s%s", checked.code, checked.out, \
                     checked.err);                                                              \
        if (checked_out != NULL)                                                                \
            cr_assert_str_eq(checked.out, checked_out, "stdout:\n%s", checked.out);             \
        if (checked_err != NULL)                                                                \
            cr_assert_str_eq(checked.err, checked_err, "stderr:\n%s", checked.err);             \
    } while (0)

#endif
