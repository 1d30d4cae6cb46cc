/* order_writer.c: every format is made from an order's JSON, so that all of them say the same. Only for
 * people money has decimals. */
#include "order_writer.h"

#include "amount.h"
#include "json_text.h"
#include "local_time.h"
#include "printable.h"
#include "screen.h"
#include "json/mapping.h"

#include <ctype.h>
#include <string.h>

/* The text of a member; "" when it is absent. */
static const char *text_of(const json_t *order, const char *name, struct arena *arena)
{
    const json_t *value = json_object_get(order, name);
    if (json_is_integer(value))
        return arena_printf(arena, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    return json_is_string(value) ? json_string_value(value) : "";
}

/* --- for people --- */

static const char *money_of(const json_t *order, const char *name, struct arena *arena)
{
    return amount_show(json_integer_value(json_object_get(order, name)), text_of(order, "currency", arena),
                       arena);
}

/* To the second, so that a list fits a terminal: "2025-01-16T14:20:00Z". */
static const char *second_of(const json_t *order, const char *name, struct arena *arena)
{
    const char *text = text_of(order, name, arena);
    const size_t whole = strcspn(text, "."), fraction = strspn(text + whole, ".0123456789");
    return arena_printf(arena, "%.*s%s", (int)whole, text, text + whole + fraction);
}

/* Its times are shown in the local zone from here on. */
static void take_local_times(json_t *order, struct arena *arena)
{
    const ProtobufCMessageDescriptor *type = &orders__v1__order__descriptor;
    for (unsigned i = 0; i < type->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &type->fields[i];
        const char *time = text_of(order, field->name, arena);
        if (field->descriptor == &google__protobuf__timestamp__descriptor && *time != '\0')
            json_object_set_new(order, field->name, json_string(local_time_show(time, arena)));
    }
}

/* An order as a look has it. A new reference. */
static json_t *seen(const struct order_look *look, const Orders__V1__Order *order, struct arena *arena)
{
    json_t *json = json_from_message(&order->base);
    if (look->format == OUTPUT_TABLE && look->columns.local)
        take_local_times(json, arena);
    return json;
}

static const char *plain_style(const char *text)
{
    (void)text;
    return NULL;
}

/* Waiting, under way, done, and never to be. */
static const char *status_style(const char *status)
{
    static const struct {
        const char *status, *style;
    } styles[] = {
        {"pending", STYLE_YELLOW}, {"confirmed", STYLE_CYAN},  {"processing", STYLE_CYAN},
        {"shipped", STYLE_CYAN},   {"delivered", STYLE_GREEN}, {"completed", STYLE_GREEN},
        {"cancelled", STYLE_RED},
    };
    for (size_t i = 0; i < sizeof styles / sizeof styles[0]; i++) {
        if (strcmp(styles[i].status, status) == 0)
            return styles[i].style;
    }
    return NULL;
}

/* How people see a field. */
struct face {
    const char *field, *title;
    bool right;
    const char *(*in_list)(const json_t *order, const char *name, struct arena *arena);
    const char *(*alone)(const json_t *order, const char *name, struct arena *arena);
    const char *(*style)(const char *text);
};

static const struct face faces[] = {
    {"order_id", "ORDER", false, text_of, text_of, plain_style},
    {"customer_id", "CUSTOMER", false, text_of, text_of, plain_style},
    {"order_date", "DATE", false, second_of, text_of, plain_style},
    {"created_at", "CREATED", false, second_of, text_of, plain_style},
    {"updated_at", "UPDATED", false, second_of, text_of, plain_style},
    {"total_amount", "AMOUNT", true, money_of, money_of, plain_style},
    {"status", "STATUS", false, text_of, text_of, status_style},
    {"id", "ID", true, text_of, text_of, plain_style},
    {"currency", "CURRENCY", false, text_of, text_of, plain_style},
    {"etag", "ETAG", false, text_of, text_of, plain_style},
};

/* A field that is newer than the table is shown as it is, under no title but its name. */
static struct face face_of(const ProtobufCFieldDescriptor *field)
{
    for (size_t i = 0; i < sizeof faces / sizeof faces[0]; i++) {
        if (strcmp(faces[i].field, field->name) == 0)
            return faces[i];
    }
    return (struct face){field->name, field->name, false, text_of, text_of, plain_style};
}

static bool is_title(const char *word, size_t length)
{
    for (size_t i = 0; i < sizeof faces / sizeof faces[0]; i++) {
        if (strlen(faces[i].title) == length && memcmp(faces[i].title, word, length) == 0)
            return true;
    }
    return false;
}

bool order_writer_are_titles(const char *line, size_t length)
{
    const char *const end = line + length;
    size_t n = 0;
    for (; line < end; n++) {
        const char *const blank = memchr(line, ' ', (size_t)(end - line));
        const char *const to = blank != NULL ? blank : end;
        if (to > line && !is_title(line, (size_t)(to - line)))
            return false;
        line = blank != NULL ? blank + 1 : end;
    }
    return n > 0;
}

static void begin_table(struct order_writer *writer)
{
    const struct order_columns chosen = writer->look.columns;
    order_columns_or_usual(&chosen, &writer->look.columns);
    for (size_t i = 0; i < writer->look.columns.n; i++) {
        const struct face face = face_of(writer->look.columns.fields[i]);
        writer->titles[i] = (struct table_column){face.title, face.right};
    }
    table_init(&writer->table, writer->titles, writer->look.columns.n);
    writer->table.colored = writer->look.colored;
}

static void add_to_table(struct order_writer *writer, json_t *order, struct arena *arena)
{
    const struct order_columns *columns = &writer->look.columns;
    const char *cells[ORDER_COLUMNS_MAX];
    for (size_t i = 0; i < columns->n; i++)
        cells[i] = face_of(columns->fields[i]).in_list(order, columns->fields[i]->name, arena);
    table_add(&writer->table, cells);
    for (size_t i = 0; i < columns->n; i++)
        table_style(&writer->table, i, face_of(columns->fields[i]).style(cells[i]));
}

/* A page may have few orders, and the next one wider ones: so that lines which are seen together are aligned,
 * they are gathered. */
static void write_many(struct order_writer *writer)
{
    enum { MANY = 100 };
    if (writer->table.n_gathered >= MANY)
        table_write(&writer->table, writer->file);
}

/* The titles alone stand only where there is no order. */
static void end_table(struct order_writer *writer, bool complete)
{
    if (complete || writer->table.n_gathered > 0)
        table_write(&writer->table, writer->file);
    table_free(&writer->table);
}

/* --- JSON --- */

static void begin_with_all(struct order_writer *writer)
{
    const struct order_columns chosen = writer->look.columns;
    order_columns_or_all(&chosen, &writer->look.columns);
}

/* The members that were chosen, in that order; for a template also those that the order does not have. A new
 * reference. */
static json_t *chosen_of(json_t *order, const struct order_columns *columns)
{
    json_t *chosen = json_object();
    for (size_t i = 0; i < columns->n; i++) {
        json_t *value = json_object_get(order, columns->fields[i]->name);
        if (value != NULL)
            json_object_set(chosen, columns->fields[i]->name, value);
        else if (output_has_template())
            json_object_set_new(chosen, columns->fields[i]->name, json_null());
    }
    return chosen;
}

static void add_to_json(struct order_writer *writer, json_t *order, struct arena *arena)
{
    (void)arena;
    fputs(writer->n == 0 ? "[\n  " : ",\n  ", writer->file);
    json_text_write(writer->file, chosen_of(order, &writer->look.columns), JSON_COMPACT);
}

/* What breaks off is no document. */
static void end_json(struct order_writer *writer, bool complete)
{
    if (complete)
        fputs(writer->n == 0 ? "[]\n" : "\n]\n", writer->file);
}

static void add_to_ndjson(struct order_writer *writer, json_t *order, struct arena *arena)
{
    (void)arena;
    output_json(writer->file, OUTPUT_NDJSON, chosen_of(order, &writer->look.columns));
}

/* --- CSV --- */

static void begin_csv(struct order_writer *writer)
{
    begin_with_all(writer);
    for (size_t i = 0; i < writer->look.columns.n; i++)
        fprintf(writer->file, "%s%s", i == 0 ? "" : ",", writer->look.columns.fields[i]->name);
    fputs("\n", writer->file);
}

/* What spreadsheets take for a formula begins so, and does not behind a '. */
static const char *quote_formula(const char *text, struct arena *arena)
{
    return *text != '\0' && strchr("=+-@\t\r", *text) != NULL ? arena_printf(arena, "'%s", text) : text;
}

static void add_to_csv(struct order_writer *writer, json_t *order, struct arena *arena)
{
    for (size_t i = 0; i < writer->look.columns.n; i++) {
        const char *text = text_of(order, writer->look.columns.fields[i]->name, arena);
        if (writer->look.quote_formulas)
            text = quote_formula(text, arena);
        fputs(i == 0 ? "" : ",", writer->file);
        output_csv_cell(writer->file, writer->look.to_terminal ? printable(arena, text) : text);
    }
    fputs("\n", writer->file);
    output_end_line(writer->file);
}

/* --- all of them --- */

static const struct {
    void (*begin)(struct order_writer *writer);
    void (*add)(struct order_writer *writer, json_t *order, struct arena *arena);
    void (*end_page)(struct order_writer *writer);
    void (*end)(struct order_writer *writer, bool complete);
} formats[] = {
    [OUTPUT_TABLE] = {begin_table, add_to_table, write_many, end_table},
    [OUTPUT_JSON] = {begin_with_all, add_to_json, NULL, end_json},
    [OUTPUT_NDJSON] = {begin_with_all, add_to_ndjson, NULL, NULL},
    [OUTPUT_CSV] = {begin_csv, add_to_csv, NULL, NULL},
};

void order_writer_begin(struct order_writer *writer, FILE *file, const struct order_look *look)
{
    *writer = (struct order_writer){.file = file, .look = *look};
    formats[look->format].begin(writer);
}

void order_writer_add(struct order_writer *writer, size_t n, Orders__V1__Order *const orders[])
{
    struct arena arena;
    arena_init(&arena);
    for (size_t i = 0; i < n; i++) {
        json_t *order = seen(&writer->look, orders[i], &arena);
        formats[writer->look.format].add(writer, order, &arena);
        json_decref(order);
        arena_reset(&arena);
        writer->n++;
    }
    if (formats[writer->look.format].end_page != NULL)
        formats[writer->look.format].end_page(writer);
    arena_free(&arena);
}

bool order_writer_take_page(const Orders__V1__ListOrdersResponse *page, void *writer)
{
    struct order_writer *const to = writer;
    order_writer_add(to, page->n_orders, page->orders);
    return output_flush(to->file, "standard output");
}

void order_writer_end(struct order_writer *writer, bool complete)
{
    if (formats[writer->look.format].end != NULL)
        formats[writer->look.format].end(writer, complete);
}

/* --- one alone --- */

/* The currency stands beside the amount, unless it is asked for. */
static bool is_told(const struct order_look *look, const ProtobufCFieldDescriptor *field)
{
    return look->columns.n > 0 || strcmp(field->name, "currency") != 0;
}

static void write_lines(FILE *file, const struct order_look *look, const json_t *order)
{
    static const struct table_column untitled[] = {{"", false}, {"", false}};
    struct order_columns columns;
    struct table table;
    order_columns_or_all(&look->columns, &columns);
    table_init(&table, untitled, 2);
    table.colored = look->colored;
    for (size_t i = 0; i < columns.n; i++) {
        const char *name = columns.fields[i]->name;
        const struct face face = face_of(columns.fields[i]);
        const char *const cells[] = {name, face.alone(order, name, &table.arena)};
        if (is_told(look, columns.fields[i])) {
            table_add(&table, cells);
            table_style(&table, 0, STYLE_BOLD);
            table_style(&table, 1, face.style(cells[1]));
        }
    }
    table_write(&table, file);
    table_free(&table);
}

static void write_object(FILE *file, const struct order_look *look, json_t *order)
{
    struct order_columns columns;
    order_columns_or_all(&look->columns, &columns);
    output_json(file, look->format, chosen_of(order, &columns));
}

void order_write(FILE *file, const struct order_look *look, Orders__V1__Order *order)
{
    struct order_writer writer;
    struct arena arena;
    arena_init(&arena);
    json_t *json = seen(look, order, &arena);
    if (look->format == OUTPUT_TABLE) {
        write_lines(file, look, json);
    } else if (look->format == OUTPUT_CSV) {
        order_writer_begin(&writer, file, look);
        order_writer_add(&writer, 1, &order);
        order_writer_end(&writer, true);
    } else {
        write_object(file, look, json);
    }
    json_decref(json);
    arena_free(&arena);
}
