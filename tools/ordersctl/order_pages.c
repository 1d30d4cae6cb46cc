/* order_pages.c: ListOrders, over and over with the page token of the answer before. */
#include "order_pages.h"

#include "report.h"

#include <string.h>

enum { LARGEST_PAGE = 1000 };

static const struct argp_option filter_options[] = {
    {"status", FIELD_OPTION + 4, "STATUS", 0, "Only orders in this status"},
    {"customer-id", FIELD_OPTION + 5, "ID", 0, "Only this customer's orders"},
    {0},
};

static error_t parse_filter(int key, char *argument, struct argp_state *state)
{
    return field_options_take(state->input, key, argument) ? 0 : ARGP_ERR_UNKNOWN;
}

const struct argp order_filter_argp = {.options = filter_options, .parser = parse_filter};

static void report_unreadable(const char *name)
{
    struct status status = STATUS_INIT;
    struct arena arena;
    arena_init(&arena);
    status_set(&status, &arena, STATUS_DATA_LOSS, "Order %s cannot be read", name);
    report_status(&status);
    arena_free(&arena);
}

/* Where the next page is soon to be read again, it says so beside what is drawn. */
static void tell_unreachable(struct session *session, struct order_pages *pages,
                             const Orders__V1__ListOrdersResponse *page)
{
    pages->n_unreachable += page->n_unreachable;
    for (size_t i = 0; i < page->n_unreachable; i++) {
        const char *name = *page->unreachable[i] != '\0' ? page->unreachable[i] : "without an order_id";
        if (session->lasts)
            snprintf(session->passing, sizeof session->passing,
                     "DATA_LOSS: Orders that cannot be read: %zu, such as %s", pages->n_unreachable, name);
        else
            report_unreadable(name);
    }
}

/* Whether a server answers one page for ever. */
static bool is_again(const Orders__V1__ListOrdersRequest *request, const Orders__V1__ListOrdersResponse *page)
{
    return *page->next_page_token != '\0' && strcmp(page->next_page_token, request->page_token) == 0;
}

/* Reads one page and gives it to the taker. False: that was the last one, or *code says what failed. */
static bool read_page(struct session *session, struct order_pages *pages,
                      const Orders__V1__ListOrdersRequest *request, struct rpc_reply **reply,
                      enum exit_code *code)
{
    *reply = session_call_order(session, "ListOrders", &request->base);
    *code = exit_code_of((*reply)->status.code);
    if (*code != EXIT_OK)
        return false;
    const Orders__V1__ListOrdersResponse *page = (const Orders__V1__ListOrdersResponse *)(*reply)->message;
    const size_t n = page->n_orders + page->n_unreachable;
    pages->more = *page->next_page_token != '\0' && n > 0;
    pages->limit -= (int64_t)n;
    tell_unreachable(session, pages, page);
    if (!pages->take(page, pages->arg))
        *code = EXIT_OTHER;
    if (is_again(request, page)) {
        report("The server gives the same page again");
        *code = EXIT_OTHER;
    }
    return *code == EXIT_OK && pages->more && pages->limit > 0;
}

static void read_on(struct session *session, struct order_pages *pages,
                    Orders__V1__ListOrdersRequest *request, enum exit_code *code)
{
    struct rpc_reply *before = NULL, *reply;
    bool more;
    do {
        request->page_size = pages->limit < LARGEST_PAGE ? (int32_t)pages->limit : LARGEST_PAGE;
        more = read_page(session, pages, request, &reply, code);
        if (more)
            request->page_token = ((Orders__V1__ListOrdersResponse *)reply->message)->next_page_token;
        request->skip = 0;      /* done with the first page */
        rpc_reply_free(before); /* the token of this call was in it */
        before = reply;
    } while (more);
    rpc_reply_free(before);
}

enum exit_code order_pages_read(struct session *session, struct order_pages *pages)
{
    Orders__V1__ListOrdersRequest request = ORDERS__V1__LIST_ORDERS_REQUEST__INIT;
    struct status status = STATUS_INIT;
    struct arena arena;
    enum exit_code code = EXIT_OK;

    arena_init(&arena);
    field_options_apply(pages->filter, &request.base, &arena, &status);
    if (status.code != STATUS_OK)
        code = report_status(&status);
    else if (pages->limit > 0)
        read_on(session, pages, &request, &code);
    arena_free(&arena);
    return code;
}
