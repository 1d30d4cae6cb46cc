/* fuzz.h: what the fuzz targets share.
 *
 * A target is one function that takes any bytes and returns 0, or aborts where a property of the code under
 * test does not hold. libFuzzer makes up the bytes (tools/fuzz); replay.c reads them from the files of the
 * corpus.
 */
#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* Ends the process, which is how libFuzzer is told, unless the property holds. */
#define must(property)                                                                    \
    do {                                                                                  \
        if (!(property)) {                                                                \
            fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #property); \
            abort();                                                                      \
        }                                                                                 \
    } while (0)

/* Bytes not taken yet. The first few of an input make choices, the rest is what the code under test gets. */
struct fuzz_input {
    const uint8_t *at;
    size_t left;
};

/* The next byte; 0 when there is none. */
static inline uint8_t fuzz_byte(struct fuzz_input *input)
{
    if (input->left == 0)
        return 0;
    input->left--;
    return *input->at++;
}

/* Chooses one of n by the next byte: 'A' is the first, so that seeds can be read and written. */
static inline size_t fuzz_choice(struct fuzz_input *input, size_t n)
{
    return (uint8_t)(fuzz_byte(input) - 'A') % n;
}

#endif
