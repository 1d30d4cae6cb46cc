/* text_decoder.c: two steps, of which each looks at the first bytes that reach it: unpacking, then decoding.
 */
#include "text_decoder.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum {
    HEAD_BYTES = 8, /* as many as the longest signature below has */
    PIECE_BYTES = 16 * 1024,
    GZIP_WINDOW = MAX_WBITS + 16, /* zlib's way of asking for gzip alone */
};

/* The first bytes that come to a step. */
struct head {
    char bytes[HEAD_BYTES];
    size_t length;
    bool complete;
};

enum encoding { UTF_8, UTF_16_LE, UTF_16_BE };

struct text_decoder {
    text_decoder_take_fn *take;
    void *arg;
    char error[160]; /* "": nothing is wrong */

    struct head packed;
    bool compressed;
    z_stream stream;
    bool between_members;

    struct head plain;
    enum encoding encoding;
    int first_byte;          /* of a code unit that was cut in two; -1: none was */
    uint16_t high_surrogate; /* that waits for its low one; 0: none does */
};

struct text_decoder *text_decoder_new(text_decoder_take_fn *take, void *arg)
{
    struct text_decoder *decoder = calloc(1, sizeof *decoder);
    if (decoder == NULL)
        return NULL;
    decoder->take = take;
    decoder->arg = arg;
    decoder->first_byte = -1;
    return decoder;
}

void text_decoder_free(struct text_decoder *decoder)
{
    if (decoder == NULL)
        return;
    if (decoder->compressed)
        inflateEnd(&decoder->stream);
    free(decoder);
}

const char *text_decoder_error(const struct text_decoder *decoder)
{
    return decoder->error[0] != '\0' ? decoder->error : NULL;
}

/* --- what the first bytes say --- */

static bool begins_with(const struct head *head, const char *bytes, size_t length)
{
    return head->length >= length && memcmp(head->bytes, bytes, length) == 0;
}

#define BEGINS_WITH(head, bytes) begins_with((head), (bytes), sizeof(bytes) - 1)

/* What is known and cannot be read; NULL: it may be text. */
static const char *unreadable(const struct head *head)
{
    static const struct {
        char bytes[HEAD_BYTES];
        size_t length;
        const char *what;
    } signatures[] = {
        {"PK\x03\x04", 4, "a ZIP archive, as .xlsx and .ods are; save the sheet as CSV"},
        {"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 8, "an old Excel file (.xls); save the sheet as CSV"},
        {"\xff\xfe\0\0", 4, "UTF-32; save it as UTF-8"},
        {"\0\0\xfe\xff", 4, "UTF-32; save it as UTF-8"},
        {"\xfd"
         "7zXZ\0",
         6, "compressed by xz; unpack it first"},
        {"\x28\xb5\x2f\xfd", 4, "compressed by zstd; unpack it first"},
        {"BZh91AY&", 8, "compressed by bzip2; unpack it first"},
        {"7z\xbc\xaf\x27\x1c", 6, "a 7z archive; unpack it first"},
        {"%PDF-", 5, "a PDF"},
        {"PAR1", 4, "a Parquet file"},
        {"SQLite f", 8, "an SQLite database"},
    };
    for (size_t i = 0; i < sizeof signatures / sizeof signatures[0]; i++) {
        if (begins_with(head, signatures[i].bytes, signatures[i].length))
            return signatures[i].what;
    }
    return NULL;
}

static bool is_ascii(char c)
{
    return c > 0;
}

static enum encoding encoding_of(const struct head *head)
{
    const char *bytes = head->bytes;
    if (BEGINS_WITH(head, "\xff\xfe") || (head->length >= 2 && is_ascii(bytes[0]) && bytes[1] == '\0'))
        return UTF_16_LE;
    if (BEGINS_WITH(head, "\xfe\xff") || (head->length >= 2 && bytes[0] == '\0' && is_ascii(bytes[1])))
        return UTF_16_BE;
    return UTF_8;
}

/* Takes what the head wants of a piece, and returns how much that is. */
static size_t head_take(struct head *head, const char *bytes, size_t length)
{
    const size_t room = HEAD_BYTES - head->length, taken = length < room ? length : room;
    if (taken > 0)
        memcpy(head->bytes + head->length, bytes, taken);
    head->length += taken;
    return taken;
}

/* --- from code units to UTF-8 --- */

static size_t encode(uint32_t c, char out[static 4])
{
    const size_t length = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    static const unsigned char first[] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (size_t i = length - 1; i > 0; i--, c >>= 6)
        out[i] = (char)(0x80 | (c & 0x3f));
    out[0] = (char)(first[length] | c);
    return length;
}

/* Up to two characters: a high surrogate that turns out to be alone, and what came in its place. */
static size_t take_unit(struct text_decoder *decoder, uint16_t unit, char out[static 8])
{
    const uint16_t high = decoder->high_surrogate;
    const bool is_high = unit >= 0xd800 && unit < 0xdc00, is_low = unit >= 0xdc00 && unit < 0xe000;
    size_t n = 0;
    decoder->high_surrogate = is_high ? unit : 0;
    if (high != 0 && is_low)
        return encode(0x10000 + ((uint32_t)(high - 0xd800) << 10) + (uint32_t)(unit - 0xdc00), out);
    if (high != 0)
        n = encode(high, out);
    return is_high ? n : n + encode(unit, out + n);
}

static bool decode_units(struct text_decoder *decoder, const char *bytes, size_t length)
{
    enum { LONGEST = 8 };
    char text[PIECE_BYTES];
    size_t n = 0;
    for (size_t i = 0; i < length; i++) {
        const int byte = (unsigned char)bytes[i], first = decoder->first_byte;
        decoder->first_byte = first < 0 ? byte : -1;
        if (first < 0)
            continue;
        const int unit = decoder->encoding == UTF_16_LE ? first | byte << 8 : first << 8 | byte;
        n += take_unit(decoder, (uint16_t)unit, text + n);
        if (n > sizeof text - LONGEST) {
            if (!decoder->take(text, n, decoder->arg))
                return false;
            n = 0;
        }
    }
    return n == 0 || decoder->take(text, n, decoder->arg);
}

/* Half a character at the end is there as a byte that is no UTF-8. */
static bool finish_units(struct text_decoder *decoder)
{
    const bool cut = decoder->first_byte >= 0 || decoder->high_surrogate != 0;
    return !cut || decoder->take("\xff", 1, decoder->arg);
}

static bool pass_plain(struct text_decoder *decoder, const char *bytes, size_t length)
{
    if (length == 0)
        return true;
    return decoder->encoding == UTF_8 ? decoder->take(bytes, length, decoder->arg)
                                      : decode_units(decoder, bytes, length);
}

static bool feed_plain(struct text_decoder *decoder, const char *bytes, size_t length, bool is_all)
{
    struct head *head = &decoder->plain;
    if (head->complete)
        return pass_plain(decoder, bytes, length);
    const size_t taken = head_take(head, bytes, length);
    if (head->length < HEAD_BYTES && !is_all)
        return true;
    head->complete = true;
    if (unreadable(head) != NULL) {
        snprintf(decoder->error, sizeof decoder->error, "this is not CSV or JSON but %s", unreadable(head));
        return false;
    }
    decoder->encoding = encoding_of(head);
    return pass_plain(decoder, head->bytes, head->length) &&
           pass_plain(decoder, bytes + taken, length - taken);
}

/* --- from gzip to bytes --- */

static bool refuse_packed(struct text_decoder *decoder, int code)
{
    if (code == Z_MEM_ERROR)
        snprintf(decoder->error, sizeof decoder->error, "out of memory");
    else
        snprintf(decoder->error, sizeof decoder->error, "its gzip data is damaged: %s",
                 decoder->stream.msg != NULL ? decoder->stream.msg : zError(code));
    return false;
}

/* What follows a member is another one, or zeros to the end of a block, as gzip(1) takes them. */
static void pass_padding(struct text_decoder *decoder)
{
    z_stream *stream = &decoder->stream;
    while (decoder->between_members && stream->avail_in > 0) {
        decoder->between_members = *stream->next_in == 0;
        if (decoder->between_members) {
            stream->next_in++;
            stream->avail_in--;
        }
    }
}

static bool inflate_piece(struct text_decoder *decoder, const char *bytes, size_t length)
{
    char text[PIECE_BYTES];
    z_stream *stream = &decoder->stream;
    stream->next_in = (Bytef *)(uintptr_t)bytes;
    stream->avail_in = (uInt)length;
    do {
        pass_padding(decoder);
        if (decoder->between_members)
            return true;
        stream->next_out = (Bytef *)text;
        stream->avail_out = sizeof text;
        const int code = inflate(stream, Z_NO_FLUSH);
        /* What stands before damage is passed on however the file is cut into pieces. */
        if (!feed_plain(decoder, text, sizeof text - stream->avail_out, false))
            return false;
        if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR)
            return refuse_packed(decoder, code);
        if (code == Z_STREAM_END) {
            inflateReset(stream);
            decoder->between_members = true;
        }
    } while (stream->avail_in > 0 || stream->avail_out == 0);
    return true;
}

static bool pass_packed(struct text_decoder *decoder, const char *bytes, size_t length)
{
    if (length == 0)
        return true;
    return decoder->compressed ? inflate_piece(decoder, bytes, length)
                               : feed_plain(decoder, bytes, length, false);
}

static bool feed_packed(struct text_decoder *decoder, const char *bytes, size_t length, bool is_all)
{
    struct head *head = &decoder->packed;
    if (head->complete)
        return pass_packed(decoder, bytes, length);
    const size_t taken = head_take(head, bytes, length);
    if (head->length < HEAD_BYTES && !is_all)
        return true;
    head->complete = true;
    if (BEGINS_WITH(head, "\x1f\x8b")) {
        const int code = inflateInit2(&decoder->stream, GZIP_WINDOW);
        if (code != Z_OK)
            return refuse_packed(decoder, code);
        decoder->compressed = true;
    }
    return pass_packed(decoder, head->bytes, head->length) &&
           pass_packed(decoder, bytes + taken, length - taken);
}

/* --- reading --- */

/* zlib counts in 32 bits. */
bool text_decoder_feed(struct text_decoder *decoder, const char *bytes, size_t length)
{
    enum { MOST = 1 << 30 };
    for (size_t at = 0, n; at < length; at += n) {
        n = length - at < MOST ? length - at : MOST;
        if (!feed_packed(decoder, bytes + at, n, false))
            return false;
    }
    return true;
}

bool text_decoder_finish(struct text_decoder *decoder)
{
    if (!feed_packed(decoder, "", 0, true))
        return false;
    if (decoder->compressed && !decoder->between_members) {
        snprintf(decoder->error, sizeof decoder->error, "its gzip data is cut off: the end is missing");
        return false;
    }
    return feed_plain(decoder, "", 0, true) && finish_units(decoder);
}
