/* text_list.h: lists as people write them into settings: "a, b,c". */
#ifndef BASE_TEXT_LIST_H
#define BASE_TEXT_LIST_H

#include "base/arena.h"

#include <stddef.h>

/* Splits at commas, without the blanks around an item; an empty one is none. The list, in the arena, ends
 * with NULL. NULL: there are more than `most`. */
const char *const *text_list_split(struct arena *arena, const char *text, size_t most, size_t *count);

#endif
