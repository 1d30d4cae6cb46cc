/* table.c: a list of rows, and the width of each column. */
#include "table.h"

#include "printable.h"
#include "screen.h"

/* A longer cell pushes the rest of its own row aside, not that of all others. */
enum { WIDEST_COLUMN = 40 };

struct table_row {
    struct table_row *next;
    const char *cells[TABLE_COLUMNS];
    const char *styles[TABLE_COLUMNS]; /* NULL: none */
};

void table_init(struct table *table, const struct table_column *columns, size_t n_columns)
{
    *table = (struct table){.columns = columns, .n_columns = n_columns};
    table->last = &table->first;
    arena_init(&table->arena);
    for (size_t i = 0; i < n_columns; i++) {
        table->widths[i] = printable_width(columns[i].title);
        table->titled |= columns[i].title[0] == '\0';
    }
}

void table_free(struct table *table)
{
    arena_free(&table->arena);
}

void table_add(struct table *table, const char *const cells[])
{
    struct table_row *row = arena_calloc(&table->arena, 1, sizeof *row);
    table->newest = row;
    table->n_gathered++;
    for (size_t i = 0; i < table->n_columns; i++) {
        row->cells[i] = printable(&table->arena, cells[i]);
        size_t width = printable_width(row->cells[i]);
        if (width > table->widths[i])
            table->widths[i] = width < WIDEST_COLUMN ? width : WIDEST_COLUMN;
    }
    *table->last = row;
    table->last = &row->next;
}

void table_style(struct table *table, size_t column, const char *style)
{
    table->newest->styles[column] = style;
}

/* The padding is outside of the style, so that no blanks are underlined or coloured. */
static void write_row(const struct table *table, const struct table_row *row, FILE *file)
{
    for (size_t i = 0; i < table->n_columns; i++) {
        const bool right = table->columns[i].right, is_last = i + 1 == table->n_columns;
        const bool styled = table->colored && row->styles[i] != NULL;
        const size_t width = printable_width(row->cells[i]);
        const int padding = width < table->widths[i] ? (int)(table->widths[i] - width) : 0;
        fprintf(file, "%*s%s%s%s%*s%s", right ? padding : 0, "", styled ? row->styles[i] : "", row->cells[i],
                styled ? STYLE_END : "", right || is_last ? 0 : padding, "", is_last ? "\n" : "  ");
    }
}

void table_write(struct table *table, FILE *file)
{
    if (!table->titled) {
        struct table_row titles = {0};
        for (size_t i = 0; i < table->n_columns; i++) {
            titles.cells[i] = table->columns[i].title;
            titles.styles[i] = STYLE_BOLD;
        }
        write_row(table, &titles, file);
        table->titled = true;
    }
    for (const struct table_row *row = table->first; row != NULL; row = row->next)
        write_row(table, row, file);
    table->first = table->newest = NULL;
    table->n_gathered = 0;
    table->last = &table->first;
    arena_reset(&table->arena);
}
