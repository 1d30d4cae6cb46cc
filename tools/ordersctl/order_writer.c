/* order_writer.c: every format is made from an order's JSON, so that all of them say the same. */
#include "order_writer.h"

#include "json_text.h"
#include "printable.h"
#include "json/mapping.h"

#include <csv.h>
#include <string.h>
#include <unistd.h>

#define ORDER (&orders__v1__order__descriptor)

/* The text of a member; "" when it is absent. */
static const char *text_of(const json_t *order, const char *name, struct arena *arena)
{
    const json_t *value = json_object_get(order, name);
    if (json_is_integer(value))
        return arena_printf(arena, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    return json_is_string(value) ? json_string_value(value) : "";
}

static const char *amount_of(const json_t *order, struct arena *arena)
{
    return arena_printf(arena, "%s %s", text_of(order, "total_amount", arena),
                        text_of(order, "currency", arena));
}

/* --- table --- */

/* To the second, so that a list fits a terminal: "2025-01-16T14:20:00Z". */
static const char *time_of(const json_t *order, const char *name, struct arena *arena)
{
    const char *text = text_of(order, name, arena);
    const char *fraction = strchr(text, '.');
    return fraction == NULL ? text : arena_printf(arena, "%.*sZ", (int)(fraction - text), text);
}

static const struct table_column columns[] = {
    {"ORDER", false}, {"CUSTOMER", false}, {"DATE", false}, {"AMOUNT", true}, {"STATUS", false},
};

static void begin_table(struct order_writer *writer)
{
    table_init(&writer->table, columns, sizeof columns / sizeof columns[0]);
}

static void add_to_table(struct order_writer *writer, json_t *order, struct arena *arena)
{
    const char *const cells[] = {
        text_of(order, "order_id", arena),   text_of(order, "customer_id", arena),
        time_of(order, "order_date", arena), amount_of(order, arena),
        text_of(order, "status", arena),
    };
    table_add(&writer->table, cells);
}

/* Also at the end, for the titles where there was no order. */
static void write_gathered(struct order_writer *writer)
{
    table_write(&writer->table, writer->file);
}

/* --- JSON --- */

static void add_to_json(struct order_writer *writer, json_t *order, struct arena *arena)
{
    (void)arena;
    fputs(writer->n == 0 ? "[\n  " : ",\n  ", writer->file);
    json_text_write(writer->file, json_incref(order), JSON_COMPACT);
}

static void end_json(struct order_writer *writer)
{
    fputs(writer->n == 0 ? "[]\n" : "\n]\n", writer->file);
}

static void add_to_ndjson(struct order_writer *writer, json_t *order, struct arena *arena)
{
    (void)arena;
    json_text_write(writer->file, json_incref(order), JSON_COMPACT);
    fputs("\n", writer->file);
}

/* --- CSV --- */

/* Quotes only what needs it, so that plain cells stay plain. */
static void write_cell(struct order_writer *writer, const char *text, struct arena *arena)
{
    if (writer->to_terminal)
        text = printable(arena, text);
    if (strpbrk(text, "\", \t\r\n") != NULL)
        csv_fwrite(writer->file, text, strlen(text));
    else
        fputs(text, writer->file);
}

static void begin_csv(struct order_writer *writer)
{
    for (unsigned i = 0; i < ORDER->n_fields; i++)
        fprintf(writer->file, "%s%s", i == 0 ? "" : ",", ORDER->fields[i].name);
    fputs("\n", writer->file);
}

static void add_to_csv(struct order_writer *writer, json_t *order, struct arena *arena)
{
    for (unsigned i = 0; i < ORDER->n_fields; i++) {
        fputs(i == 0 ? "" : ",", writer->file);
        write_cell(writer, text_of(order, ORDER->fields[i].name, arena), arena);
    }
    fputs("\n", writer->file);
}

/* --- all of them --- */

static const struct {
    void (*begin)(struct order_writer *writer);
    void (*add)(struct order_writer *writer, json_t *order, struct arena *arena);
    void (*end_page)(struct order_writer *writer);
    void (*end)(struct order_writer *writer);
} formats[] = {
    [ORDERS_TABLE] = {begin_table, add_to_table, write_gathered, write_gathered},
    [ORDERS_JSON] = {NULL, add_to_json, NULL, end_json},
    [ORDERS_NDJSON] = {NULL, add_to_ndjson, NULL, NULL},
    [ORDERS_CSV] = {begin_csv, add_to_csv, NULL, NULL},
};

void order_writer_begin(struct order_writer *writer, FILE *file, enum order_format format)
{
    *writer = (struct order_writer){.file = file, .format = format, .to_terminal = isatty(fileno(file))};
    if (formats[format].begin != NULL)
        formats[format].begin(writer);
}

void order_writer_add(struct order_writer *writer, size_t n, Orders__V1__Order *const orders[])
{
    struct arena arena;
    arena_init(&arena);
    for (size_t i = 0; i < n; i++) {
        json_t *order = json_from_message(&orders[i]->base);
        formats[writer->format].add(writer, order, &arena);
        json_decref(order);
        arena_reset(&arena);
        writer->n++;
    }
    if (formats[writer->format].end_page != NULL)
        formats[writer->format].end_page(writer);
    arena_free(&arena);
}

void order_writer_end(struct order_writer *writer, bool complete)
{
    if (complete && formats[writer->format].end != NULL)
        formats[writer->format].end(writer);
    if (writer->format == ORDERS_TABLE)
        table_free(&writer->table);
}

void order_write(FILE *file, bool as_json, const Orders__V1__Order *order)
{
    json_t *json = json_from_message(&order->base);
    if (as_json) {
        json_text_write(file, json, JSON_INDENT(2));
        fputs("\n", file);
        return;
    }
    static const struct table_column untitled[] = {{"", false}, {"", false}};
    struct table table;
    table_init(&table, untitled, 2);
    for (unsigned i = 0; i < ORDER->n_fields; i++) {
        const char *name = ORDER->fields[i].name;
        const bool is_amount = strcmp(name, "total_amount") == 0;
        const char *const cells[] = {name, is_amount ? amount_of(json, &table.arena)
                                                     : text_of(json, name, &table.arena)};
        if (strcmp(name, "currency") != 0) /* stands beside the amount */
            table_add(&table, cells);
    }
    table_write(&table, file);
    table_free(&table);
    json_decref(json);
}
