/* torture.c: clients write through two servers while servers, database, connections and disk are broken under
 * them; in the end their journals are held against what is stored.
 *
 * Run by with-cluster, which says what the environment has to hold.
 */
#include "client.h"
#include "faults.h"
#include "verdict.h"
#include "violations.h"

#include "base/time.h"

#include <argp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum { CLIENTS = 8, SEEDS = 1000000 };

static const char api_key[] = "torture";

struct options {
    double minutes;
    unsigned long seed;
};

static error_t take_option(int key, char *argument, struct argp_state *state)
{
    struct options *options = state->input;
    char *end;
    switch (key) {
    case 'm':
        options->minutes = strtod(argument, &end);
        if (end == argument || *end != '\0' || !(options->minutes > 0 && options->minutes <= 10000))
            argp_error(state, "\"%s\" is no number of minutes up to 10000", argument);
        return 0;
    case 's':
        options->seed = strtoul(argument, &end, 10);
        if (*argument < '0' || *argument > '9' || *end != '\0')
            argp_error(state, "\"%s\" is no seed", argument);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static struct options read_options(int argc, char **argv)
{
    static const struct argp_option options[] = {
        {"minutes", 'm', "N", 0, "how long things are broken (1)", 0},
        {"seed", 's', "N", 0, "repeats the choices of the run that printed it", 0},
        {0},
    };
    static const struct argp argp = {
        .options = options,
        .parser = take_option,
        .doc = "Breaks servers, database, connections and disk under clients that write, and looks whether "
               "every promise was kept. Ends with 1 when one was not."};
    unsigned random;
    if (getrandom(&random, sizeof random, 0) != sizeof random)
        exit(EXIT_FAILURE);
    struct options chosen = {.minutes = 1, .seed = random % SEEDS};
    argp_parse(&argp, argc, argv, 0, NULL, &chosen);
    return chosen;
}

static const char *kept(const char *name, unsigned number, char path[256])
{
    snprintf(path, 256, "%s/%s-%u", getenv("KEPT"), name, number);
    return path;
}

/* Servers first, as a proxy has to know where its own is. */
static void start_servers(struct faults *faults, char urls[SERVERS][64])
{
    for (unsigned i = 0; i < SERVERS; i++) {
        kept("ordersd", i, faults->servers[i].log_path);
        server_start(&faults->servers[i], faults->api_key);
        faults->proxies[i].server_port = faults->servers[i].port;
        proxy_start(&faults->proxies[i]);
        snprintf(urls[i], sizeof urls[i], "tcp://127.0.0.1:%u", faults->proxies[i].port);
    }
}

static void judge(const struct journal journals[])
{
    size_t n;
    PGconn *database = PQconnectdb(getenv("DATABASE_URL"));
    struct stored *stored = verdict_read_orders(database, &n);
    verdict_on_orders(journals, CLIENTS, stored, n);
    verdict_on_records(journals, CLIENTS, database);
    verdict_on_summary(database);
    free(stored);
    PQfinish(database);
}

static void remove_kept(void)
{
    char path[256];
    for (unsigned i = 0; i < SERVERS; i++)
        remove(kept("ordersd", i, path));
    for (unsigned i = 0; i < CLIENTS; i++)
        remove(kept("client", i, path));
}

int main(int argc, char **argv)
{
    static struct faults faults;
    static struct client clients[CLIENTS];
    struct journal journals[CLIENTS];
    const struct options options = read_options(argc, argv);
    char urls[SERVERS][64];
    const char *const url_list[] = {urls[0], urls[1], NULL};
    atomic_bool stop = false;
    uint64_t requests = 0, acknowledged = 0;
    size_t in_doubt = 0;

    if (getenv("CLUSTER") == NULL || getenv("KEPT") == NULL || getenv("ORDERSD") == NULL) {
        fprintf(stderr, "torture: is run by tools/torture\n");
        return EXIT_FAILURE;
    }
    signal(SIGPIPE, SIG_IGN);
    fprintf(stderr, "torture: seed %lu\n", options.seed);
    faults.api_key = api_key;
    faults.choices = choices_of(options.seed, CLIENTS);
    start_servers(&faults, urls);
    for (unsigned i = 0; i < CLIENTS; i++) {
        char path[256];
        clients[i] = (struct client){.number = i, .urls = url_list, .api_key = api_key, .stop = &stop};
        clients[i].choices = choices_of(options.seed, i);
        journal_open(&clients[i].journal, kept("client", i, path));
        client_start(&clients[i]);
    }

    faults_run(&faults, time_monotonic_ns() + (uint64_t)(options.minutes * 60 * NS_PER_S));

    atomic_store(&stop, true);
    for (unsigned i = 0; i < CLIENTS; i++)
        client_join(&clients[i]);
    /* What is under way still, of a write that was given up, is made or not before the verdict. */
    for (unsigned i = 0; i < SERVERS; i++)
        server_stop(&faults.servers[i]);
    for (unsigned i = 0; i < CLIENTS; i++) {
        journals[i] = clients[i].journal;
        requests += journals[i].requests;
        acknowledged += journals[i].acknowledged;
        for (size_t j = 0; j < journals[i].n; j++)
            in_doubt += journals[i].entries[j].in_doubt;
    }
    judge(journals);
    for (unsigned i = 0; i < CLIENTS; i++)
        journal_close(&journals[i]);

    const unsigned violations = violations_count();
    if (violations == 0)
        remove_kept();
    fprintf(stderr, "torture: %zu writes were left without an answer\n", in_doubt);
    printf("torture: seed=%lu minutes=%g kills=%u faults=%u requests=%ju acknowledged=%ju violations=%u\n",
           options.seed, options.minutes, faults.kills, faults_count(&faults), (uintmax_t)requests,
           (uintmax_t)acknowledged, violations);
    return violations == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
