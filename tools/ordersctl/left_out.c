/* left_out.c: a table of the fields that an order gets by itself, and a set of the names that were told. */
#include "left_out.h"

#include "base/utf8.h"
#include "orders/rules.h"
#include "orders/v1/orders.pb-c.h"
#include "rejects.h"
#include "report.h"
#include "json/member_name.h"

#include <string.h>

enum { NAMES_TOLD = 5, NAMES_MAX = 20, SHOWN_BYTES = 60 };

static bool is_left_out(const char *name)
{
    return member_name_find(&orders__v1__order__descriptor, name) == NULL && strcmp(name, REJECT_REASON) != 0;
}

/* Of what comes from outside as much as there is room for. */
static const char *quote(const char *name, struct arena *arena)
{
    return arena_printf(arena, "\"%.*s\"", (int)utf8_cut(name, SHOWN_BYTES), name);
}

const char *left_out_names(const json_t *object, struct arena *arena)
{
    const char *name, *text = "";
    json_t *value;
    size_t n = 0;
    json_object_foreach((json_t *)(uintptr_t)object, name, value)
    {
        if (is_left_out(name) && n++ < NAMES_TOLD)
            text = arena_printf(arena, "%s%s%s", text, n == 1 ? "" : ", ", quote(name, arena));
    }
    return n > NAMES_TOLD ? arena_printf(arena, "%s and %zu more", text, n - NAMES_TOLD) : text;
}

static bool has_text(const json_t *object, const char *name, const char *camel)
{
    const json_t *value = json_object_get(object, name);
    value = value != NULL ? value : json_object_get(object, camel);
    return value != NULL && !json_is_null(value) && (!json_is_string(value) || json_string_length(value) > 0);
}

static void check_field(const char *field, const char *what, const char *names, const char *option,
                        const char *whose, struct arena *arena, struct status *status)
{
    status_add_violation(status, arena, field, "missing",
                         "is not given, and may be what is left out: %s; %s says which %s %s has", names,
                         option, what, whose);
}

void left_out_check(const json_t *object, unsigned fields, const char *names,
                    const struct left_out_remedy *remedy, struct arena *arena, struct status *status)
{
    const bool lacks_date = (fields & ORDER_ORDER_DATE) == 0 && remedy->date != NULL;
    if (status->code != STATUS_OK || !json_is_object(object))
        return;
    if (lacks_date && has_text(object, "created_at", "createdAt"))
        status_add_violation(
            status, arena, "order_date", "missing",
            "is not given, and created_at is left to the database; %s says which date %s has", remedy->date,
            remedy->whose);
    else if (lacks_date && *names != '\0')
        check_field("order_date", "date", names, remedy->date, remedy->whose, arena, status);
    if ((fields & ORDER_STATUS) == 0 && remedy->status != NULL && *names != '\0')
        check_field("status", "status", names, remedy->status, remedy->whose, arena, status);
}

void left_out_tell(struct left_out *told, const json_t *object)
{
    const char *name;
    json_t *value;
    struct arena arena;
    arena_init(&arena);
    json_object_foreach((json_t *)(uintptr_t)object, name, value)
    {
        if (told->names.n <= NAMES_MAX && is_left_out(name) && id_set_add(&told->names, name, 1) == 0)
            report(told->names.n <= NAMES_MAX ? "a member that no order has is left out: %s"
                                              : "further members that no order has are left out: %s, ...",
                   quote(name, &arena));
    }
    arena_free(&arena);
}

void left_out_free(struct left_out *told)
{
    id_set_free(&told->names);
}
