/* test_text_decoder.c: a file's text, however it is packed and encoded, in pieces of every size. */
#include "text_decoder.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

TestSuite(text_decoder, .timeout = 60);

struct bytes {
    char *at;
    size_t length;
};

static bool take(const char *text, size_t length, void *arg)
{
    return fwrite(text, 1, length, arg) == length;
}

/* The text, and behind it "!" and why there is no more of it. */
static struct bytes decode(const char *bytes, size_t length, size_t part)
{
    struct bytes text = {0};
    FILE *stream = open_memstream(&text.at, &text.length);
    struct text_decoder *decoder = text_decoder_new(take, stream);
    bool readable = true;
    for (size_t at = 0; at < length && readable; at += part)
        readable = text_decoder_feed(decoder, bytes + at, length - at < part ? length - at : part);
    readable = readable && text_decoder_finish(decoder);
    cr_assert_eq(readable, text_decoder_error(decoder) == NULL);
    if (!readable)
        fprintf(stream, "!%s", text_decoder_error(decoder));
    text_decoder_free(decoder);
    fclose(stream);
    return text;
}

static void check(const char *bytes, size_t length, const char *expected, size_t expected_length)
{
    for (size_t part = 1; part <= length + 1; part++) {
        struct bytes text = decode(bytes, length, part);
        cr_assert(text.length == expected_length && memcmp(text.at, expected, text.length) == 0,
                  "in parts of %zu: %s", part, text.at);
        free(text.at);
    }
}

struct example {
    size_t length;
    char bytes[40];
    char expected[100];
};

#define BYTES(text) sizeof(text) - 1, text

ParameterizedTestParameters(text_decoder, encodings)
{
    static struct example examples[] = {
        {BYTES(""), ""},
        {BYTES("a"), "a"},
        {BYTES("order_id\xc3\xa6"), "order_id\xc3\xa6"},
        {BYTES("\xef\xbb\xbfmarked"), "\xef\xbb\xbfmarked"},
        {BYTES("\xff\xfe\xe6\0,\0\x3d\xd8\0\xde\n\0"), "\xef\xbb\xbf\xc3\xa6,\xf0\x9f\x98\x80\n"},
        {BYTES("\xfe\xff\0\xe6\0,\xd8\x3d\xde\0\0\n"), "\xef\xbb\xbf\xc3\xa6,\xf0\x9f\x98\x80\n"},
        {BYTES("o\0r\0d\0e\0r\0"), "order"},
        {BYTES("\0o\0r\0d\0e\0r"), "order"},
        {BYTES("\xff\xfe"), "\xef\xbb\xbf"},
        /* Surrogates that are alone are no UTF-8, and what stands around them is there. */
        {BYTES("\xff\xfe\x3d\xd8"
               "a\0\x3d\xd8\x3d\xd8\0\xde"),
         "\xef\xbb\xbf\xed\xa0\xbd"
         "a\xed\xa0\xbd\xf0\x9f\x98\x80"},
        {BYTES("\xff\xfe"
               "a\0\0\xde"
               "b\0"),
         "\xef\xbb\xbf"
         "a\xed\xb8\x80"
         "b"},
        {BYTES("\xff\xfe"
               "a\0\x3d\xd8"),
         "\xef\xbb\xbf"
         "a\xff"},
        {BYTES("\xff\xfe"
               "a\0b"),
         "\xef\xbb\xbf"
         "a\xff"},
        /* What cannot be read is told by name. */
        {BYTES("PK\x03\x04 and more"),
         "!this is not CSV or JSON but a ZIP archive, as .xlsx and .ods are; save the sheet as CSV"},
        {BYTES("\xff\xfe\0\0a\0\0\0"), "!this is not CSV or JSON but UTF-32; save it as UTF-8"},
        {BYTES("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0"),
         "!this is not CSV or JSON but an old Excel file (.xls); save the sheet as CSV"},
        {BYTES("\x28\xb5\x2f\xfd"), "!this is not CSV or JSON but compressed by zstd; unpack it first"},
    };
    return cr_make_param_array(struct example, examples, sizeof examples / sizeof examples[0]);
}

ParameterizedTest(struct example *example, text_decoder, encodings)
{
    check(example->bytes, example->length, example->expected, strlen(example->expected));
}

/* --- gzip --- */

static struct bytes packed(const char *text, size_t length)
{
    enum { WINDOW = MAX_WBITS + 16, MEMORY = 8 };
    z_stream stream = {.next_in = (Bytef *)(uintptr_t)text, .avail_in = (uInt)length};
    cr_assert_eq(deflateInit2(&stream, 1, Z_DEFLATED, WINDOW, MEMORY, Z_DEFAULT_STRATEGY), Z_OK);
    struct bytes out = {.length = deflateBound(&stream, length)};
    out.at = malloc(out.length);
    stream.next_out = (Bytef *)out.at;
    stream.avail_out = (uInt)out.length;
    cr_assert_eq(deflate(&stream, Z_FINISH), Z_STREAM_END);
    out.length -= stream.avail_out;
    deflateEnd(&stream);
    return out;
}

static const char text[] = "order_id,currency\nA,ISK\n";
enum { LENGTH = sizeof text - 1 };

Test(text_decoder, gzip_is_unpacked)
{
    const struct bytes file = packed(text, LENGTH);
    check(file.at, file.length, text, LENGTH);
    free(file.at);
}

Test(text_decoder, gzip_of_utf_16_is_unpacked_and_decoded)
{
    const struct bytes file = packed("\xff\xfe"
                                     "a\0",
                                     4);
    check(file.at, file.length,
          "\xef\xbb\xbf"
          "a",
          4);
    free(file.at);
}

Test(text_decoder, gzip_of_what_cannot_be_read_is_told)
{
    static const char expected[] = "!this is not CSV or JSON but a PDF";
    const struct bytes file = packed("%PDF-1.7", 8);
    check(file.at, file.length, expected, strlen(expected));
    free(file.at);
}

/* As `cat a.gz b.gz` makes them, with zeros behind. */
Test(text_decoder, gzip_of_several_members_is_unpacked)
{
    const struct bytes one = packed(text, 10), other = packed(text + 10, LENGTH - 10);
    char file[256] = {0};
    memcpy(file, one.at, one.length);
    memcpy(file + one.length, other.at, other.length);
    check(file, one.length + other.length, text, LENGTH);
    check(file, one.length + other.length + 9, text, LENGTH);
    free(one.at);
    free(other.at);
}

static bool ends_in(const struct bytes *told, const char *end)
{
    return told->length >= strlen(end) && strcmp(told->at + told->length - strlen(end), end) == 0;
}

/* Wherever it is cut, and whatever follows it: that is never taken for its end. */
Test(text_decoder, gzip_that_is_cut_or_damaged_is_told)
{
    const struct bytes file = packed(text, LENGTH);
    for (size_t length = 2; length < file.length; length++) {
        struct bytes told = decode(file.at, length, 3);
        cr_assert(ends_in(&told, "!its gzip data is cut off: the end is missing"), "%zu: %s", length,
                  told.at);
        free(told.at);
    }
    file.at[file.length - 6] ^= 1; /* of the checksum */
    struct bytes told = decode(file.at, file.length, file.length);
    cr_assert(ends_in(&told, "!its gzip data is damaged: incorrect data check"), "%s", told.at);
    free(told.at);
    file.at[file.length - 6] ^= 1;
    char longer[256];
    memcpy(longer, file.at, file.length);
    memcpy(longer + file.length, "no gzip", 7);
    told = decode(longer, file.length + 7, 5);
    cr_assert(ends_in(&told, "!its gzip data is damaged: incorrect header check"), "%s", told.at);
    free(told.at);
    free(file.at);
}

/* --- large ones --- */

Test(text_decoder, what_grows_much_is_passed_on_piece_by_piece)
{
    enum { LARGE = 3 << 20 };
    char *zeros = calloc(1, LARGE);
    memset(zeros, 'x', LARGE);
    const struct bytes file = packed(zeros, LARGE);
    struct bytes told = decode(file.at, file.length, file.length);
    cr_assert(told.length == LARGE && memcmp(told.at, zeros, LARGE) == 0);
    free(told.at);
    free(file.at);
    free(zeros);
}
