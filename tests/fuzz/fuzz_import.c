/* fuzz_import.c: any bytes as a file to import, in any pieces; and what went in, exported and imported again.
 *
 * The first byte chooses the format, and how the file is encoded and packed besides; the next three the sizes
 * of the pieces. The rest is the file.
 */
#include "fuzz.h"

#include "base/utf8.h"
#include "order_writer.h"
#include "orders/rules.h"
#include "orders/v1/orders.pb-c.h"
#include "row_reader.h"
#include "json/mapping.h"

#include <string.h>
#include <zlib.h>

enum { FORMATS = ROWS_CSV + 1, PIECES = 3, EXPORTED_AT_MOST = 4 };

enum coat { PLAIN, UTF_16_LE, UTF_16_BE, GZIP, GZIP_TWICE, COATS };

static const struct row_subject subject = {
    .type = &orders__v1__order__descriptor, .unknown = JSON_UNKNOWN_REFUSED, .remark = "remark"};

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
    must(row->json == NULL || row->length > 0);
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
    struct row_reader *reader = row_reader_new(file->format, &subject, tell, &told);
    must(told.stream != NULL && reader != NULL);
    if (!read_pieces(reader, file)) {
        must(told.rows > 0); /* which said why */
        fputs("unreadable\n", told.stream);
    }
    fprintf(told.stream, "%zu empty\n", row_reader_empty_rows(reader));
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

/* It may be of any size then. */
static bool is_packed(const struct file *file)
{
    return file->length >= 2 && memcmp(file->bytes, "\x1f\x8b", 2) == 0;
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
    must(is_packed(file) || at_once.last_line <= count_lines(file));
    must(is_packed(file) || at_once.rows <= file->length);
    free(at_once.text);
    free(in_pieces.text);
}

/* --- the same file, encoded and packed --- */

struct bytes {
    char *at; /* owned */
    size_t length;
};

static void put_unit(struct bytes *bytes, enum coat coat, uint32_t unit)
{
    const char high = (char)(unit >> 8), low = (char)unit;
    const char units[][2] = {[UTF_16_LE] = {low, high}, [UTF_16_BE] = {high, low}};
    memcpy(bytes->at + bytes->length, units[coat], 2);
    bytes->length += 2;
}

/* A file that is UTF-8 as UTF-16 with its mark. */
static struct bytes as_utf_16(const struct file *file, enum coat coat)
{
    struct bytes bytes = {.at = malloc(2 * file->length + 2)};
    must(bytes.at != NULL);
    put_unit(&bytes, coat, 0xfeff);
    for (size_t at = 0; at < file->length;) {
        uint32_t c = 0;
        at += utf8_decode(file->bytes + at, file->length - at, &c);
        if (c >= 0x10000)
            put_unit(&bytes, coat, 0xd800 + ((c - 0x10000) >> 10));
        put_unit(&bytes, coat, c < 0x10000 ? c : 0xdc00 + ((c - 0x10000) & 0x3ff));
    }
    return bytes;
}

/* A member of gzip's. */
static void pack(struct bytes *bytes, const char *text, size_t length)
{
    enum { WINDOW = MAX_WBITS + 16, MEMORY = 8 };
    z_stream stream = {.next_in = (Bytef *)(uintptr_t)text, .avail_in = (uInt)length};
    must(deflateInit2(&stream, 1, Z_DEFLATED, WINDOW, MEMORY, Z_DEFAULT_STRATEGY) == Z_OK);
    const size_t bound = deflateBound(&stream, length);
    char *grown = realloc(bytes->at, bytes->length + bound);
    must(grown != NULL);
    bytes->at = grown;
    stream.next_out = (Bytef *)bytes->at + bytes->length;
    stream.avail_out = (uInt)bound;
    must(deflate(&stream, Z_FINISH) == Z_STREAM_END);
    bytes->length += bound - stream.avail_out;
    deflateEnd(&stream);
}

static struct bytes as_gzip(const struct file *file, enum coat coat)
{
    struct bytes bytes = {0};
    const size_t half = coat == GZIP_TWICE ? file->length / 2 : 0;
    if (coat == GZIP_TWICE)
        pack(&bytes, file->bytes, half);
    pack(&bytes, file->bytes + half, file->length - half);
    return bytes;
}

/* Whether the file would be told for what it is in another coat. */
static bool can_wear(const struct file *file, enum coat coat, const struct told *plain)
{
    if (coat == GZIP || coat == GZIP_TWICE)
        return !is_packed(file);
    return file->length >= 2 && file->bytes[0] != '\0' && file->bytes[1] != '\0' &&
           memcmp(file->bytes, "\xef\xbb", 2) != 0 && utf8_valid(file->bytes, file->length) &&
           strstr(plain->text, "this is not CSV") == NULL;
}

/* The same is told of it. */
static void check_coat(const struct file *file, enum coat coat)
{
    struct told plain = read_file(file);
    if (coat != PLAIN && can_wear(file, coat, &plain)) {
        const struct bytes bytes =
            coat == GZIP || coat == GZIP_TWICE ? as_gzip(file, coat) : as_utf_16(file, coat);
        struct file coated = *file;
        coated.bytes = bytes.at;
        coated.length = bytes.length;
        struct told told = read_file(&coated);
        must(told.length == plain.length && memcmp(told.text, plain.text, told.length) == 0);
        free(told.text);
        free(bytes.at);
    }
    free(plain.text);
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
    json_to_message(row->json, &order->base, JSON_UNKNOWN_IGNORED, &gathered->arena, &status);
    order_set_defaults(order, &gathered->arena);
    order_check(order, ORDER_CREATE_FIELDS, &gathered->arena, &status);
    if (status.code == STATUS_OK)
        gathered->orders[gathered->n++] = order;
}

static void read_orders(const struct file *file, struct gathered *gathered)
{
    struct row_reader *reader = row_reader_new(file->format, &subject, gather, gathered);
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
        const char *before = json_text_from_message(&gathered->orders[i]->base, NULL, &again.arena, &length);
        must(strcmp(json_text_from_message(&again.orders[i]->base, NULL, &again.arena, &length), before) ==
             0);
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
    const size_t choice = fuzz_choice(&input, FORMATS * COATS);
    struct file file = {.format = (enum row_format)(choice % FORMATS)};
    for (size_t i = 0; i < PIECES; i++)
        file.pieces[i] = (size_t)fuzz_byte(&input) + 1;
    file.bytes = (const char *)input.at;
    file.length = input.left;
    check_pieces(&file);
    check_coat(&file, (enum coat)(choice / FORMATS));
    check_exports(&file);
    return 0;
}
