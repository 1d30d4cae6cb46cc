/* order_columns.c: names are looked up in Order's descriptor: a field that is new there is a column here. */
#include "order_columns.h"

#include "base/arena.h"
#include "guess.h"
#include "orders/v1/orders.pb-c.h"
#include "output.h"

#include <string.h>

#define ORDER (&orders__v1__order__descriptor)

enum { KEY_COLUMNS = 0x500, KEY_LOCAL };

static const struct argp_option options[] = {
    {"columns", KEY_COLUMNS, "COLUMNS", 0, "Only these fields, comma-separated, in this order"},
    {"local", KEY_LOCAL, NULL, 0,
     "Times in the local zone in what is for people, and where an option or the order's JSON names a time "
     "without a zone"},
    {0},
};

static const char *all_names(struct arena *arena)
{
    const char *names = "";
    for (unsigned i = 0; i < ORDER->n_fields; i++)
        names = arena_printf(arena, "%s%s%s", names, i == 0 ? "" : ", ", ORDER->fields[i].name);
    return names;
}

static const char *meant(const char *name, struct arena *arena)
{
    struct guess guess = guess_begin(name);
    for (unsigned i = 0; i < ORDER->n_fields; i++)
        guess_try(&guess, ORDER->fields[i].name);
    return guess_text(&guess, arena);
}

static void add(struct order_columns *columns, const char *name, struct argp_state *state)
{
    const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field_by_name(ORDER, name);
    struct arena arena;
    if (field != NULL && columns->n < ORDER_COLUMNS_MAX) {
        columns->fields[columns->n++] = field;
        return;
    }
    arena_init(&arena);
    if (field != NULL)
        argp_error(state, "--columns: at most %d of them", ORDER_COLUMNS_MAX);
    else
        argp_error(state, "--columns: there is no \"%s\"; there are %s%s", name, all_names(&arena),
                   meant(name, &arena));
    arena_free(&arena);
}

/* Before an order is made or changed, of which the answer could not be written. */
static void check_template(const struct order_columns *chosen, struct argp_state *state)
{
    struct order_columns columns;
    struct arena arena;
    json_t *order = json_object();
    arena_init(&arena);
    order_columns_or_all(chosen, &columns);
    for (size_t i = 0; i < columns.n; i++)
        json_object_set_new(order, columns.fields[i]->name, json_null());
    const char *error = output_check(order, &arena);
    if (error != NULL)
        argp_error(state, "--output: template: %s", error);
    json_decref(order);
    arena_free(&arena);
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
    struct order_columns *columns = state->input;
    columns->local |= key == KEY_LOCAL;
    if (key == ARGP_KEY_SUCCESS)
        check_template(columns, state);
    if (key == KEY_LOCAL || key == ARGP_KEY_SUCCESS)
        return 0;
    if (key != KEY_COLUMNS)
        return ARGP_ERR_UNKNOWN;
    columns->n = 0;
    for (size_t length;; argument += length + 1) {
        struct arena arena;
        arena_init(&arena);
        length = strcspn(argument, ",");
        add(columns, arena_copy(&arena, argument, length), state);
        arena_free(&arena);
        if (argument[length] == '\0')
            return 0;
    }
}

const struct argp order_columns_argp = {.options = options, .parser = parse};

void order_columns_or_all(const struct order_columns *chosen, struct order_columns *out)
{
    *out = *chosen;
    for (unsigned i = 0; i < ORDER->n_fields && chosen->n == 0 && i < ORDER_COLUMNS_MAX; i++)
        out->fields[out->n++] = &ORDER->fields[i];
}

void order_columns_or_usual(const struct order_columns *chosen, struct order_columns *out)
{
    static const char *const usual[] = {"order_id", "customer_id", "order_date", "total_amount", "status"};
    *out = *chosen;
    for (size_t i = 0; chosen->n == 0 && i < sizeof usual / sizeof usual[0]; i++)
        out->fields[out->n++] = protobuf_c_message_descriptor_get_field_by_name(ORDER, usual[i]);
}
