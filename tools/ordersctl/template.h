/* template.h: how a document of JSON is written by a text with places for its members, as scripts want it.
 *
 * The smallest part of the language of `docker ps --format`, which is that of Go's text/template:
 *
 *   {{.order_id}}         a member's value: a string as it is, a number, true or false; null is nothing
 *   {{.a.b}}              a member of a member
 *   {{json .a}} {{json .}}  a member, or the whole document, as JSON on one line
 *   {{"TEXT"}}            the text, in which \" and \\ stand for " and \: {{"{{"}} for two braces
 *   \n \t \\              between actions and in a TEXT: a line break, a tab, a backslash
 *
 * All else is an error that says where it stands. Control characters of values are written as \uXXXX, so that
 * a line of the output is a line of the template.
 */
#ifndef ORDERSCTL_TEMPLATE_H
#define ORDERSCTL_TEMPLATE_H

#include "base/arena.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* A piece of a template: a text, or the place of a value. */
struct template_part {
    struct template_part *next;
    const char *text;         /* NULL: a value */
    const char *const *names; /* of members, from the document inward; NULL behind the last */
    bool as_json;
};

struct template
{
    const struct template_part *first;
};

/* Reads a template into the arena. NULL, or what is wrong, in the arena. */
const char *template_read(const char *text, struct arena *arena, struct template *template);

/* NULL, or what is wrong with a document, in the arena: a member that it does not have, or that is no single
 * value. */
const char *template_check(const struct template *template, json_t *document, struct arena *arena);

/* Writes a document by it, with a line break behind. NULL, or what is wrong with the document: nothing of it
 * is written then. Errors of the file are left to its owner. */
const char *template_write(const struct template *template, json_t *document, FILE *file,
                           struct arena *arena);

#endif
