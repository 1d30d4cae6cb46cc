/* journal.c: an array and a file. */
#include "journal.h"

#include "base/time.h"

#include <inttypes.h>
#include <stdlib.h>

static void *must(void *memory, const char *what)
{
    if (memory == NULL) {
        perror(what);
        exit(EXIT_FAILURE);
    }
    return memory;
}

void journal_open(struct journal *journal, const char *log_path)
{
    *journal = (struct journal){0};
    if (log_path != NULL)
        journal->log = must(fopen(log_path, "we"), log_path);
}

void journal_close(struct journal *journal)
{
    free(journal->entries);
    if (journal->log != NULL)
        (void)fclose(journal->log);
}

size_t journal_add(struct journal *journal, const char *order_id)
{
    if (journal->n == journal->room) {
        journal->room = 2 * journal->room + 64;
        journal->entries =
            must(realloc(journal->entries, journal->room * sizeof *journal->entries), "journal");
    }
    struct entry *entry = &journal->entries[journal->n];
    *entry = (struct entry){0};
    snprintf(entry->order_id, sizeof entry->order_id, "%s", order_id);
    return journal->n++;
}

void journal_note(struct journal *journal, const char *what, const struct entry *entry,
                  const char *request_id, const struct state *sent, enum status_code code,
                  const char *message, bool replayed)
{
    if (journal->log == NULL)
        return;
    fprintf(journal->log, "%" PRIu64 " %s %s request %s amount %" PRId64 " etag \"%s\" -> %s%s %s\n",
            time_monotonic_ns() / NS_PER_US, what, entry->order_id, request_id, sent->amount, sent->etag,
            status_code_name(code), replayed ? " (replayed)" : "", message != NULL ? message : "");
}
