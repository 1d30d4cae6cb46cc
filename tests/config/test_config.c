/* test_config.c: each variable's good and bad values, and who wins. */
#include "config/config.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char directory[] = "/tmp/test-config-XXXXXX";

/* An empty directory to work in, and no setting of the outside's. */
static void set_up(void)
{
    cr_assert_not_null(mkdtemp(directory));
    cr_assert_eq(chdir(directory), 0);
    static const char *const names[] = {"DATABASE_URL",
                                        "API_KEY",
                                        "API_KEY_FILE",
                                        "ORDERS_JWT_ISSUERS",
                                        "ORDERS_OIDC_CLIENT",
                                        "ORDERS_OIDC_SCOPE",
                                        "ORDERS_LISTEN",
                                        "ORDERS_CONNECT",
                                        "ORDERS_HTTP",
                                        "ORDERS_METRICS",
                                        "ORDERS_SLOW_STATEMENT",
                                        "ORDERS_LOG",
                                        "ORDERS_CORS_ORIGINS",
                                        "ORDERS_WORKERS",
                                        "ORDERS_IDEMPOTENCY_TTL",
                                        "ORDERS_MAX_CALLS",
                                        "ORDERS_MAX_CALL_BYTES",
                                        "ORDERS_MAX_CONNECTIONS",
                                        "ORDERS_IDLE_TIMEOUT",
                                        "ORDERS_SEND_TIMEOUT",
                                        "ORDERS_MAX_CALLS_PER_PRINCIPAL",
                                        "ORDERS_RATE_PER_PRINCIPAL",
                                        "ORDERS_BURST_PER_PRINCIPAL",
                                        "ORDERS_LOG_SAMPLE",
                                        "ORDERS_HTTP_HIDE",
                                        "ORDERS_HTTP_MAX_CONNECTIONS",
                                        "ORDERS_HTTP_MAX_CONNECTIONS_PER_ADDRESS",
                                        "ORDERS_HTTP_REQUEST_TIMEOUT",
                                        "ORDERS_HTTP_SEND_TIMEOUT",
                                        "ORDERS_HTTP_IDLE_TIMEOUT",
                                        "ORDERS_HTTP_MAX_BODY_BYTES",
                                        "ORDERS_TLS_CERT",
                                        "ORDERS_TLS_KEY",
                                        "ORDERS_TLS_CLIENT_CA",
                                        "ORDERS_TLS_CA",
                                        "ORDERS_TLS_ROLES",
                                        "ORDERS_PLAINTEXT"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        unsetenv(names[i]);
}

static void tear_down(void)
{
    unlink(".env");
    unlink("key");
    cr_assert_eq(rmdir(directory), 0);
}

TestSuite(config, .init = set_up, .fini = tear_down);

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    fputs(text, file);
    fclose(file);
}

Test(config, defaults)
{
    struct config config;
    char error[512];
    cr_assert(config_load(&config, 0, error, sizeof error), "%s", error);
    cr_assert_str_eq(config.listen[0], "tcp://127.0.0.1:6600");
    cr_assert_null(config.listen[1]);
    cr_assert_str_eq(config.connect[0], "tcp://127.0.0.1:6600");
    cr_assert_str_eq(config.cors_origins[1], "http://localhost:3001");
    cr_assert_null(config.http_host);
    cr_assert_null(config.database_url);
    cr_assert_eq(config.log_level, LOG_LEVEL_INFO);
    cr_assert_eq(config.workers, 2);
    cr_assert_eq(config.idempotency_ttl_s, 24 * 60 * 60);
    cr_assert_eq(config.max_calls, 4096);
    cr_assert_eq(config.max_call_bytes, 32 << 20);
    cr_assert_eq(config.max_connections, 10000);
    cr_assert_eq(config.idle_timeout_s, 900);
    cr_assert_eq(config.send_timeout_s, 10);
    cr_assert_eq(config.http_max_connections, 4096);
    cr_assert_eq(config.http_max_connections_per_address, 0);
    cr_assert_eq(config.http_request_timeout_s, 10);
    cr_assert_eq(config.http_send_timeout_s, 10);
    cr_assert_eq(config.http_idle_timeout_s, 75);
    cr_assert_eq(config.http_max_body_bytes, 1 << 20);
    config_free(&config);
}

Test(config, http_has_its_default_where_it_is_needed)
{
    struct config config;
    char error[512];
    cr_assert(config_load(&config, CONFIG_HTTP, error, sizeof error));
    cr_assert_str_eq(config.http_host, "127.0.0.1");
    cr_assert_eq(config.http_port, 5000);
    config_free(&config);
}

Test(config, the_environment_wins_over_dotenv)
{
    struct config config;
    char error[512];
    write_file(".env", "# settings\n"
                       "export API_KEY='from file'\n"
                       "API_KEY=\"quoted-key\"\n"
                       "ORDERS_LOG=debug # all of it\n"
                       "ORDERS_HTTP=0.0.0.0:80\r\n"
                       "UNKNOWN=1\nnot a line\n");
    setenv("ORDERS_LOG", "warn", 1);
    cr_assert(config_load(&config, CONFIG_API_KEY, error, sizeof error), "%s", error);
    cr_assert_str_eq(config.api_key, "quoted-key");
    cr_assert_eq(config.log_level, LOG_LEVEL_WARN);
    cr_assert_str_eq(config.http_host, "0.0.0.0");
    cr_assert_eq(config.http_port, 80);
    config_free(&config);
}

Test(config, a_byte_order_mark_is_no_part_of_a_name)
{
    struct config config;
    char error[512];
    write_file(".env", "\xef\xbb\xbfORDERS_LOG=debug\n");
    cr_assert(config_load(&config, 0, error, sizeof error), "%s", error);
    cr_assert_eq(config.log_level, LOG_LEVEL_DEBUG);
    config_free(&config);
}

static void expect_unreadable(const char *expected)
{
    struct config config;
    char error[512] = "";
    cr_expect_not(config_load(&config, 0, error, sizeof error));
    cr_expect_str_eq(error, expected);
    config_free(&config);
}

/* Settings that are passed over are told as missing, or not at all. */
Test(config, a_dotenv_that_cannot_be_read_is_told)
{
    FILE *file = fopen(".env", "w");
    for (int i = 0; i <= 64 * 1024; i++)
        fputc('#', file);
    fclose(file);
    expect_unreadable(".env in this directory is not read: File too large");
    unlink(".env");
    cr_assert_eq(mkdir(".env", 0700), 0);
    expect_unreadable(".env in this directory is not read: is no regular file");
    rmdir(".env");
    cr_assert_eq(mkfifo(".env", 0600), 0); /* nobody writes to it: to open it as a file would wait */
    expect_unreadable(".env in this directory is not read: is no regular file");
    unlink(".env");
}

/* Those beyond would be passed over. */
/* It would lead keys and calls. */
Test(config, a_dotenv_that_another_may_write_is_told)
{
    write_file(".env", "ORDERS_LOG=debug\n");
    cr_assert_eq(chmod(".env", 0606), 0);
    expect_unreadable(".env in this directory is not read: may be written by anybody: chmod o-w .env");
    cr_assert_eq(chmod(".env", 0600), 0);
    if (geteuid() != 0)
        cr_skip_test("only root can give a file away");
    cr_assert_eq(chown(".env", 65534, 65534), 0);
    expect_unreadable(
        ".env in this directory is not read: belongs to another user, whose settings these would be");
}

Test(config, blanks_around_the_sign_of_a_dotenv_are_none_of_name_or_value)
{
    struct config config;
    char error[256];
    write_file(".env", "ORDERS_LOG \t= \t debug \nexport ORDERS_WORKERS= '3'\nORDERS_WORKERS of mine = 4\n");
    cr_assert(config_load(&config, 0, error, sizeof error), "%s", error);
    cr_expect_eq(config.log_level, LOG_LEVEL_DEBUG);
    cr_expect_eq(config.workers, 3);
    config_free(&config);
}

Test(config, a_list_that_is_too_long_is_told)
{
    struct config config;
    char error[512], keys[65 * 2 + 1] = "";
    for (int i = 0; i < 65; i++)
        strcat(keys, "k,");
    setenv("API_KEY", keys, 1);
    cr_assert_not(config_load(&config, CONFIG_API_KEY, error, sizeof error));
    cr_assert_str_eq(error, "API_KEY: has more than 64 items");
    config_free(&config);
}

Test(config, what_is_set_is_in_the_environment_or_dotenv)
{
    write_file(".env", "ORDERS_CONNECT=tcp://127.0.0.1:1\nORDERS_HTTP=\n");
    setenv("API_KEY", "secret", 1);
    setenv("API_KEY_FILE", "", 1);
    cr_assert(config_is_set("ORDERS_CONNECT"));
    cr_assert(config_is_set("API_KEY"));
    cr_assert_not(config_is_set("API_KEY_FILE"));
    cr_assert_not(config_is_set("ORDERS_HTTP"));
    cr_assert_not(config_is_set("ORDERS_LISTEN")); /* its default does not count */
}

Test(config, two_do_not_listen_at_one_address)
{
    struct config config;
    char error[256];
    setenv("ORDERS_HTTP", "127.0.0.1:5000", 1);
    setenv("ORDERS_METRICS", "127.0.0.1:5000", 1);
    setenv("DATABASE_URL", "postgresql:///orders", 1);
    cr_assert_not(config_load(&config, CONFIG_DATABASE, error, sizeof error));
    cr_expect_str_eq(error, "ORDERS_METRICS: is to be another address than ORDERS_HTTP");
    config_free(&config);
    setenv("ORDERS_LISTEN", "tcp://127.0.0.1:0,tcp://127.0.0.1:0", 1);
    setenv("ORDERS_METRICS", "127.0.0.1:5001", 1);
    cr_expect(config_load(&config, 0, error, sizeof error), "%s", error);
    config_free(&config);
}

Test(config, rpc_is_over_tcp_or_sockets_of_a_path_or_an_abstract_name)
{
    struct config config;
    char error[256];
    setenv("ORDERS_LISTEN", "tcp://127.0.0.1:0, ipc:///run/orders,abstract://orders", 1);
    cr_assert(config_load(&config, 0, error, sizeof error), "%s", error);
    cr_assert_str_eq(config.listen[0], "tcp://127.0.0.1:0");
    cr_assert_str_eq(config.listen[1], "ipc:///run/orders");
    cr_assert_str_eq(config.listen[2], "abstract://orders");
    cr_assert_null(config.listen[3]);
    config_free(&config);
}

Test(config, a_key_file_holds_the_key)
{
    struct config config;
    char error[512];
    write_file("key", "from-the-file\n");
    setenv("API_KEY_FILE", "key", 1);
    cr_assert(config_load(&config, CONFIG_API_KEY, error, sizeof error), "%s", error);
    cr_assert_str_eq(config.api_key, "from-the-file");
    cr_assert_str_eq(config.api_key_file, "key");
    config_free(&config);

    setenv("API_KEY", "from-the-environment", 1);
    cr_assert(config_load(&config, CONFIG_API_KEY, error, sizeof error), "%s", error);
    cr_assert_str_eq(config.api_key, "from-the-environment");
    config_free(&config);
}

/* It holds up nobody; one that is written to, as bash's <(...), has a key as any other file. */
Test(config, a_key_file_may_be_a_fifo_that_is_written_to)
{
    struct config config;
    char error[512];
    cr_assert_eq(mkfifo("key", 0600), 0);
    setenv("API_KEY_FILE", "key", 1);
    cr_expect_not(config_load(&config, CONFIG_API_KEY, error, sizeof error));
    cr_expect_not_null(strstr(error, "API_KEY_FILE: \"key\" is not a readable file"), "%s", error);
    config_free(&config);

    const int writer = open("key", O_RDWR | O_CLOEXEC);
    cr_assert_geq(writer, 0);
    cr_assert_eq(write(writer, "through-it\n", strlen("through-it\n")), (ssize_t)strlen("through-it\n"));
    cr_assert(config_load(&config, CONFIG_API_KEY, error, sizeof error), "%s", error);
    cr_expect_str_eq(config.api_key, "through-it");
    config_free(&config);
    close(writer);
}

/* Its end would be missing, and what is left of the last key would be one. */
Test(config, a_key_file_with_a_longer_line_than_is_read_is_refused)
{
    enum { LONG = 8191 };
    struct config config;
    char error[512], line[LONG + 2];
    memset(line, 'k', LONG + 1);
    line[LONG + 1] = '\0';
    write_file("key", line);
    setenv("API_KEY_FILE", "key", 1);
    cr_expect_not(config_load(&config, CONFIG_API_KEY, error, sizeof error));
    cr_expect_not_null(strstr(error, "whose first line is the key, of less than 8 KiB"), "%s", error);
    config_free(&config);

    strcpy(line + LONG - 1, "\n");
    write_file("key", line);
    cr_expect(config_load(&config, CONFIG_API_KEY, error, sizeof error), "%s", error);
    cr_expect_eq(strlen(config.api_key), LONG - 1);
    config_free(&config);
}

#define A10  "aaaaaaaaaa"
#define A107 A10 A10 A10 A10 A10 A10 A10 A10 A10 A10 "aaaaaaa"

static const struct bad {
    const char *name, *value, *told;
} bad[] = {
    {"ORDERS_LISTEN", "http://127.0.0.1:1",
     "ORDERS_LISTEN: \"http://127.0.0.1:1\" is not a comma-separated list"},
    {"ORDERS_LISTEN", "tcp://", "ORDERS_LISTEN"},
    {"ORDERS_LISTEN", ",", "ORDERS_LISTEN"},
    {"ORDERS_LISTEN", "tcp://127.0.0.1",
     "ORDERS_LISTEN: \"tcp://127.0.0.1\" is not a comma-separated list of"},
    {"ORDERS_LISTEN", "tls+tcp://[::1]", "ORDERS_LISTEN"},
    {"ORDERS_LISTEN", "tcp://::1", "ORDERS_LISTEN"},
    {"ORDERS_LISTEN", "tcp://[::1", "ORDERS_LISTEN"},
    {"ORDERS_LISTEN", "tcp://127.0.0.1:65536", "ORDERS_LISTEN"},
    {"ORDERS_LISTEN", "ipc:///" A107,
     "ORDERS_LISTEN: \"ipc:///" A107 "\" is not an ipc:// address with a path of at most 107 bytes"},
    {"ORDERS_LISTEN", "tcp://127.0.0.1:0,ipc:///a,ipc:///a",
     "ORDERS_LISTEN: \"ipc:///a\" is not another address than those before it"},
    {"ORDERS_CONNECT", "tcp://orders", "ORDERS_CONNECT"},
    {"ORDERS_PLAINTEXT", "yes", "ORDERS_PLAINTEXT: \"yes\" is not 1, which allows it, or 0"},
    {"ORDERS_CONNECT", "tcp://127.0.0.1:1,nonsense", "ORDERS_CONNECT: \"nonsense\""},
    {"ORDERS_HTTP", "5000", "ORDERS_HTTP: \"5000\" is not host:port"},
    {"ORDERS_HTTP", ":5000", "ORDERS_HTTP"},
    {"ORDERS_HTTP", "127.0.0.1:65536", "ORDERS_HTTP"},
    {"ORDERS_HTTP", "127.0.0.1:http", "ORDERS_HTTP"},
    {"ORDERS_METRICS", "9100", "ORDERS_METRICS: \"9100\" is not host:port"},
    {"ORDERS_METRICS", "127.0.0.1:65536", "ORDERS_METRICS"},
    {"ORDERS_SLOW_STATEMENT", "1s",
     "ORDERS_SLOW_STATEMENT: \"1s\" is not a number of milliseconds from 0 to 600000"},
    {"ORDERS_LOG", "loud", "ORDERS_LOG: \"loud\" is not debug, info, warn or error"},
    {"ORDERS_CORS_ORIGINS", "localhost", "ORDERS_CORS_ORIGINS"},
    {"ORDERS_IDEMPOTENCY_TTL", "0", "ORDERS_IDEMPOTENCY_TTL"},
    {"ORDERS_IDEMPOTENCY_TTL", "1d", "ORDERS_IDEMPOTENCY_TTL"},
    {"ORDERS_WORKERS", "0", "ORDERS_WORKERS"},
    {"ORDERS_WORKERS", "-1", "ORDERS_WORKERS"},
    {"ORDERS_WORKERS", "65", "ORDERS_WORKERS: \"65\" is not a number of connections from 1 to 64"},
    {"ORDERS_MAX_CALLS", "0", "ORDERS_MAX_CALLS: \"0\" is not a number of calls from 1 to 65536"},
    {"ORDERS_MAX_CALL_BYTES", "1000", "ORDERS_MAX_CALL_BYTES"},
    {"ORDERS_MAX_CONNECTIONS", "many", "ORDERS_MAX_CONNECTIONS"},
    {"ORDERS_IDLE_TIMEOUT", "99999999999999999999", "ORDERS_IDLE_TIMEOUT"},
    {"ORDERS_SEND_TIMEOUT", "0.5", "ORDERS_SEND_TIMEOUT"},
    {"ORDERS_HTTP_MAX_CONNECTIONS", "0",
     "ORDERS_HTTP_MAX_CONNECTIONS: \"0\" is not a number of connections from 1 to 65536"},
    {"ORDERS_HTTP_MAX_CONNECTIONS_PER_ADDRESS", "-1", "ORDERS_HTTP_MAX_CONNECTIONS_PER_ADDRESS: "},
    {"ORDERS_HTTP_REQUEST_TIMEOUT", "0",
     "ORDERS_HTTP_REQUEST_TIMEOUT: \"0\" is not a number of seconds from 1 to 3600"},
    {"ORDERS_HTTP_SEND_TIMEOUT", "10s", "ORDERS_HTTP_SEND_TIMEOUT: "},
    {"ORDERS_HTTP_IDLE_TIMEOUT", "3601", "ORDERS_HTTP_IDLE_TIMEOUT: "},
    {"ORDERS_RATE_PER_PRINCIPAL", "-1",
     "ORDERS_RATE_PER_PRINCIPAL: \"-1\" is not a number of calls a second from 0 to 1000000"},
    {"ORDERS_HTTP_HIDE", "docs,all",
     "ORDERS_HTTP_HIDE: \"all\" is not one of metrics, readyz and docs, or a comma-separated list of them"},
    {"ORDERS_HTTP_MAX_BODY_BYTES", "2097152",
     "ORDERS_HTTP_MAX_BODY_BYTES: \"2097152\" is not a number of bytes from 1024 to 1048576"},
    {"API_KEY_FILE", "/no/such/file", "API_KEY_FILE: \"/no/such/file\" is not a readable file"},
};

Test(config, a_bad_value_is_named)
{
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct config config;
        char error[512] = "";
        setenv(bad[i].name, bad[i].value, 1);
        cr_assert_not(config_load(&config, 0, error, sizeof error), "%s=%s", bad[i].name, bad[i].value);
        cr_assert_eq(strncmp(error, bad[i].told, strlen(bad[i].told)), 0, "%s", error);
        config_free(&config);
        unsetenv(bad[i].name);
    }
}

Test(config, a_bad_key_is_not_shown)
{
    struct config config;
    char error[512] = "";
    setenv("API_KEY", "secret with blanks", 1);
    cr_assert_not(config_load(&config, CONFIG_API_KEY, error, sizeof error));
    cr_assert_null(strstr(error, "secret"), "%s", error);
    config_free(&config);
}

Test(config, what_is_needed_is_missed)
{
    struct config config;
    char error[512] = "";
    cr_assert_not(config_load(&config, CONFIG_DATABASE, error, sizeof error));
    cr_assert_not_null(strstr(error, "DATABASE_URL: is not set"), "%s", error);
    config_free(&config);
    cr_assert_not(config_load(&config, CONFIG_API_KEY, error, sizeof error));
    cr_assert_not_null(strstr(error, "API_KEY: is not set"), "%s", error);
    config_free(&config);
}

Test(config, a_failed_main_exits_with_78, .exit_code = EXIT_CONFIG)
{
    struct config config;
    tear_down(); /* fini is not run after exit */
    config_load_or_exit(&config, CONFIG_DATABASE, "test");
}

/* What may pass by itself is tried again. */
Test(config, what_is_short_for_now_is_no_wrong_setting)
{
    cr_assert_eq(config_exit_code(EADDRINUSE), EXIT_TRY_AGAIN);
    cr_assert_eq(config_exit_code(ENOMEM), EXIT_TRY_AGAIN);
    cr_assert_eq(config_exit_code(EAGAIN), EXIT_TRY_AGAIN, "no thread");
    cr_assert_eq(config_exit_code(EMFILE), EXIT_TRY_AGAIN);
    cr_assert_eq(config_exit_code(EINVAL), EXIT_CONFIG);
}

Test(config, an_error_names_the_setting_that_it_is_of)
{
    char error[40] = "cannot listen";
    errno = EADDRINUSE;
    config_name_setting("ORDERS_HTTP", error, sizeof error);
    cr_assert_str_eq(error, "ORDERS_HTTP: cannot listen");
    config_name_setting("ORDERS_LISTEN", error, sizeof error);
    cr_assert_str_eq(error, "ORDERS_HTTP: cannot listen", "it names one already");
    cr_assert_eq(errno, EADDRINUSE);
    char full[] = "cannot listen";
    config_name_setting("ORDERS_HTTP", full, sizeof full);
    cr_assert_str_eq(full, "ORDERS_HTTP: ", "as much as there is room for");
    char small[] = "cannot";
    config_name_setting("ORDERS_HTTP", small, sizeof small);
    cr_assert_str_eq(small, "cannot");
}

Test(config, a_driver_of_sqlalchemys_is_taken_out_of_the_url)
{
    static const struct {
        const char *given, *wanted;
    } cases[] = {
        {"postgresql+psycopg://u:p+w@h/d", "postgresql://u:p+w@h/d"},
        {"postgres+asyncpg:///d", "postgres:///d"},
        {"postgresql://u:a+b://@h/d", "postgresql://u:a+b://@h/d"},
        {"postgresql+x@y://h/d", "postgresql+x@y://h/d"},
        {"post+psycopg://h/d", "post+psycopg://h/d"},
        {"password=postgresql+psycopg://", "password=postgresql+psycopg://"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct config config;
        char error[256];
        setenv("DATABASE_URL", cases[i].given, 1);
        cr_assert(config_load(&config, CONFIG_DATABASE, error, sizeof error), "%s", error);
        cr_assert_str_eq(config.database_url, cases[i].wanted);
        config_free(&config);
    }
}

/* Unless something is set, callers have no limits of their own, nothing is hidden, and the log has a bound.
 */
Test(config, limits_are_for_who_sets_them)
{
    struct config config;
    char error[512] = "";
    cr_assert(config_load(&config, 0, error, sizeof error), "%s", error);
    cr_expect_eq(config.max_calls_each + config.rate_each + config.burst_each, 0);
    cr_expect_eq(config.log_sample, 100);
    cr_expect(!config.http_hidden.metrics && !config.http_hidden.readyz && !config.http_hidden.docs);
    config_free(&config);
    setenv("ORDERS_MAX_CALLS_PER_PRINCIPAL", "10", 1);
    setenv("ORDERS_RATE_PER_PRINCIPAL", "20", 1);
    setenv("ORDERS_BURST_PER_PRINCIPAL", "30", 1);
    setenv("ORDERS_LOG_SAMPLE", "0", 1);
    setenv("ORDERS_HTTP_HIDE", " docs , metrics", 1);
    cr_assert(config_load(&config, 0, error, sizeof error), "%s", error);
    cr_expect_eq(config.max_calls_each, 10);
    cr_expect_eq(config.rate_each, 20);
    cr_expect_eq(config.burst_each, 30);
    cr_expect_eq(config.log_sample, 0);
    cr_expect(config.http_hidden.metrics && !config.http_hidden.readyz && config.http_hidden.docs);
    config_free(&config);
}
