/* row_reader.c: finds where rows end without reading them, so that a malformed one spoils no other; then has
 * jansson or libcsv read each by itself.
 *
 * A CSV row ends at the first line break behind an even number of quotes; an NDJSON row at any line break; an
 * element of a JSON array where its brackets are closed.
 */
#include "row_reader.h"

#include "text_decoder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char byte_order_mark[] = "\xef\xbb\xbf";

enum { MARK_LENGTH = sizeof byte_order_mark - 1, BLANKS_MAX = 4096 };

/* How far the element of a JSON array has been read. */
struct element {
    bool open;        /* there is one */
    char opener;      /* its first character */
    char significant; /* the last one that is no white space */
    size_t depth;     /* of brackets */
    bool in_string;
    bool escaped; /* a backslash was the last character */
};

struct row_reader {
    enum row_format format;
    row_fn *on_row;
    void *arg;
    struct text_decoder *decoder; /* owned */

    char *text; /* owned; the row being read, and what came in behind it */
    size_t length;
    size_t capacity;
    size_t start;    /* of the row in text */
    size_t next;     /* the first byte not looked at */
    size_t line;     /* the line of text[next] */
    size_t row_line; /* the line of text[start] */
    char previous;   /* text[next - 1] */
    bool started;    /* the format is known */
    bool skipping;   /* the row is too long and was refused; its end is looked for */
    bool at_end;     /* of the file, which text has whole */
    bool failed;

    bool quoted;             /* CSV: inside a quoted cell */
    struct csv_table *table; /* CSV: owned */
    char *header;            /* CSV: owned; NULL before it was read */
    size_t header_length;
    size_t empty_rows;      /* CSV */
    bool in_array;          /* JSON */
    struct element element; /* JSON */
};

static bool take_text(const char *text, size_t length, void *arg);

struct row_reader *row_reader_new(enum row_format format, const struct row_subject *subject, row_fn *on_row,
                                  void *arg)
{
    struct row_reader *reader = calloc(1, sizeof *reader);
    if (reader == NULL)
        return NULL;
    *reader = (struct row_reader){.format = format, .on_row = on_row, .arg = arg, .line = 1, .row_line = 1};
    reader->decoder = text_decoder_new(take_text, reader);
    reader->table = csv_table_new(subject);
    if (reader->decoder != NULL && reader->table != NULL)
        return reader;
    row_reader_free(reader);
    return NULL;
}

void row_reader_free(struct row_reader *reader)
{
    if (reader == NULL)
        return;
    csv_table_free(reader->table);
    text_decoder_free(reader->decoder);
    free(reader->header);
    free(reader->text);
    free(reader);
}

enum row_format row_reader_format(const struct row_reader *reader)
{
    return reader->format;
}

const char *row_reader_header(const struct row_reader *reader, size_t *length, char *delimiter)
{
    *length = reader->header_length;
    *delimiter = csv_table_delimiter(reader->table);
    return reader->header;
}

const char *row_reader_ignored(const struct row_reader *reader)
{
    return csv_table_ignored(reader->table);
}

size_t row_reader_empty_rows(const struct row_reader *reader)
{
    return reader->empty_rows;
}

static bool is_line_break(char c)
{
    return c == '\n' || c == '\r';
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || is_line_break(c);
}

/* --- from the text of a row to the row --- */

static void refuse_row(struct row_reader *reader, size_t line, const char *error)
{
    const struct row row = {.line = line, .error = error};
    reader->on_row(&row, reader->arg);
}

/* Takes the reference. False: it is malformed. */
static bool emit(struct row_reader *reader, json_t *json, const char *error, struct row row)
{
    row.line = reader->row_line;
    row.json = json;
    row.error = json == NULL ? error : NULL;
    reader->on_row(&row, reader->arg);
    json_decref(json);
    return json != NULL;
}

static bool read_json(struct row_reader *reader, const char *text, size_t length)
{
    json_error_t why;
    char error[sizeof why.text + sizeof "not JSON: "];
    json_t *json = json_loadb(text, length, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, &why);
    if (json == NULL)
        snprintf(error, sizeof error, "not JSON: %s", why.text);
    return emit(reader, json, error, (struct row){.text = text, .length = length});
}

static bool read_header(struct row_reader *reader, const char *text, size_t length)
{
    if (csv_table_read_separator(reader->table, text, length))
        return true;
    const char *error = csv_table_read_header(reader->table, text, length);
    if (error == NULL)
        reader->header = malloc(length);
    if (error == NULL && reader->header == NULL)
        error = "out of memory";
    reader->failed = error != NULL;
    if (reader->failed) {
        refuse_row(reader, reader->row_line, error);
        return true;
    }
    memcpy(reader->header, text, length);
    reader->header_length = length;
    return true;
}

/* Whether the file ends in this row, without a line break: RFC 4180 allows for it, but so does whatever broke
 * off while it was written or copied, and then "129" may be the begin of "129980". "EUR" is that of no other
 * currency. */
static bool may_be_cut(const struct row_reader *reader, const char *text, size_t length, const json_t *row)
{
    return reader->at_end && text + length == reader->text + reader->length &&
           !csv_table_ends_whole(reader->table, row);
}

/* The length of the first line. */
static size_t first_line(const char *text, size_t length)
{
    size_t at = 0;
    while (at < length && !is_line_break(text[at]))
        at++;
    return at;
}

/* Of a malformed row only the first line is taken for the row, see back_to_second_line. */
static bool read_csv(struct row_reader *reader, const char *text, size_t length)
{
    if (reader->header == NULL)
        return read_header(reader, text, length);
    const char *error = NULL;
    json_t *json = csv_table_read_row(reader->table, text, length, &error);
    reader->failed = csv_table_is_changed(reader->table);
    if (json != NULL && may_be_cut(reader, text, length, json)) {
        json_decref(json);
        emit(reader, NULL, ROW_CUT, (struct row){.text = text, .length = length});
        return true;
    }
    if (json != NULL)
        return emit(reader, json, NULL, (struct row){.text = text, .length = length});
    if (error != NULL)
        return emit(reader, NULL, error, (struct row){.text = text, .length = first_line(text, length)});
    reader->empty_rows++;
    return true;
}

/* Reads the row that ends before text[end], unless it is blank. False: it is malformed. Blanks may be what
 * separates the cells of CSV. A byte order mark in front of it is that of a file which was put behind
 * another. */
static bool read_row(struct row_reader *reader, size_t end)
{
    const char *text = reader->text + reader->start;
    size_t length = end - reader->start, blanks = 0;
    if (length >= MARK_LENGTH && memcmp(text, byte_order_mark, MARK_LENGTH) == 0) {
        text += MARK_LENGTH;
        length -= MARK_LENGTH;
    }
    while (blanks < length && is_blank(text[blanks]) &&
           (reader->header == NULL || is_line_break(text[blanks])))
        blanks++;
    if (blanks == length || reader->skipping)
        return true;
    return reader->format == ROWS_CSV ? read_csv(reader, text, length) : read_json(reader, text, length);
}

/* The next row starts at the next byte. */
static void begin_row(struct row_reader *reader)
{
    reader->start = reader->next;
    reader->row_line = reader->line;
    reader->skipping = false;
    reader->quoted = false;
    reader->element = (struct element){0};
}

/* --- where rows end --- */

static void row_reader_advance(struct row_reader *reader)
{
    const char c = reader->text[reader->next++];
    if (c == '\r' || (c == '\n' && reader->previous != '\r'))
        reader->line++;
    reader->previous = c;
}

/* A quote too many makes one row of many lines: takes only the first of them for the row, and looks at the
 * others again. False: it is all on one line. Every line behind the first has an even number of quotes, but
 * for the last, so none is looked at a third time. */
static bool back_to_second_line(struct row_reader *reader, size_t end)
{
    const size_t at = reader->start + first_line(reader->text + reader->start, end - reader->start);
    if (at == end)
        return false;
    reader->next = at + 1;
    reader->previous = reader->text[at];
    reader->line = reader->row_line + 1;
    begin_row(reader);
    return true;
}

static void end_line_row(struct row_reader *reader, size_t end)
{
    if (read_row(reader, end) || reader->format != ROWS_CSV || !back_to_second_line(reader, end))
        begin_row(reader);
}

/* Bounds the row. */
static void check_length(struct row_reader *reader)
{
    if (reader->skipping) {
        reader->start = reader->next;
    } else if (reader->next - reader->start > ROW_MAX_BYTES) {
        refuse_row(reader, reader->row_line, "longer than 1 MiB");
        reader->failed = reader->format == ROWS_CSV && reader->header == NULL;
        if (reader->format != ROWS_CSV || !back_to_second_line(reader, reader->next)) {
            reader->skipping = true;
            reader->quoted = false;
        }
    }
}

static void scan_lines(struct row_reader *reader)
{
    while (reader->next < reader->length && !reader->failed) {
        const char c = reader->text[reader->next];
        row_reader_advance(reader);
        if (c == '"' && reader->format == ROWS_CSV && !reader->skipping)
            reader->quoted = !reader->quoted;
        if (is_line_break(c) && !reader->quoted)
            end_line_row(reader, reader->next - 1);
        else
            check_length(reader);
    }
}

/* Between elements. */
static void look_for_element(struct row_reader *reader, char c)
{
    const bool opens = c == '[' && !reader->in_array, closes = c == ']' && reader->in_array;
    if (opens || closes)
        reader->in_array = opens;
    if (opens || closes || c == ',' || is_blank(c)) {
        row_reader_advance(reader);
        begin_row(reader);
    } else {
        reader->element = (struct element){.open = true, .opener = c};
    }
}

/* Whether the element ended before this character, which is no part of it. Right in an object, "{" follows
 * ":" and "]" never comes: there the object's own "}" is missing. */
static bool ended_before(const struct row_reader *reader, char c)
{
    const struct element *element = &reader->element;
    if (element->in_string)
        return false;
    if (element->depth == 0)
        return element->significant != '\0' && (c == ',' || (c == ']' && reader->in_array));
    return element->depth == 1 && element->opener == '{' &&
           ((c == '{' && element->significant != ':') || c == ']');
}

/* Takes a character of the element. True: it is the last one. */
static bool read_on(struct element *element, char c)
{
    if (!is_blank(c))
        element->significant = c;
    if (element->in_string) {
        const bool closing = c == '"' && !element->escaped;
        element->escaped = c == '\\' && !element->escaped;
        element->in_string = !closing && !is_line_break(c); /* no string holds one: its quote is missing */
    } else if (c == '"') {
        element->in_string = true;
        element->escaped = false;
    } else if (c == '{' || c == '[') {
        element->depth++;
    } else if ((c == '}' || c == ']') && element->depth > 0) {
        return --element->depth == 0;
    }
    return false;
}

static void scan_json(struct row_reader *reader)
{
    while (reader->next < reader->length) {
        const char c = reader->text[reader->next];
        if (!reader->element.open) {
            look_for_element(reader, c);
        } else if (ended_before(reader, c)) {
            read_row(reader, reader->next);
            begin_row(reader);
        } else {
            const bool ends = read_on(&reader->element, c);
            row_reader_advance(reader);
            if (ends) {
                read_row(reader, reader->next);
                begin_row(reader);
            } else {
                check_length(reader);
            }
        }
    }
}

/* --- what kind of file it is --- */

/* ROWS_BY_CONTENT: cannot tell yet. */
static enum row_format guess_format(const char *text, size_t length, bool is_all)
{
    const size_t most = length < BLANKS_MAX ? length : BLANKS_MAX; /* however much came in at once */
    size_t at = 0;
    while (at < most && is_blank(text[at]))
        at++;
    if (at == length && !is_all && length < BLANKS_MAX)
        return ROWS_BY_CONTENT;
    if (at == most || (text[at] != '[' && text[at] != '{'))
        return ROWS_CSV;
    if (text[at] == '[')
        return ROWS_JSON;
    if (at + 1 == length && !is_all)
        return ROWS_BY_CONTENT;
    /* A tool that prints one object over several lines breaks the first one here. */
    return at + 1 == length || is_line_break(text[at + 1]) ? ROWS_JSON : ROWS_NDJSON;
}

/* Skips a byte order mark and finds out the format, once enough of the file is there. */
static void start(struct row_reader *reader, bool is_all)
{
    const size_t n = reader->length < MARK_LENGTH ? reader->length : MARK_LENGTH;
    const bool marked = memcmp(reader->text, byte_order_mark, n) == 0;
    if (marked && n < MARK_LENGTH && !is_all)
        return;
    const size_t skipped = marked && n == MARK_LENGTH ? MARK_LENGTH : 0;
    if (reader->format == ROWS_BY_CONTENT)
        reader->format = guess_format(reader->text + skipped, reader->length - skipped, is_all);
    if (reader->format == ROWS_BY_CONTENT)
        return;
    reader->next = skipped;
    begin_row(reader);
    reader->started = true;
}

/* --- reading --- */

/* Moves the row to the front of the buffer, and makes room behind it. */
static bool make_room(struct row_reader *reader, size_t length)
{
    reader->length -= reader->start;
    reader->next -= reader->start;
    if (reader->start > 0)
        memmove(reader->text, reader->text + reader->start, reader->length);
    reader->start = 0;
    if (reader->capacity - reader->length >= length)
        return true;
    const size_t least = reader->length + length, doubled = 2 * reader->capacity;
    const size_t capacity = least > doubled ? least : doubled;
    char *text = realloc(reader->text, capacity);
    if (text == NULL)
        return false;
    reader->text = text;
    reader->capacity = capacity;
    return true;
}

static void scan(struct row_reader *reader)
{
    if (!reader->started)
        return;
    if (reader->format == ROWS_JSON)
        scan_json(reader);
    else
        scan_lines(reader);
}

static bool take_text(const char *bytes, size_t length, void *arg)
{
    struct row_reader *reader = arg;
    if (reader->failed || length == 0)
        return !reader->failed;
    if (!make_room(reader, length)) {
        refuse_row(reader, reader->line, "out of memory");
        reader->failed = true;
        return false;
    }
    memcpy(reader->text + reader->length, bytes, length);
    reader->length += length;
    if (!reader->started)
        start(reader, false);
    scan(reader);
    return !reader->failed;
}

/* Whether the file could be decoded so far. */
static bool check_decoded(struct row_reader *reader, bool decoded)
{
    const char *error = text_decoder_error(reader->decoder);
    if (!decoded && error != NULL && !reader->failed)
        refuse_row(reader, reader->line, error);
    reader->failed |= !decoded;
    return !reader->failed;
}

bool row_reader_feed(struct row_reader *reader, const char *bytes, size_t length)
{
    return !reader->failed && check_decoded(reader, text_decoder_feed(reader->decoder, bytes, length));
}

bool row_reader_finish(struct row_reader *reader)
{
    if (reader->failed || !check_decoded(reader, text_decoder_finish(reader->decoder)))
        return false;
    if (!reader->started && reader->length > 0)
        start(reader, true);
    scan(reader);
    reader->at_end = true;
    if (reader->format == ROWS_JSON) {
        if (reader->element.open)
            read_row(reader, reader->length);
        else if (reader->in_array)
            refuse_row(reader, reader->line, "the file ends inside the array");
        return true;
    }
    while (!reader->failed && reader->start < reader->length) {
        end_line_row(reader, reader->length); /* may go back to a row's second line */
        scan_lines(reader);
    }
    return !reader->failed;
}
