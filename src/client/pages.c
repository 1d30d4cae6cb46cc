/* pages.c: a list, page by page: a copy of the request, whose page_token moves on. */
#include "client/calls.h"

#include <stdlib.h>
#include <string.h>

struct orders_pages {
    struct orders_client *client;
    Orders__V1__ListOrdersRequest *next; /* owned; NULL: there is no further page */
};

static ProtobufCMessage *copy_message(const ProtobufCMessage *message)
{
    const size_t size = protobuf_c_message_get_packed_size(message);
    uint8_t *packed = malloc(size + 1); /* NULL for none means no memory */
    if (packed == NULL)
        return NULL;
    protobuf_c_message_pack(message, packed);
    ProtobufCMessage *copy = protobuf_c_message_unpack(message->descriptor, NULL, size, packed);
    free(packed);
    return copy;
}

struct orders_pages *orders_pages_open(struct orders_client *client,
                                       const Orders__V1__ListOrdersRequest *request,
                                       struct orders_error **error)
{
    struct orders_pages *pages = malloc(sizeof *pages);
    ProtobufCMessage *next = pages != NULL ? copy_message(&request->base) : NULL;
    if (error != NULL)
        *error = next == NULL ? &client_no_memory : NULL;
    if (next == NULL) {
        free(pages);
        return NULL;
    }
    *pages = (struct orders_pages){client, (Orders__V1__ListOrdersRequest *)next};
    return pages;
}

static void end_pages(struct orders_pages *pages)
{
    orders__v1__list_orders_request__free_unpacked(pages->next, NULL);
    pages->next = NULL;
}

/* Makes the next request that of the page behind this one. False: no memory. */
static bool pages_advance(struct orders_pages *pages, const Orders__V1__ListOrdersResponse *page)
{
    if (page->next_page_token[0] == '\0') {
        end_pages(pages);
        return true;
    }
    char *token = strdup(page->next_page_token);
    if (token == NULL)
        return false;
    if (pages->next->page_token != protobuf_c_empty_string)
        free(pages->next->page_token);
    pages->next->page_token = token;
    pages->next->skip = 0; /* those were passed over */
    return true;
}

bool orders_pages_next(struct orders_pages *pages, Orders__V1__ListOrdersResponse **page,
                       struct orders_error **error)
{
    return orders_pages_next_with(pages, NULL, page, error);
}

bool orders_pages_next_with(struct orders_pages *pages, const struct orders_call *call,
                            Orders__V1__ListOrdersResponse **page, struct orders_error **error)
{
    *page = NULL;
    if (error != NULL)
        *error = NULL;
    while (pages->next != NULL && orders_list_with(pages->client, call, pages->next, page, error)) {
        const bool is_empty = (*page)->n_orders == 0 && (*page)->n_unreachable == 0;
        const bool advanced = pages_advance(pages, *page);
        if (advanced && !is_empty)
            return true;
        orders__v1__list_orders_response__free_unpacked(*page, NULL);
        *page = NULL;
        if (!advanced) {
            if (error != NULL)
                *error = &client_no_memory;
            return false;
        }
    }
    return false;
}

void orders_pages_close(struct orders_pages *pages)
{
    if (pages == NULL)
        return;
    end_pages(pages);
    free(pages);
}
