/* entity_tag.c: ETag on answers, and what a read's preconditions make of it. */
#include "http/entity_tag.h"

#include "base/fingerprint.h"

#include <inttypes.h>
#include <microhttpd.h>
#include <string.h>

const ProtobufCFieldDescriptor *entity_tag_field(const ProtobufCMessageDescriptor *type)
{
    return protobuf_c_message_descriptor_get_field_by_name(type, "etag");
}

static const char *quote(const char *etag, const char *coding, struct arena *arena)
{
    const size_t etag_length = strlen(etag), coding_length = strlen(coding);
    char *quoted = arena_alloc(arena, etag_length + coding_length + sizeof "\"\"");
    char *end = mempcpy(quoted + 1, etag, etag_length);
    end = mempcpy(end, coding, coding_length);
    quoted[0] = *end = '"';
    end[1] = '\0';
    return quoted;
}

const char *entity_tag_make(const struct answer *answer, const char *also, struct arena *arena)
{
    return arena_printf(arena, "%016" PRIx64, fingerprint_of(also, answer->body, answer->length));
}

void entity_tag_add(const char *etag, const char *coding, bool is_read,
                    const struct precondition *precondition, struct arena *arena, struct answer *answer)
{
    if (etag == NULL && is_read)
        etag = entity_tag_make(answer, "", arena);
    if (etag == NULL)
        return;
    if (is_read && precondition->if_match != NULL &&
        !precondition_names(precondition->if_match, etag, false)) {
        answer_detail(answer, arena, MHD_HTTP_PRECONDITION_FAILED, "It has another entity tag");
        return;
    }
    answer_header(answer, "ETag", quote(etag, coding, arena));
    if (is_read && precondition->if_none_match != NULL &&
        precondition_names(precondition->if_none_match, etag, true)) {
        answer->status = MHD_HTTP_NOT_MODIFIED;
        answer->body = NULL;
        answer->length = 0;
    }
}
