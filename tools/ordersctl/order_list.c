/* order_list.c: copies are made as protobuf makes them. */
#include "order_list.h"

struct order_look order_look_of(const struct session *session, const struct order_columns *columns)
{
    return (struct order_look){.format = session->output,
                               .columns = *columns,
                               .to_terminal = session->screen.is_terminal,
                               .colored = session->screen.colored};
}

void order_list_begin(struct order_list *list, const struct order_look *look)
{
    list->n = 0;
    arena_init(&list->arena);
    order_writer_begin(&list->writer, stdout, look);
}

static void flush(struct order_list *list)
{
    order_writer_add(&list->writer, list->n, list->orders);
    list->n = 0;
    arena_reset(&list->arena);
}

void order_list_add(struct order_list *list, const Orders__V1__Order *order)
{
    const size_t size = orders__v1__order__get_packed_size(order);
    uint8_t *packed = arena_alloc(&list->arena, size);
    orders__v1__order__pack(order, packed);
    list->orders[list->n++] = orders__v1__order__unpack(&list->arena.allocator, size, packed);
    if (list->n == ORDER_LIST_PAGE)
        flush(list);
}

void order_list_end(struct order_list *list)
{
    if (list->n > 0)
        flush(list);
    order_writer_end(&list->writer, true);
    arena_free(&list->arena);
}
