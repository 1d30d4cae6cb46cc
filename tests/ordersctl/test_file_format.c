/* test_file_format.c: what a file's name says of it. */
#include "file_format.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>

struct name {
    char path[40];
    enum output_format format;
    bool gzip;
};

ParameterizedTestParameters(file_format, names)
{
    static struct name names[] = {
        {"orders.csv", OUTPUT_CSV, false},
        {"orders.CSV.GZ", OUTPUT_CSV, true},
        {"a.d/orders.ndjson.gz", OUTPUT_NDJSON, true},
        {"orders.jsonl", OUTPUT_NDJSON, false},
        {"orders.json", OUTPUT_JSON, false},
        {"orders.gz", OUTPUT_TABLE, true},
        {"orders.txt", OUTPUT_TABLE, false},
        {"orders.cs", OUTPUT_TABLE, false},
        {"csv", OUTPUT_TABLE, false},
        {".gz", OUTPUT_TABLE, true},
        {"gz", OUTPUT_TABLE, false},
        {"", OUTPUT_TABLE, false},
        {"orders.table", OUTPUT_TABLE, false},
    };
    return cr_make_param_array(struct name, names, sizeof names / sizeof names[0]);
}

ParameterizedTest(struct name *name, file_format, names)
{
    cr_assert_eq(file_format_of(name->path), name->format, "%s", name->path);
    cr_assert_eq(file_format_is_gzip(name->path), name->gzip, "%s", name->path);
}
