/* order_pages.c: ListOrders, over and over with the page token of the answer before. */
#include "order_pages.h"

#include "report.h"

#include <string.h>

enum { LARGEST_PAGE = 1000 };

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

/* Whether the server knows every filter: one that does not passes over it, and would have all orders taken
 * for those that were asked for. */
static bool is_asked_for(const Orders__V1__ListOrdersRequest *request,
                         const Orders__V1__ListOrdersResponse *page)
{
    size_t i = 0;
    while (i < page->n_orders && list_filters_match(request, page->orders[i]))
        i++;
    if (i < page->n_orders)
        report("The server answers order \"%s\", which was not asked for: it may be too old to know a filter",
               page->orders[i]->order_id);
    return i == page->n_orders;
}

/* Reads one page and gives it to the taker. False: that was the last one, or *code says what failed. */
static bool read_page(struct session *session, struct order_pages *pages,
                      const Orders__V1__ListOrdersRequest *request, struct rpc_reply **reply,
                      enum exit_code *code)
{
    *reply = session_call_order(session, "ListOrders", &request->base);
    *code = exit_code_of((*reply)->status.code);
    pages->broke_off = *code != EXIT_OK;
    if (pages->broke_off)
        return false;
    const Orders__V1__ListOrdersResponse *page = (const Orders__V1__ListOrdersResponse *)(*reply)->message;
    const size_t n = page->n_orders + page->n_unreachable;
    pages->more = *page->next_page_token != '\0';
    pages->limit -= (int64_t)n;
    tell_unreachable(session, pages, page);
    pages->broke_off = !is_asked_for(request, page);
    if (pages->broke_off || !pages->take(page, pages->arg))
        *code = EXIT_OTHER;
    else if (is_again(request, page)) {
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
    list_filters_apply(pages->filters, &request, &arena, &status);
    if (status.code != STATUS_OK)
        code = report_status(&status);
    else if (pages->limit > 0)
        read_on(session, pages, &request, &code);
    arena_free(&arena);
    return code;
}

/* A server that is older than the question answers 0. */
static enum exit_code take_total(const Orders__V1__ListOrdersRequest *request,
                                 const Orders__V1__ListOrdersResponse *page, int64_t *total)
{
    *total = page->total;
    if (!is_asked_for(request, page))
        return EXIT_OTHER;
    if (page->total >= (int64_t)(page->n_orders + page->n_unreachable))
        return EXIT_OK;
    report("The server does not count orders: it may be too old to");
    return EXIT_OTHER;
}

static enum exit_code ask_total(struct session *session, const Orders__V1__ListOrdersRequest *request,
                                int64_t *total)
{
    struct rpc_reply *reply = session_call_order(session, "ListOrders", &request->base);
    enum exit_code code = exit_code_of(reply->status.code);
    if (code == EXIT_OK)
        code = take_total(request, (const Orders__V1__ListOrdersResponse *)reply->message, total);
    rpc_reply_free(reply);
    return code;
}

enum exit_code order_pages_count(struct session *session, const struct list_filters *filters, int64_t *total)
{
    Orders__V1__ListOrdersRequest request = ORDERS__V1__LIST_ORDERS_REQUEST__INIT;
    struct status status = STATUS_INIT;
    struct arena arena;

    arena_init(&arena);
    list_filters_apply(filters, &request, &arena, &status);
    request.page_size = 1;
    request.count = true;
    const enum exit_code code =
        status.code != STATUS_OK ? report_status(&status) : ask_total(session, &request, total);
    arena_free(&arena);
    return code;
}
