/* delivery.c: what is made for one client is compressed, copied out of what it was made in, and counted; what
 * all share is sent as it is. */
#include "http/delivery.h"

#include "http/coding.h"
#include "http/entity_tag.h"
#include "http/peers.h"
#include "json/text.h"

#include <stdlib.h>
#include <string.h>

/* To here an answer finds room whatever others take: more than that to any write has, which must not be
 * refused when it was made. */
enum { SMALL_ANSWER_BYTES = 4 << 10 };

const struct status delivery_no_room = {.code = STATUS_RESOURCE_EXHAUSTED,
                                        .message = "Too many requests at once"};

void delivery_init(struct delivery *delivery)
{
    *delivery = (struct delivery){.is_complete = false};
    arena_init(&delivery->draft);
}

void delivery_free(struct delivery *delivery)
{
    arena_free(&delivery->draft);
}

void delivery_begin(struct delivery *delivery, struct MHD_Connection *connection,
                    struct budget_shares *memory, struct arena *arena)
{
    *delivery = (struct delivery){
        .connection = connection, .memory = memory, .arena = arena, .draft = delivery->draft};
}

/* --- memory --- */

static unsigned share_of(const struct delivery *delivery)
{
    return delivery->principal % BUDGET_SHARES;
}

/* Or else in the place of those who take nothing of theirs. */
static bool take_memory(struct delivery *delivery, size_t bytes)
{
    if (budget_shares_take(delivery->memory, share_of(delivery), bytes))
        return true;
    if (!peer_make_room(delivery->connection, bytes))
        return false;
    budget_shares_add(delivery->memory, share_of(delivery), bytes);
    return true;
}

/* Counts it as so many bytes, instead of those it counted as. False: there is no room for them. */
static bool count(struct delivery *delivery, size_t bytes)
{
    const size_t counts = bytes > SMALL_ANSWER_BYTES ? bytes : 0;
    if (counts == delivery->counted)
        return true;
    if (counts > delivery->counted && !take_memory(delivery, counts - delivery->counted))
        return false;
    if (counts < delivery->counted)
        budget_shares_give_back(delivery->memory, share_of(delivery), delivery->counted - counts);
    peer_hold_memory(delivery->connection, counts);
    delivery->counted = counts;
    return true;
}

void delivery_end(struct delivery *delivery)
{
    arena_trim(&delivery->draft);
    free(delivery->large);
    (void)count(delivery, 0);
}

static bool copy_body(struct delivery *delivery)
{
    struct answer *answer = &delivery->answer;
    if (!count(delivery, answer->length))
        return false;
    if (answer->length <= SMALL_ANSWER_BYTES) {
        answer->body = arena_copy(delivery->arena, answer->body, answer->length);
        return true;
    }
    delivery->large = malloc(answer->length);
    if (delivery->large == NULL)
        return false;
    answer->body = memcpy(delivery->large, answer->body, answer->length);
    return true;
}

/* While the answer is sent, which a slow client decides, it alone takes memory. */
static void keep_answer(struct delivery *delivery)
{
    const bool drafted = !arena_is_empty(&delivery->draft); /* or all share the body */
    const bool is_kept = drafted && delivery->answer.body != NULL;
    const bool has_room = !is_kept || copy_body(delivery);
    if (!has_room) {
        (void)count(delivery, 0);
        delivery->answer = (struct answer){.status = 0};
        answer_failure(&delivery->answer, delivery->arena, &delivery_no_room);
    }
    arena_trim(&delivery->draft);
}

/* --- coding --- */

enum { GZIP_FROM_BYTES = 1024 }; /* less is one packet either way */

/* Decides, once, what coding a complete answer is to have. */
static void choose_coding(struct delivery *delivery)
{
    if (delivery->coding_chosen)
        return;
    delivery->coding_chosen = true;
    if (delivery->answer.is_coded || delivery->answer.length <= GZIP_FROM_BYTES)
        return;
    answer_header(&delivery->answer, "Vary", "Accept-Encoding");
    delivery->gzip = coding_takes_gzip(delivery->accept_encoding);
}

void delivery_add_entity_tag(struct delivery *delivery, const char *etag, bool is_read,
                             const struct precondition *precondition)
{
    choose_coding(delivery);
    entity_tag_add(etag, delivery->gzip ? CODING_GZIP_TAG : "", is_read, precondition, delivery->arena,
                   &delivery->answer);
}

/* A precondition may have put a short answer, or one without a body, in the place of the one that was to be
 * coded. False: no memory. */
static bool apply_coding(struct delivery *delivery)
{
    struct answer *answer = &delivery->answer;
    choose_coding(delivery);
    if (!delivery->gzip || answer->length <= GZIP_FROM_BYTES)
        return true;
    size_t length;
    const char *gzip = coding_gzip(answer->body, answer->length, CODING_EACH, &delivery->draft, &length);
    if (gzip == NULL)
        return false;
    answer_header(answer, "Content-Encoding", "gzip");
    answer->body = gzip;
    answer->length = length;
    return true;
}

/* --- sending --- */

bool delivery_complete(struct delivery *delivery)
{
    if (delivery->is_complete)
        return true;
    if (!apply_coding(delivery))
        return false;
    keep_answer(delivery);
    delivery->is_complete = true;
    return true;
}

static bool is_connection(const struct answer_header *header)
{
    return strcmp(header->name, "Connection") == 0;
}

/* Of all but Connection, which libmicrohttpd is to know of. A value that would be another header's line, too,
 * is sent nowhere. */
static struct text write_lines(const struct delivery *delivery)
{
    const struct answer *answer = &delivery->answer;
    struct text lines = TEXT_INIT(delivery->arena);
    for (size_t i = 0; i < answer->n_headers; i++) {
        const struct answer_header *header = &answer->headers[i];
        const size_t length = strcspn(header->value, "\r\n");
        if (is_connection(header) || length == 0 || header->value[length] != '\0')
            continue;
        text_append(&lines, header->name, strlen(header->name));
        text_append(&lines, ": ", 2);
        text_append(&lines, header->value, length);
        text_append(&lines, "\r\n", 2);
    }
    return lines;
}

static void add_headers(struct MHD_Response *response, const struct delivery *delivery)
{
    const struct answer *answer = &delivery->answer;
    const struct text lines = write_lines(delivery);
    for (size_t i = 0; i < answer->n_headers; i++) {
        if (is_connection(&answer->headers[i]))
            MHD_add_response_header(response, answer->headers[i].name, answer->headers[i].value);
    }
    MHD_set_response_header_lines(response, lines.bytes, lines.length);
}

struct MHD_Response *delivery_response(const struct delivery *delivery)
{
    const struct answer *answer = &delivery->answer;
    struct MHD_Response *response = MHD_create_response_from_buffer(
        answer->length, (void *)(uintptr_t)answer->body, MHD_RESPMEM_PERSISTENT);
    if (response != NULL &&
        answer->status == MHD_HTTP_NOT_MODIFIED) /* the length is the 200's (RFC 9110, 8.6) */
        MHD_set_response_options(response, MHD_RF_HEAD_ONLY_RESPONSE, MHD_RO_END);
    if (response != NULL)
        add_headers(response, delivery);
    return response;
}
