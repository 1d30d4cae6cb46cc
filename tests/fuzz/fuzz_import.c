/* fuzz_import.c: any bytes as a file to import, in any pieces; and what went in, exported and imported again.
 *
 * The first byte chooses the format, the next three the sizes of the pieces. The rest is the file.
 */
#include "fuzz.h"

#include "order_writer.h"
#include "orders/rules.h"
#include "orders/v1/orders.pb-c.h"
#include "row_reader.h"
#include "json/mapping.h"

#include <string.h>

enum { FORMATS = ROWS_CSV + 1, PIECES = 3, EXPORTED_AT_MOST = 4 };

/* A file, and the sizes of the pieces that it comes in, which are taken by turns. */
struct file {
    enum row_format format;
    const char *bytes;
    size_t length;
    size_t pieces[PIECES];
};

/* What a reader told: "LINE JSON" or "LINE !ERROR" for each row. */
struct told {
    FILE *stream;
    char *text; /* owned, by whoever reads it */
    size_t length;
    size_t rows;
    size_t last_line;
};

static void tell(const struct row *row, void *arg)
{
    struct told *told = arg;
    must((row->json == NULL) == (row->error != NULL));
    must(row->line >= 1 && row->line >= told->last_line);
    told->last_line = row->line;
    told->rows++;
    if (row->json == NULL) {
        must(*row->error != '\0');
        fprintf(told->stream, "%zu !%s\n", row->line, row->error);
        return;
    }
    fprintf(told->stream, "%zu ", row->line);
    must(json_dumpf(row->json, told->stream, JSON_COMPACT | JSON_ENCODE_ANY) == 0);
    fputc('\n', told->stream);
}

/* Gives a file to a reader in its pieces. */
static bool read_pieces(struct row_reader *reader, const struct file *file)
{
    size_t at = 0;
    for (size_t i = 0; at < file->length; i++) {
        const size_t left = file->length - at, size = file->pieces[i % PIECES];
        const size_t length = size < left ? size : left;
        if (!row_reader_feed(reader, file->bytes + at, length))
            return false;
        at += length;
    }
    return row_reader_finish(reader);
}

static struct told read_file(const struct file *file)
{
    struct told told = {0};
    told.stream = open_memstream(&told.text, &told.length);
    struct row_reader *reader = row_reader_new(file->format, &orders__v1__order__descriptor, tell, &told);
    must(told.stream != NULL && reader != NULL);
    if (!read_pieces(reader, file)) {
        must(told.rows > 0); /* which said why */
        fputs("unreadable\n", told.stream);
    }
    row_reader_free(reader);
    fclose(told.stream);
    return told;
}

static size_t count_lines(const struct file *file)
{
    size_t lines = 1;
    for (size_t i = 0; i < file->length; i++)
        lines += file->bytes[i] == '\n' || file->bytes[i] == '\r';
    return lines;
}

/* What is told of a file does not depend on its pieces. */
static void check_pieces(const struct file *file)
{
    struct file whole = *file;
    for (size_t i = 0; i < PIECES; i++)
        whole.pieces[i] = file->length;
    struct told at_once = read_file(&whole), in_pieces = read_file(file);
    must(at_once.length == in_pieces.length);
    must(memcmp(at_once.text, in_pieces.text, at_once.length) == 0);
    must(at_once.last_line <= count_lines(file));
    must(at_once.rows <= file->length);
    free(at_once.text);
    free(in_pieces.text);
}

/* --- export and import --- */

/* Orders that were read, as JSON with all that they hold. */
struct gathered {
    struct arena arena;
    Orders__V1__Order *orders[EXPORTED_AT_MOST];
    size_t n;
};

/* As import does with a row and the service with an order. */
static void gather(const struct row *row, void *arg)
{
    struct gathered *gathered = arg;
    struct status status = STATUS_INIT;
    if (row->json == NULL || gathered->n == EXPORTED_AT_MOST)
        return;
    Orders__V1__Order *order = arena_alloc(&gathered->arena, sizeof *order);
    orders__v1__order__init(order);
    json_to_message(row->json, &order->base, &gathered->arena, &status);
    order_set_defaults(order, &gathered->arena);
    order_check(order, ORDER_CREATE_FIELDS, &gathered->arena, &status);
    if (status.code == STATUS_OK)
        gathered->orders[gathered->n++] = order;
}

static void read_orders(const struct file *file, struct gathered *gathered)
{
    struct row_reader *reader =
        row_reader_new(file->format, &orders__v1__order__descriptor, gather, gathered);
    must(reader != NULL);
    arena_init(&gathered->arena);
    read_pieces(reader, file);
    row_reader_free(reader);
}

static void check_export(const struct gathered *gathered, enum output_format written, enum row_format read,
                         const struct file *file)
{
    const struct order_look look = {.format = written};
    struct order_writer writer;
    struct gathered again = {0};
    struct file exported = *file;
    char *text = NULL;
    FILE *stream = open_memstream(&text, &exported.length);
    must(stream != NULL);
    order_writer_begin(&writer, stream, &look);
    order_writer_add(&writer, gathered->n, gathered->orders);
    order_writer_end(&writer, true);
    fclose(stream);
    exported.bytes = text;
    exported.format = read;
    read_orders(&exported, &again);
    must(again.n == gathered->n);
    for (size_t i = 0; i < again.n; i++) {
        size_t length;
        const char *before = json_text_from_message(&gathered->orders[i]->base, &again.arena, &length);
        must(strcmp(json_text_from_message(&again.orders[i]->base, &again.arena, &length), before) == 0);
    }
    arena_free(&again.arena);
    free(text);
}

/* Orders are the same when they come back from a file of any format, also one whose format is found out. */
static void check_exports(const struct file *file)
{
    static const struct {
        enum output_format written;
        enum row_format read;
    } ways[] = {
        {OUTPUT_JSON, ROWS_JSON},       {OUTPUT_NDJSON, ROWS_NDJSON},     {OUTPUT_CSV, ROWS_CSV},
        {OUTPUT_JSON, ROWS_BY_CONTENT}, {OUTPUT_NDJSON, ROWS_BY_CONTENT}, {OUTPUT_CSV, ROWS_BY_CONTENT},
    };
    struct gathered gathered = {0};
    read_orders(file, &gathered);
    for (size_t i = 0; gathered.n > 0 && i < sizeof ways / sizeof ways[0]; i++)
        check_export(&gathered, ways[i].written, ways[i].read, file);
    arena_free(&gathered.arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct fuzz_input input = {.at = bytes, .left = size};
    struct file file = {.format = (enum row_format)fuzz_choice(&input, FORMATS)};
    for (size_t i = 0; i < PIECES; i++)
        file.pieces[i] = (size_t)fuzz_byte(&input) + 1;
    file.bytes = (const char *)input.at;
    file.length = input.left;
    check_pieces(&file);
    check_exports(&file);
    return 0;
}
