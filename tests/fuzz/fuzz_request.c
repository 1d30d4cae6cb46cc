/* fuzz_request.c: any bytes as the payload of any method.
 *
 * The first byte chooses the method by its place in the services' descriptors, so that a method that is added
 * is fuzzed without a line; the second how it is called. The rest is the payload.
 */
#include "backend.h"
#include "fuzz.h"

#include "base/message.h"
#include "orders/v1/orders.pb-c.h"
#include "service/page_token.h"

/* The second byte; "@" is none of them. */
enum {
    VALIDATE_ONLY = 1 << 0,
    NO_KEY = 1 << 1,
    OUTCOME_SHIFT = 2,
};

static const enum status_code outcomes[] = {STATUS_OK, STATUS_NOT_FOUND, STATUS_ALREADY_EXISTS,
                                            STATUS_UNAVAILABLE};

enum { OUTCOMES = sizeof outcomes / sizeof outcomes[0] };

/* The token of the next page is one, with the filters of this list. */
static void check_next_page(const struct backend_request *request, const ProtobufCMessage *answer,
                            struct arena *arena)
{
    if (request->method->output != &orders__v1__list_orders_response__descriptor || request->validate_only)
        return;
    const Orders__V1__ListOrdersResponse *page = (const Orders__V1__ListOrdersResponse *)answer;
    const char *why;
    struct store_next next;
    Orders__V1__ListOrdersRequest *list = message_unpack(request->method->input, MESSAGE_MAX_FIELDS, arena,
                                                         request->payload, request->payload_size, &why);
    must(list != NULL);
    must(list->page_size == 0 || page->n_orders <= (size_t)list->page_size);
    list->page_token = page->next_page_token;
    must(page_token_read(list, &next));
    must(*page->next_page_token == '\0' || next.id == 1); /* that the store said */
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct fuzz_input input = {.at = bytes, .left = size};
    const size_t method = fuzz_choice(&input, backend_methods());
    const unsigned how = fuzz_byte(&input);
    struct backend_request request = {
        .payload = input.at,
        .payload_size = input.left,
        .with_key = (how & NO_KEY) == 0,
        .validate_only = (how & VALIDATE_ONLY) != 0,
        .outcome = outcomes[(how >> OUTCOME_SHIFT) % OUTCOMES],
    };
    struct arena arena;
    struct status status;
    arena_init(&arena);
    request.method = backend_method(method, &request.service);
    const ProtobufCMessage *answer = backend_call(&request, &arena, &status);
    if (answer != NULL)
        check_next_page(&request, answer, &arena);
    arena_free(&arena);
    return 0;
}
