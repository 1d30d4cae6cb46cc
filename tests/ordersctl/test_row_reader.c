/* test_row_reader.c: every kind of file, cut anywhere, with every kind of bad row. */
#include "import_row.h"
#include "orders/v1/orders.pb-c.h"
#include "row_reader.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TestSuite(row_reader, .timeout = 60);

/* What a reader told, one line a row: "LINE JSON" or "LINE !ERROR". */
struct told {
    FILE *stream;
    char *text;
    size_t length;
    size_t rows;
    size_t refused;
};

static const struct row_subject refusing = {.type = &orders__v1__order__descriptor,
                                            .unknown = JSON_UNKNOWN_REFUSED,
                                            .remark = "remark",
                                            .is_whole = import_row_is_whole};
static const struct row_subject ignoring = {.type = &orders__v1__order__descriptor,
                                            .unknown = JSON_UNKNOWN_IGNORED};

static void tell(const struct row *row, void *arg)
{
    struct told *told = arg;
    told->rows++;
    if (row->json == NULL) {
        told->refused++;
        fprintf(told->stream, "%zu !%s\n", row->line, row->error);
        return;
    }
    char *json = json_dumps(row->json, JSON_COMPACT | JSON_ENCODE_ANY);
    fprintf(told->stream, "%zu %s\n", row->line, json);
    free(json);
}

/* Feeds a file in parts of some size. */
static struct told read_as(const struct row_subject *subject, enum row_format format, const char *bytes,
                           size_t length, size_t part)
{
    struct told told = {0};
    told.stream = open_memstream(&told.text, &told.length);
    struct row_reader *reader = row_reader_new(format, subject, tell, &told);
    bool readable = true;
    for (size_t at = 0; at < length && readable; at += part)
        readable = row_reader_feed(reader, bytes + at, length - at < part ? length - at : part);
    if (readable)
        readable = row_reader_finish(reader);
    if (!readable)
        fprintf(told.stream, "unreadable\n");
    if (row_reader_empty_rows(reader) > 0)
        fprintf(told.stream, "%zu empty\n", row_reader_empty_rows(reader));
    row_reader_free(reader);
    fclose(told.stream);
    return told;
}

static struct told read_parts(enum row_format format, const char *bytes, size_t length, size_t part)
{
    return read_as(&refusing, format, bytes, length, part);
}

struct example {
    enum row_format format;
    char file[400];
    char expected[800];
};

/* Whatever the size of the parts, what is told is the same. */
static void check(const struct example *example)
{
    const size_t length = strlen(example->file);
    for (size_t part = 1; part <= length + 1; part++) {
        struct told told = read_parts(example->format, example->file, length, part);
        cr_assert_str_eq(told.text, example->expected, "in parts of %zu:\n%s", part, told.text);
        free(told.text);
    }
}

#define MISPLACED "!not CSV: a quote is misplaced or missing in cell "

#define ANOTHER                                                                                              \
    "!another header, as of a file that was put behind this one: what follows has other columns; make it a " \
    "file of its own\n"

ParameterizedTestParameters(row_reader, csv)
{
    static struct example examples[] = {
        {ROWS_CSV, "", ""},
        {ROWS_CSV, "order_id,currency\n", ""},
        {ROWS_CSV, "order_id,currency\nA,ISK\nB,EUR\n",
         "2 {\"order_id\":\"A\",\"currency\":\"ISK\"}\n"
         "3 {\"order_id\":\"B\",\"currency\":\"EUR\"}\n"},
        /* "129" and "A" may be the begin of more. */
        {ROWS_CSV, "order_id,total_amount\nA,1\nB,129",
         "2 {\"order_id\":\"A\",\"total_amount\":\"1\"}\n3 !" ROW_CUT "\n"},
        /* A currency and a status are not, when there is one. */
        {ROWS_CSV, "order_id,currency\nA,ISK\nB,eur",
         "2 {\"order_id\":\"A\",\"currency\":\"ISK\"}\n3 {\"order_id\":\"B\",\"currency\":\"eur\"}\n"},
        {ROWS_CSV, "order_id,status\nA,\"shipped\"", "2 {\"order_id\":\"A\",\"status\":\"shipped\"}\n"},
        {ROWS_CSV, "order_id,currency\nA,EU", "2 !" ROW_CUT "\n"},
        {ROWS_CSV, "order_id,status\nA,ship", "2 !" ROW_CUT "\n"},
        {ROWS_CSV, "order_id,status\nA,", "2 !" ROW_CUT "\n"},
        {ROWS_CSV, "order_id,currency,status\nA,EUR", "2 !2 cells where the header has 3\n"},
        {ROWS_CSV, "order_id,currency,remark\nA,EUR,hel", "2 !" ROW_CUT "\n"},
        {ROWS_CSV, "order_id\n\"B\n\"", "2 !" ROW_CUT "\n"},
        {ROWS_CSV, "order_id\n\"B\nC\nD", "2 " MISPLACED "1\n3 {\"order_id\":\"C\"}\n4 !" ROW_CUT "\n"},
        {ROWS_CSV, "order_id\nA\n  ", "2 {\"order_id\":\"A\"}\n1 empty\n"},
        /* Each of the files that were put together has one. */
        {ROWS_CSV,
         "\xef\xbb\xbforder_id\nA\n\xef\xbb\xbf"
         "B\n\xef\xbb\xbf\"C\"\n\xef\xbb\xbf\n",
         "2 {\"order_id\":\"A\"}\n3 {\"order_id\":\"B\"}\n4 {\"order_id\":\"C\"}\n"},
        {ROWS_CSV, "order_id,currency\nA,ISK\norderId,currency\nB,ISK\n",
         "2 {\"order_id\":\"A\",\"currency\":\"ISK\"}\n"
         "3 !the header again, as of a file that was put behind this one\n"
         "4 {\"order_id\":\"B\",\"currency\":\"ISK\"}\n"},
        {ROWS_CSV, "order_id,customer_id\nA,C\ncustomer_id,order_id\nC,B\n",
         "2 {\"order_id\":\"A\",\"customer_id\":\"C\"}\n3 " ANOTHER "unreadable\n"},
        {ROWS_CSV, "order_id,status\nA,x\norder_id,status,currency\nB,x,y\n",
         "2 {\"order_id\":\"A\",\"status\":\"x\"}\n3 " ANOTHER "unreadable\n"},
        /* Its names may stand anywhere, and the remark is none of a field. */
        {ROWS_CSV, "remark,order_id,status\n,A,x\nremark,order_id,status\n,B,x\n",
         "2 {\"order_id\":\"A\",\"status\":\"x\"}\n"
         "3 !the header again, as of a file that was put behind this one\n"
         "4 {\"order_id\":\"B\",\"status\":\"x\"}\n"},
        {ROWS_CSV, "remark,order_id,status\nthe header again,order_id,status\n,B,x\n",
         "2 !the header again, as of a file that was put behind this one\n"
         "3 {\"order_id\":\"B\",\"status\":\"x\"}\n"},
        {ROWS_CSV, "remark,order_id,status\n,A,x\norder_id,customer_id,status\nB,C,x\n",
         "2 {\"order_id\":\"A\",\"status\":\"x\"}\n3 " ANOTHER "unreadable\n"},
        {ROWS_CSV, "order_id,status\nA,x\nremark,order_id\n,B\n",
         "2 {\"order_id\":\"A\",\"status\":\"x\"}\n3 " ANOTHER "unreadable\n"},
        {ROWS_CSV, "order_id,customer_id,currency\nA,C,ISK\nx,customer_id,order_id\n",
         "2 {\"order_id\":\"A\",\"customer_id\":\"C\",\"currency\":\"ISK\"}\n3 " ANOTHER "unreadable\n"},
        {ROWS_CSV, "order_id,customer_id\nstatus,C\n", "2 {\"order_id\":\"status\",\"customer_id\":\"C\"}\n"},
        {ROWS_CSV, "order_id\nA\xef\xbb\xbf\n", "2 {\"order_id\":\"A\xef\xbb\xbf\"}\n"},
        {ROWS_CSV, "currency,remark,orderId\nISK,hello,A\n", "2 {\"currency\":\"ISK\",\"order_id\":\"A\"}\n"},
        {ROWS_CSV, "order_id,order_date\nA,\n", "2 {\"order_id\":\"A\",\"order_date\":null}\n"},
        {ROWS_CSV, "order_id,status\nA,\n", "2 {\"order_id\":\"A\",\"status\":null}\n"},
        {ROWS_CSV, "order_id\r\nA\r\n\r\nB\r\n", "2 {\"order_id\":\"A\"}\n4 {\"order_id\":\"B\"}\n"},
        {ROWS_CSV, "order_id\rA\rB\r", "2 {\"order_id\":\"A\"}\n3 {\"order_id\":\"B\"}\n"},
        {ROWS_CSV, "\n\norder_id\n  \nA\n", "5 {\"order_id\":\"A\"}\n1 empty\n"},
        {ROWS_CSV, "\xef\xbb\xbforder_id\nA\n", "2 {\"order_id\":\"A\"}\n"},
        {ROWS_CSV, "order_id\n\"A\n\"\"B\"\"\r\nC\"\nD\n",
         "2 {\"order_id\":\"A\\n\\\"B\\\"\\r\\nC\"}\n5 {\"order_id\":\"D\"}\n"},
        {ROWS_CSV, "order_id,status\n\"A,1\",x\n", "2 {\"order_id\":\"A,1\",\"status\":\"x\"}\n"},
        {ROWS_CSV, "order_id,status\nA\nB,x,y\nC,z\n",
         "2 !1 cell where the header has 2\n3 !3 cells where the header has 2\n"
         "4 {\"order_id\":\"C\",\"status\":\"z\"}\n"},
        {ROWS_CSV, "order_id\nA\"\nB\n", "2 " MISPLACED "1\n3 {\"order_id\":\"B\"}\n"},
        {ROWS_CSV, "order_id\nA\n\"B\nC\nD\n",
         "2 {\"order_id\":\"A\"}\n3 " MISPLACED "1\n4 {\"order_id\":\"C\"}\n5 {\"order_id\":\"D\"}\n"},
        {ROWS_CSV, "order_id\r\n\"A\r\nB\r\n\"C\"\r\n",
         "2 " MISPLACED "1\n3 {\"order_id\":\"B\"}\n4 {\"order_id\":\"C\"}\n"},
        {ROWS_CSV, "order_id\n\"A\" x\nB\n", "2 " MISPLACED "1\n3 {\"order_id\":\"B\"}\n"},
        {ROWS_CSV, "order_id\n\xff\nB\n", "2 !order_id: not UTF-8\n3 {\"order_id\":\"B\"}\n"},
        {ROWS_CSV, "A,ISK\nB,EUR\n",
         "1 !the first row names no field of Order, it is \"A,ISK\"; it is to be like "
         "\"id,order_id\"\nunreadable\n"},
        {ROWS_CSV, "order_id,order_id\nA,B\n", "1 !the header names order_id twice\nunreadable\n"},
        {ROWS_CSV, "\"order_id\nA\n", "1 " MISPLACED "1\nunreadable\n"},
    };
    return cr_make_param_array(struct example, examples, sizeof examples / sizeof examples[0]);
}

ParameterizedTest(struct example *example, row_reader, csv)
{
    check(example);
}

/* --- what the header names --- */

#define UNKNOWN  "1 !the header has unknown columns: "
#define LEFT_OUT "; --ignore-unknown leaves them out\nunreadable\n"

ParameterizedTestParameters(row_reader, csv_unknown_columns)
{
    static struct example examples[] = {
        {ROWS_CSV, "order_id,total_amout,note\nA,1,x\n",
         UNKNOWN "\"total_amout\" (did you mean total_amount?), \"note\"" LEFT_OUT},
        {ROWS_CSV, "Order ID,currency\nA,ISK\n", UNKNOWN "\"Order ID\" (did you mean order_id?)" LEFT_OUT},
        {ROWS_CSV, "id,a,b,c,d,e,f,g\n1,,,,,,,\n",
         UNKNOWN "\"a\", \"b\", \"c\", \"d\", \"e\" and 2 more" LEFT_OUT},
        {ROWS_CSV, "x,id,id\n1,2,3\n", "1 !the header names id twice\nunreadable\n"},
        /* Columns without a name, as a spreadsheet leaves them. */
        {ROWS_CSV, "order_id,,\nA,,\nB,,x\n,,\n,y,\n",
         "2 {\"order_id\":\"A\"}\n3 !cell 3 is not empty, and its column has no name\n"
         "5 !cell 2 is not empty, and its column has no name\n1 empty\n"},
    };
    return cr_make_param_array(struct example, examples, sizeof examples / sizeof examples[0]);
}

ParameterizedTest(struct example *example, row_reader, csv_unknown_columns)
{
    check(example);
}

/* But none that may be meant for a field that has no column, and no value of a column without a name. */
Test(row_reader, csv_unknown_columns_are_ignored_where_asked_for)
{
    static const char *const files[][2] = {
        {"order_id,total_amount,Total Amount,note,\nA,1,2,x,\n",
         "2 {\"order_id\":\"A\",\"total_amount\":\"1\"}\n"},
        {"order_id,note,\nA,x,y\n", "2 !cell 3 is not empty, and its column has no name\n"},
        /* Another header may have them too, or others. */
        {"order_id,note,\nA,x,\norder_id,note,\nB,y,\n",
         "2 {\"order_id\":\"A\"}\n3 !the header again, as of a file that was put behind this one\n"
         "4 {\"order_id\":\"B\"}\n"},
        {"note,order_id\nx,A\nnote,order_id\ny,B\n",
         "2 {\"order_id\":\"A\"}\n3 !the header again, as of a file that was put behind this one\n"
         "4 {\"order_id\":\"B\"}\n"},
        {"note,order_id\nx,A\norder_id,customer_id\nB,C\n",
         "2 {\"order_id\":\"A\"}\n3 " ANOTHER "unreadable\n"},
        {"order_id,status,note\nA,x,y\norder_id,status,place\n",
         "2 {\"order_id\":\"A\",\"status\":\"x\"}\n3 " ANOTHER "unreadable\n"},
        /* Where any text may be, the names of fields may be values. */
        {"order_id,first change,second change\nA,status,currency\n", "2 {\"order_id\":\"A\"}\n"},
        {"order_id,total_amout,note\nA,1,x\n", "1 !the header has unknown columns: \"total_amout\" (did you "
                                               "mean total_amount?); a name that is like a "
                                               "field's is not ignored\nunreadable\n"},
    };
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        const struct told told =
            read_as(&ignoring, ROWS_CSV, files[i][0], strlen(files[i][0]), strlen(files[i][0]));
        cr_expect_str_eq(told.text, files[i][1], "%s", told.text);
        free(told.text);
    }
}

/* Whoever looks at a cell as a string sees nothing behind a NUL. */
Test(row_reader, csv_cells_with_a_nul_are_refused)
{
    static const char file[] = "order_id\nP-1\0x\nP-2\n";
    const struct told told = read_as(&refusing, ROWS_CSV, file, sizeof file - 1, sizeof file);
    cr_expect_str_eq(told.text, "2 !order_id: there is a NUL in it\n3 {\"order_id\":\"P-2\"}\n", "%s",
                     told.text);
    free(told.text);
}

Test(row_reader, csv_columns_are_bounded)
{
    char *file;
    size_t length;
    FILE *stream = open_memstream(&file, &length);
    fputs("order_id", stream);
    for (size_t i = 0; i < CSV_COLUMNS_MAX; i++)
        fputs(",x", stream);
    fclose(stream);
    const struct told told = read_as(&ignoring, ROWS_CSV, file, length, length);
    cr_assert_str_eq(told.text, "1 !the header has more than 1024 columns\nunreadable\n");
    free(told.text);
    free(file);
}

/* --- what separates cells --- */

#define A_ISK "{\"order_id\":\"A\",\"currency\":\"ISK\"}\n"

ParameterizedTestParameters(row_reader, csv_delimiters)
{
    static struct example examples[] = {
        {ROWS_CSV, "order_id;currency\nA;ISK\n", "2 " A_ISK},
        {ROWS_CSV, "order_id;currency;customer_id\nA;ISK;\"a;b,c\"\n",
         "2 {\"order_id\":\"A\",\"currency\":\"ISK\",\"customer_id\":\"a;b,c\"}\n"},
        {ROWS_CSV, "order_id\tcurrency\r\nA\tISK\r\n\t\r\n\tEUR\r\n",
         "2 " A_ISK "4 {\"currency\":\"EUR\"}\n1 empty\n"},
        {ROWS_CSV, "order_id|currency\nA|ISK\n", "2 " A_ISK},
        {ROWS_CSV, "sep=;\norder_id;currency\nA;ISK\n", "3 " A_ISK},
        {ROWS_CSV, "sep=:\r\norder_id:currency\r\nA:ISK\r\n", "3 " A_ISK},
        {ROWS_CSV, "\"sep=\t\"\norder_id\tcurrency\nA\tISK\n", "3 " A_ISK},
        {ROWS_CSV, "SEP=,\norder_id,currency\nA,ISK\n", "3 " A_ISK},
        {ROWS_BY_CONTENT, "\xef\xbb\xbfsep=;\norder_id;currency\nA;ISK\n", "3 " A_ISK},
        /* It is what the file says, though another would fit better. */
        {ROWS_CSV, "sep=;\norder_id,currency\nA,ISK\n",
         "2 !the first row names no field of Order, it is \"order_id,currency\"; it is to be like "
         "\"id,order_id\"\nunreadable\n"},
        {ROWS_CSV, "sep=x\n",
         "1 !the first row names no field of Order, it is \"sep=x\"; it is to be like "
         "\"id,order_id\"\nunreadable\n"},
    };
    return cr_make_param_array(struct example, examples, sizeof examples / sizeof examples[0]);
}

ParameterizedTest(struct example *example, row_reader, csv_delimiters)
{
    check(example);
}

Test(row_reader, csv_rows_of_empty_cells_are_counted)
{
    static struct example example = {ROWS_CSV, "order_id,status\nA,x\n,\n,,,,\n\"\",\n\nB,y\n,",
                                     "2 {\"order_id\":\"A\",\"status\":\"x\"}\n"
                                     "7 {\"order_id\":\"B\",\"status\":\"y\"}\n4 empty\n"};
    check(&example);
}

ParameterizedTestParameters(row_reader, ndjson)
{
    static struct example examples[] = {
        {ROWS_NDJSON, "{\"a\":1}\n{\"a\":2}\n", "1 {\"a\":1}\n2 {\"a\":2}\n"},
        {ROWS_NDJSON, "{\"a\":1}\r\n\r\n{\"a\":2}", "1 {\"a\":1}\n3 {\"a\":2}\n"},
        {ROWS_NDJSON, "{\"a\":1\n{\"a\":2}\n", "1 !not JSON: '}' expected near end of file\n2 {\"a\":2}\n"},
        {ROWS_NDJSON, "\xef\xbb\xbf{\"a\":\"\xc3\xa6\"}", "1 {\"a\":\"\xc3\xa6\"}\n"},
        {ROWS_NDJSON, "{\"a\":1}\n\xef\xbb\xbf{\"a\":2}", "1 {\"a\":1}\n2 {\"a\":2}\n"},
        {ROWS_NDJSON, "{\"a\":1,\"a\":2}\n{\"a\":3}\n",
         "1 !not JSON: duplicate object key near '\"a\"'\n2 {\"a\":3}\n"},
        {ROWS_NDJSON, "\"word\"\n[]\n7\nnull\n", "1 \"word\"\n2 []\n3 7\n4 null\n"},
    };
    return cr_make_param_array(struct example, examples, sizeof examples / sizeof examples[0]);
}

ParameterizedTest(struct example *example, row_reader, ndjson)
{
    check(example);
}

ParameterizedTestParameters(row_reader, json)
{
    static struct example examples[] = {
        {ROWS_JSON, "[]", ""},
        {ROWS_JSON, " [ {\"a\":1} ,\n {\"a\":2} ]\n", "1 {\"a\":1}\n2 {\"a\":2}\n"},
        {ROWS_JSON, "[{\"a\":\"]},{[\\\"\\\\\"},{\"b\":[{\"c\":1}]}]",
         "1 {\"a\":\"]},{[\\\"\\\\\"}\n1 {\"b\":[{\"c\":1}]}\n"},
        {ROWS_JSON, "[\r\n  {\r\n    \"a\": 1\r\n  },\r\n  {\r\n    \"a\": 2\r\n  }\r\n]\r\n",
         "2 {\"a\":1}\n5 {\"a\":2}\n"},
        {ROWS_JSON, "[1, \"x\", null, [2], {}]", "1 1\n1 \"x\"\n1 null\n1 [2]\n1 {}\n"},
        {ROWS_JSON, "{\"a\":1}\n{\"a\":2}", "1 {\"a\":1}\n2 {\"a\":2}\n"},
        {ROWS_JSON, "[{\"a\":1}][{\"a\":2}]", "1 {\"a\":1}\n1 {\"a\":2}\n"},
        {ROWS_JSON, "[\n{\"a\":},\n{\"a\":2}\n]", "2 !not JSON: unexpected token near '}'\n3 {\"a\":2}\n"},
        {ROWS_JSON, "[\nnonsense,\n{\"a\":2}\n]",
         "2 !not JSON: invalid token near 'nonsense'\n3 {\"a\":2}\n"},
        {ROWS_JSON, "[\n{\"a\":\"x},\n{\"a\":2}\n]",
         "2 !not JSON: unexpected newline near '\"x},'\n3 {\"a\":2}\n"},
        {ROWS_JSON, "[\n{\"a\":1,\n{\"a\":2}\n]",
         "2 !not JSON: string or '}' expected near end of file\n3 {\"a\":2}\n"},
        {ROWS_JSON, "[\n{\"a\":1\n]\n", "2 !not JSON: '}' expected near end of file\n"},
        {ROWS_JSON, "[\n{\"a\":\n{\"b\":1}}\n]", "2 {\"a\":{\"b\":1}}\n"},
        {ROWS_JSON, "[\n{\"a\":1},\n{\"a\"", "2 {\"a\":1}\n3 !not JSON: ':' expected near end of file\n"},
        {ROWS_JSON, "[\n{\"a\":1},\n", "2 {\"a\":1}\n3 !the file ends inside the array\n"},
        {ROWS_JSON, "[{\"a\":\"\\u0000\"},{\"a\":99999999999999999999},{\"a\":2}]",
         "1 !not JSON: \\u0000 is not allowed without JSON_ALLOW_NUL near '\"\\u0000\"'\n"
         "1 !not JSON: too big integer near '99999999999999999999'\n1 {\"a\":2}\n"},
        {ROWS_JSON, "]}", "1 !not JSON: unexpected token near ']'\n"},
    };
    return cr_make_param_array(struct example, examples, sizeof examples / sizeof examples[0]);
}

ParameterizedTest(struct example *example, row_reader, json)
{
    check(example);
}

ParameterizedTestParameters(row_reader, by_content)
{
    static struct example examples[] = {
        {ROWS_BY_CONTENT, "", ""},
        {ROWS_BY_CONTENT, " \n ", ""},
        {ROWS_BY_CONTENT, "\xef\xbb\xbf", ""},
        {ROWS_BY_CONTENT, "\xef\xbb\xbf\n [{\"a\":1}]", "2 {\"a\":1}\n"},
        {ROWS_BY_CONTENT, "{\"a\":1}\n{\"a\"\n", "1 {\"a\":1}\n2 !not JSON: ':' expected near end of file\n"},
        {ROWS_BY_CONTENT, "{\n  \"a\": 1\n}\n", "1 {\"a\":1}\n"},
        {ROWS_BY_CONTENT, "\xef\xbb\xbforder_id\nA\n", "2 {\"order_id\":\"A\"}\n"},
        {ROWS_BY_CONTENT, "{", "1 !not JSON: string or '}' expected near end of file\n"},
    };
    return cr_make_param_array(struct example, examples, sizeof examples / sizeof examples[0]);
}

ParameterizedTest(struct example *example, row_reader, by_content)
{
    check(example);
}

/* --- rows beyond the bound --- */

enum { GIANT_BYTES = ROW_MAX_BYTES + ROW_MAX_BYTES / 2 };

/* before, `filler` repeated until it is this long, after. */
static struct told read_filled(enum row_format format, const char *before, const char *filler, size_t fill,
                               const char *after)
{
    char *file;
    size_t length;
    FILE *stream = open_memstream(&file, &length);
    fputs(before, stream);
    for (size_t n = 0; n <= fill; n += strlen(filler))
        fputs(filler, stream);
    fputs(after, stream);
    fclose(stream);
    struct told told = read_parts(format, file, length, 64 * 1024 - 1);
    free(file);
    return told;
}

static struct told read_giant(enum row_format format, const char *before, const char *filler,
                              const char *after)
{
    return read_filled(format, before, filler, GIANT_BYTES, after);
}

Test(row_reader, giant_json_element_is_refused_and_the_next_one_read)
{
    struct told told = read_giant(ROWS_JSON, "[\n{\"a\":\"", "x", "\"},\n{\"a\":2}]");
    cr_assert_str_eq(told.text, "2 !longer than 1 MiB\n3 {\"a\":2}\n");
    free(told.text);
}

Test(row_reader, giant_ndjson_line_is_refused_and_the_next_one_read)
{
    struct told told = read_giant(ROWS_NDJSON, "", "[[{\"", "\n{\"a\":2}\n");
    cr_assert_str_eq(told.text, "1 !longer than 1 MiB\n2 {\"a\":2}\n");
    free(told.text);
}

Test(row_reader, giant_csv_line_is_refused_and_the_next_one_read)
{
    struct told told = read_giant(ROWS_CSV, "order_id\nA\n\"", "x", "\nB\n");
    cr_assert_str_eq(told.text, "2 {\"order_id\":\"A\"}\n3 !longer than 1 MiB\n4 {\"order_id\":\"B\"}\n");
    free(told.text);
}

Test(row_reader, giant_csv_header_makes_the_file_unreadable)
{
    struct told told = read_giant(ROWS_CSV, "order_id", ",x", "\nB\n");
    cr_assert_str_eq(told.text, "1 !longer than 1 MiB\nunreadable\n");
    free(told.text);
}

Test(row_reader, header_of_one_name_takes_linear_time)
{
    struct told told = read_filled(ROWS_CSV, "id", ",id", ROW_MAX_BYTES - 100, "\n1\n");
    cr_assert_str_eq(told.text, "1 !the header names id twice\nunreadable\n");
    free(told.text);
}

/* A quote that is never closed costs its own line, not the rest of the file. */
Test(row_reader, missing_quote_costs_one_row)
{
    static const char good[] =
        "good                                                                           \n";
    struct told told = read_giant(ROWS_CSV, "order_id\n\"bad\n", good, "");
    cr_assert_eq(told.refused, 1);
    cr_assert_eq(told.rows, 2 + GIANT_BYTES / strlen(good));
    cr_assert(strncmp(told.text, "2 !longer than 1 MiB\n3 {\"order_id\":\"good\"}\n", 40) == 0);
    free(told.text);
}

/* Nothing makes it look at a part of the file again and again, which would take minutes. */
Test(row_reader, quotes_everywhere_take_linear_time)
{
    static const char *const fillers[] = {"\"\n",  "\"\"\n",  "\"\"\"\n",       "\",\n",
                                          "a\"\n", "\",\"\n", "\"\"\"a\n\"\"\n"};
    for (size_t i = 0; i < sizeof fillers / sizeof fillers[0]; i++) {
        struct told told = read_filled(ROWS_CSV, "order_id\n", fillers[i], 100 * 1024, "\n");
        cr_assert_gt(told.length, 0);
        free(told.text);
    }
}

/* --- bytes that are anything --- */

Test(row_reader, any_bytes_are_survived)
{
    static const char alphabet[] = "{}[]\",:\\\n\r a1\xc3\xa6\xff\0t";
    char file[600];
    unsigned state = 1;
    for (int round = 0; round < 2000; round++) {
        for (size_t i = 0; i < sizeof file; i++) {
            state = state * 1103515245U + 12345U;
            file[i] = alphabet[(state >> 16) % (sizeof alphabet - 1)];
        }
        const enum row_format format = (enum row_format)(round % 4);
        struct told whole = read_parts(format, file, sizeof file, sizeof file);
        struct told parts = read_parts(format, file, sizeof file, 7);
        cr_assert_str_eq(whole.text, parts.text);
        free(whole.text);
        free(parts.text);
    }
}
