/* precondition.c: lists of entity tags: "*", or 1#( [ W/ ] DQUOTE *etagc DQUOTE ). */
#include "http/precondition.h"

#include "http/coding.h"

#include <string.h>

struct tag {
    bool weak;
    const char *start; /* behind the opening quote */
    size_t length;
};

enum found { FOUND_TAG, FOUND_END, FOUND_NONSENSE };

/* A tag's length without what a coding adds to it: which bytes were sent is not what is asked. */
static size_t length_of_state(const char *start, size_t length)
{
    static const char coding[] = CODING_GZIP_TAG;
    const size_t n = strlen(coding);
    return length > n && memcmp(start + length - n, coding, n) == 0 ? length - n : length;
}

/* Takes the next tag off a list. Commas may stand empty (section 5.6.1.2). */
static enum found next_tag(const char **list, struct tag *tag)
{
    const char *at = *list + strspn(*list, ", \t");
    if (*at == '\0')
        return FOUND_END;
    tag->weak = strncmp(at, "W/", 2) == 0;
    at += tag->weak ? 2 : 0;
    if (*at++ != '"')
        return FOUND_NONSENSE;
    tag->start = at;
    for (; *at != '"'; at++) {
        unsigned char c = (unsigned char)*at;
        if (c <= ' ' || c == 0x7f)
            return FOUND_NONSENSE;
    }
    tag->length = length_of_state(tag->start, (size_t)(at - tag->start));
    at++;
    at += strspn(at, " \t");
    *list = at;
    return *at == ',' || *at == '\0' ? FOUND_TAG : FOUND_NONSENSE;
}

static bool is_any(const char *list)
{
    list += strspn(list, " \t");
    return *list == '*' && list[1 + strspn(list + 1, " \t")] == '\0';
}

static const char separator[] = ", ";

void precondition_count(struct precondition_list *list, size_t length)
{
    list->size += length + sizeof separator; /* the first one's place is the NUL's */
}

void precondition_make_room(struct precondition_list *list, struct arena *arena)
{
    if (list->size > 0)
        list->bytes = arena_alloc(arena, list->size);
}

void precondition_add(struct precondition_list *list, const char *value, size_t length)
{
    if (list->length > 0) {
        memcpy(list->bytes + list->length, separator, strlen(separator));
        list->length += strlen(separator);
    }
    if (length > 0)
        memcpy(list->bytes + list->length, value, length);
    list->length += length;
    list->bytes[list->length] = '\0';
}

bool precondition_names(const char *list, const char *etag, bool weak)
{
    struct tag tag;
    if (is_any(list))
        return true;
    while (next_tag(&list, &tag) == FOUND_TAG) {
        if ((weak || !tag.weak) && tag.length == strlen(etag) && memcmp(tag.start, etag, tag.length) == 0)
            return true;
    }
    return false;
}

const char *precondition_etag(const char *if_match, struct arena *arena)
{
    struct tag tag, further;
    if (is_any(if_match))
        return "";
    if (next_tag(&if_match, &tag) != FOUND_TAG || next_tag(&if_match, &further) != FOUND_END)
        return NULL;
    for (size_t i = 0; i < tag.length; i++)
        tag.weak |= (unsigned char)tag.start[i] > '~'; /* which no RPC could carry as text */
    return tag.weak || tag.length == 0 ? PRECONDITION_NO_ETAG : arena_copy(arena, tag.start, tag.length);
}
