/* complete.c: what may stand next on a command line, for completion/ordersctl.bash and completion/_ordersctl.
 *
 * `ordersctl complete -- WORD...` gets the words behind the program's name, the one that is being typed last.
 * Its first line is "files" when that is to be a file's name, else "words"; then comes each word it may
 * become, with a tab and a description behind it where there is one.
 *
 * What an option or argument takes is told by the name that --help has for it: STATUS, FILE, or its choices
 * as they are, "auto|always|never". So nothing is said here that is not said there.
 */
#include "base/message.h"
#include "base/time.h"
#include "command.h"
#include "order_columns.h"
#include "order_sort.h"
#include "orders/currency.h"
#include "orders/v1/orders.pb-c.h"
#include "output.h"
#include "printable.h"
#include "services.h"
#include "session_settings.h"
#include "targets.h"
#include "words.h"
#include "json/enum_name.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    PATIENCE_MS = 500, /* for calls to the service, while a person waits for Tab */
    NEWEST = 1000,     /* orders that are offered */
};

/* A command line, read up to its last word. */
struct partial_line {
    struct session *session;
    struct arena arena;
    struct words words;
    bool lost;      /* it is wrong already */
    char **globals; /* the global options, as an argv */
    int n_globals;

    const char *typed;  /* of the last word, what a candidate is to begin with */
    const char *before; /* what stands before that in the word */
};

/* --- candidates --- */

/* A word with control characters could not be typed, and must not be shown. */
static void offer(struct partial_line *line, const char *word, const char *description)
{
    if (strncmp(word, line->typed, strlen(line->typed)) != 0 ||
        strcmp(printable(&line->arena, word), word) != 0)
        return;
    printf("%s%s", line->before, word);
    if (description != NULL)
        printf("\t%s", printable(&line->arena, description));
    puts("");
}

static void offer_statuses(struct partial_line *line)
{
    const ProtobufCEnumDescriptor *type = &orders__v1__order_status__descriptor;
    for (unsigned i = 0; i < type->n_values; i++) {
        const char *name = enum_name(type, type->values[i].value, &line->arena);
        if (name != NULL)
            offer(line, name, NULL);
    }
}

static void offer_currencies(struct partial_line *line)
{
    const char *code;
    for (size_t i = 0; (code = currency_code(i)) != NULL; i++)
        offer(line, code, NULL);
}

/* By short name; by full name when that is what is being typed. */
static void offer_methods(struct partial_line *line)
{
    for (size_t s = 0; services[s] != NULL; s++) {
        for (unsigned m = 0; m < services[s]->n_methods; m++) {
            const char *name = services[s]->methods[m].name;
            offer(line, name, services[s]->name);
            if (*line->typed != '\0')
                offer(line, arena_printf(&line->arena, "%s/%s", services[s]->name, name), NULL);
        }
    }
}

/* The last of a list. */
static void offer_columns(struct partial_line *line)
{
    const ProtobufCMessageDescriptor *type = &orders__v1__order__descriptor;
    const char *comma = strrchr(line->typed, ',');
    if (comma != NULL) {
        line->before =
            arena_printf(&line->arena, "%s%.*s", line->before, (int)(comma + 1 - line->typed), line->typed);
        line->typed = comma + 1;
    }
    for (unsigned i = 0; i < type->n_fields; i++)
        offer(line, type->fields[i].name, NULL);
}

static void offer_targets(struct partial_line *line)
{
    struct targets targets;
    const char *error;
    if (!targets_read(&targets, &line->arena, &error))
        return;
    for (size_t i = 0; i < targets.n; i++)
        offer(line, targets.list[i].name, targets.list[i].settings[TARGET_CONNECT]);
}

/* Opens the service that the line's global options name. */
static bool open_session(struct partial_line *line)
{
    struct session *session = line->session;
    if (argp_parse(&session_argp, line->n_globals, line->globals, ARGP_SILENT, NULL, session) != 0)
        return false;
    if (session_open(session, SESSION_NEEDS_KEY) != EXIT_OK)
        return false;
    session->timeout_ms = PATIENCE_MS;
    return true;
}

/* How many there were; *token is that of the next page. */
static size_t offer_page(struct partial_line *line, const Orders__V1__ListOrdersResponse *page,
                         const char **token)
{
    for (size_t i = 0; i < page->n_orders; i++)
        offer(line, page->orders[i]->order_id, page->orders[i]->customer_id);
    *token = arena_strdup(&line->arena, page->next_page_token);
    return page->n_orders;
}

/* The newest of those that have in them what was typed: the service knows no filter for what begins so. Where
 * it looks through many orders for few, a page is short and has a next one. */
static void offer_order_ids(struct partial_line *line)
{
    const ProtobufCServiceDescriptor *service = &orders__v1__order_service__descriptor;
    Orders__V1__ListOrdersRequest newest = ORDERS__V1__LIST_ORDERS_REQUEST__INIT;
    if (!open_session(line))
        return;
    const uint64_t until_ns = time_after_ms(PATIENCE_MS);
    const char *token = "";
    size_t n = 0;
    newest.order_by = message_text("id desc");
    newest.page_size = NEWEST;
    newest.search = message_text(line->typed);
    for (int left_ms = PATIENCE_MS; left_ms > 0 && n < NEWEST; left_ms = time_left_ms(until_ns)) {
        newest.page_token = message_text(token);
        const struct rpc_request request = {
            .service = service,
            .method = protobuf_c_service_descriptor_get_method_by_name(service, "ListOrders"),
            .input = &newest.base,
            .timeout_ms = (uint32_t)left_ms,
        };
        struct rpc_reply *reply = rpc_client_call_wait(line->session->client, &request);
        const bool ok = reply->status.code == STATUS_OK;
        if (ok)
            n += offer_page(line, (const Orders__V1__ListOrdersResponse *)reply->message, &token);
        rpc_reply_free(reply);
        if (!ok || *token == '\0')
            return;
    }
}

/* What list can be sorted by. */
static void offer_sorts(struct partial_line *line)
{
    const char *name;
    for (size_t i = 0; (name = order_sort_name(i)) != NULL; i++)
        offer(line, name, NULL);
}

static void offer_command_names(struct partial_line *line)
{
    for (size_t i = 0; commands[i] != NULL; i++) {
        if (commands[i]->summary != NULL)
            offer(line, commands[i]->name, commands[i]->summary);
    }
}

static void offer_choices(struct partial_line *line, const char *choices)
{
    const char *choice = choices;
    for (size_t length; (length = words_next_choice(&choices)) > 0; choice = choices) {
        const char *equals = memchr(choice, '=', length); /* behind it comes what only a person knows */
        const size_t offered = equals != NULL ? (size_t)(equals + 1 - choice) : length;
        offer(line, arena_copy(&line->arena, choice, offered), NULL);
    }
}

/* What an option or argument of this name takes; the name may have brackets around it and others behind. */
static void offer_values(struct partial_line *line, const char *name)
{
    static const struct {
        const char *name;
        void (*offer)(struct partial_line *line);
    } kinds[] = {
        {"STATUS", offer_statuses},       {"CODE", offer_currencies}, {"METHOD", offer_methods},
        {"COLUMNS", offer_columns},       {"TARGET", offer_targets},  {"ORDER_ID", offer_order_ids},
        {"COMMAND", offer_command_names}, {"FIELD", offer_sorts},
    };
    name += *name == '[';
    const size_t length = strcspn(name, "|]. ");
    if (length == strlen("FILE") && memcmp(name, "FILE", length) == 0) {
        puts("files");
        return;
    }
    puts("words");
    offer_choices(line, name);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strlen(kinds[i].name) == length && memcmp(kinds[i].name, name, length) == 0)
            kinds[i].offer(line);
    }
}

static void offer_option(const struct argp_option *option, void *arg)
{
    struct partial_line *line = arg;
    if (option->name != NULL && (option->flags & OPTION_HIDDEN) == 0)
        offer(line, arena_printf(&line->arena, "--%s", option->name), option->doc);
}

/* --- reading the line --- */

static void add_global(struct partial_line *line, const char *word)
{
    line->globals[line->n_globals++] = (char *)(uintptr_t)word;
}

static void read_word(struct partial_line *line, const char *text)
{
    const struct word word = words_take(&line->words, text);
    if ((word.kind == WORD_OPTION || word.kind == WORD_VALUE) && word.option != NULL && word.is_global &&
        word.ends == 0)
        add_global(line, text);
    line->lost |= word.kind == WORD_COMMAND && line->words.command == NULL;
}

static void offer_options(struct partial_line *line)
{
    puts("words");
    if (line->words.command != NULL)
        words_each_option(line->words.command->argp, offer_option, line);
    words_each_global(offer_option, line);
}

/* What the option in this word takes, "--output=t". */
static void offer_values_behind(struct partial_line *line, const char *last, const char *value)
{
    struct words words = line->words;
    const struct argp_option *option = words_take(&words, last).option;
    line->typed = value;
    line->before = arena_copy(&line->arena, last, (size_t)(value - last));
    if (option != NULL && option->arg != NULL)
        offer_values(line, option->arg);
}

/* What --help has for the argument behind n others; NULL: there is none. The last may stand for many:
 * "ORDER_ID...". */
static const char *nth_argument(const struct argp *argp, size_t n)
{
    const char *at = argp->args_doc;
    for (; at != NULL && n > 0; n--) {
        const char *end = at + strcspn(at, " ");
        if (*end == '\0' && strstr(at, "...") == NULL)
            at = NULL;
        else if (*end != '\0')
            at = end + 1;
    }
    return at;
}

static void offer_words(struct partial_line *line, const char *last)
{
    const struct words *words = &line->words;
    const char *value = strchr(last, '=');
    const bool is_option = !words->options_ended && words->pending == NULL && *last == '-';
    line->typed = last;
    line->before = "";
    if (words->pending != NULL)
        offer_values(line, words->pending->arg);
    else if (is_option && strncmp(last, "--", 2) == 0 && value != NULL)
        offer_values_behind(line, last, value + 1);
    else if (is_option)
        offer_options(line);
    else if (words->command == NULL)
        offer_values(line, "COMMAND");
    else if (nth_argument(words->command->argp, words->n_arguments) != NULL)
        offer_values(line, nth_argument(words->command->argp, words->n_arguments));
}

/* --- the command --- */

struct arguments {
    char **words;
    size_t n;
};

static error_t parse(int key, char *argument, struct argp_state *state)
{
    struct arguments *arguments = state->input;
    (void)argument;
    if (key != ARGP_KEY_ARG)
        return ARGP_ERR_UNKNOWN;
    arguments->words = state->argv + state->next - 1;
    arguments->n = (size_t)state->argc - (size_t)state->next + 1;
    state->next = state->argc;
    return 0;
}

static const struct argp complete_argp = {
    .parser = parse, .args_doc = "-- WORD...", .doc = "Prints what the last WORD may become; for shells."};

static enum exit_code complete_run(struct session *session, void *input)
{
    const struct arguments *arguments = input;
    struct partial_line line = {.session = session};
    if (arguments->n == 0)
        return EXIT_USAGE;
    if (freopen("/dev/null", "w", stderr) == NULL)
        return EXIT_OTHER;
    arena_init(&line.arena);
    line.globals = arena_calloc(&line.arena, arguments->n + 2, sizeof *line.globals);
    add_global(&line, "ordersctl");
    for (size_t i = 0; i + 1 < arguments->n && !line.lost; i++)
        read_word(&line, arguments->words[i]);
    if (!line.lost)
        offer_words(&line, arguments->words[arguments->n - 1]);
    arena_free(&line.arena);
    return output_end(EXIT_OK);
}

const struct command complete_command = {
    "complete", NULL, &complete_argp, sizeof(struct arguments), SESSION_NEEDS_NOTHING, complete_run};
