/* id_set.c: open addressing with linear probing. */
#include "id_set.h"

#include "base/fingerprint.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_CAPACITY = 1024 };

/* The entry of an id, or the free one where it would be. */
static struct id_set_entry *id_set_find(struct id_set_entry *entries, size_t capacity, uint64_t fingerprint,
                                        const char *id)
{
    size_t at = (size_t)fingerprint & (capacity - 1);
    while (entries[at].place != 0 &&
           (entries[at].fingerprint != fingerprint || strcmp(entries[at].id, id) != 0))
        at = (at + 1) & (capacity - 1);
    return &entries[at];
}

static void grow(struct id_set *set)
{
    const size_t capacity = set->capacity == 0 ? FIRST_CAPACITY : 2 * set->capacity;
    struct id_set_entry *entries = calloc(capacity, sizeof *entries);
    if (entries == NULL)
        abort();
    if (set->capacity == 0)
        arena_init(&set->ids);
    for (size_t i = 0; i < set->capacity; i++) {
        const struct id_set_entry *entry = &set->entries[i];
        if (entry->place != 0)
            *id_set_find(entries, capacity, entry->fingerprint, entry->id) = *entry;
    }
    free(set->entries);
    set->entries = entries;
    set->capacity = capacity;
}

size_t id_set_add(struct id_set *set, const char *id, size_t place)
{
    const uint64_t fingerprint = fingerprint_of("", id, strlen(id));
    if (2 * set->n >= set->capacity)
        grow(set);
    struct id_set_entry *entry = id_set_find(set->entries, set->capacity, fingerprint, id);
    if (entry->place != 0)
        return entry->place;
    *entry = (struct id_set_entry){fingerprint, arena_strdup(&set->ids, id), place};
    set->n++;
    return 0;
}

void id_set_free(struct id_set *set)
{
    if (set->capacity > 0)
        arena_free(&set->ids);
    free(set->entries);
    *set = (struct id_set){0};
}
