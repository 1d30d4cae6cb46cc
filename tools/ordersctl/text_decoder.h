/* text_decoder.h: the text of a file as UTF-8, however it is packed and encoded.
 *
 * Recognizes gzip (RFC 1952, several members too) and UTF-16 (RFC 2781) by the file's first bytes: a byte
 * order mark, or an ASCII character beside a NUL. All else passes as it is. A lone surrogate becomes bytes
 * that are no UTF-8, so that whoever reads the text refuses what it stands in. Keeps no more than a few bytes
 * and zlib's window, whatever comes in.
 */
#ifndef ORDERSCTL_TEXT_DECODER_H
#define ORDERSCTL_TEXT_DECODER_H

#include <stdbool.h>
#include <stddef.h>

struct text_decoder;

/* Takes a piece of the text. False: it wants no more. */
typedef bool text_decoder_take_fn(const char *text, size_t length, void *arg);

/* NULL when out of memory. */
struct text_decoder *text_decoder_new(text_decoder_take_fn *take, void *arg);
void text_decoder_free(struct text_decoder *decoder);

/* Reads on, with any part of the file. False: it can be read no further, or no more is wanted. */
bool text_decoder_feed(struct text_decoder *decoder, const char *bytes, size_t length);

/* The file ends here. False: as above, or its end is missing. */
bool text_decoder_finish(struct text_decoder *decoder);

/* Why it can be read no further; NULL: nothing is wrong with it. Lives as long as the decoder. */
const char *text_decoder_error(const struct text_decoder *decoder);

#endif
