/* violation.h: one thing that is wrong with a request, as pydantic 2 writes it in a 422. No sockets. */
#ifndef HTTP_VIOLATION_H
#define HTTP_VIOLATION_H

#include "base/status.h"
#include "json/parse.h"
#include "json/text.h"

#include <stdbool.h>

/* Where in a request something is wrong. */
struct violation_place {
    const char *part; /* "body" */
    const char *name; /* of a field or parameter; NULL: the part itself */
    bool is_element;  /* of its several values: the one of this index */
    size_t index;
    struct json_slice input; /* the JSON that stands there; NULL: none that can be shown */
    bool of_change;          /* it is a change of something, and not the whole of it */
};

/* Appends an object: {"type":…,"loc":[…],"msg":…,"input":…}, and a "ctx" where pydantic has one, in
 * pydantic's words. A type that pydantic does not have comes with the violation's own message. */
void violation_write(struct text *out, const struct violation_place *place,
                     const struct violation *violation);

/* Appends the object for a body that is no JSON. */
void violation_write_mistake(struct text *out, const struct json_mistake *mistake);

#endif
