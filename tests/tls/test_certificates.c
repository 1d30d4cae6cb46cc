/* test_certificates.c: whose a certificate is, which ones let a client in, and what a server does with files
 * that are none. The certificates are those of make_certificates. */
#include "tls/client.h"
#include "tls/server.h"
#include "tls/subject.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const int64_t server_ends = 4039372800, renewed_ends = 4070908800;

static char directory[] = "/tmp/test-certificates-XXXXXX";
static char error[512];

static void run(const char *program, const char *argument)
{
    int status;
    const pid_t child = fork();
    if (child == 0) {
        execlp(program, program, argument, (char *)NULL);
        _exit(127);
    }
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert_eq(status, 0);
}

static void set_up(void)
{
    cr_assert_not_null(mkdtemp(directory));
    run(getenv("MAKE_CERTIFICATES"), directory);
    cr_assert_eq(chdir(directory), 0);
}

static void tear_down(void)
{
    char command[64];
    snprintf(command, sizeof command, "rm -rf %s", directory);
    cr_assert_eq(system(command), 0);
}

TestSuite(certificates, .init = set_up, .fini = tear_down, .timeout = 60);

static struct tls_server *open_server(const char *cert, const char *key, const char *client_ca)
{
    const struct tls_server_files files = {cert, key, client_ca};
    return tls_server_open(&files, error, sizeof error);
}

static void copy(const char *from, const char *to)
{
    char bytes[8192];
    FILE *in = fopen(from, "r"), *out = fopen(to, "w");
    const size_t n = fread(bytes, 1, sizeof bytes, in);
    cr_assert_eq(fwrite(bytes, 1, n, out), n);
    fclose(in);
    fclose(out);
}

/* To free with OPENSSL_free. */
static struct tls_der read_der(const char *path)
{
    FILE *file = fopen(path, "r");
    X509 *certificate = PEM_read_X509(file, NULL, NULL, NULL);
    unsigned char *bytes = NULL;
    const int size = i2d_X509(certificate, &bytes);
    cr_assert_gt(size, 0);
    X509_free(certificate);
    fclose(file);
    return (struct tls_der){bytes, (size_t)size};
}

/* In seconds since 1970. */
static int64_t end_of(const char *path)
{
    struct tm utc = {0};
    struct tls_der der = read_der(path);
    const unsigned char *at = der.bytes;
    X509 *certificate = d2i_X509(NULL, &at, (long)der.size);
    cr_assert_eq(ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &utc), 1);
    X509_free(certificate);
    OPENSSL_free((void *)(uintptr_t)der.bytes);
    return timegm(&utc);
}

static bool admits(struct tls_server *server, const char *path, struct tls_holder *holder)
{
    const struct tls_der chain[] = {read_der(path)};
    const bool admitted = tls_server_admits(server, chain, 1, holder);
    OPENSSL_free((void *)(uintptr_t)chain[0].bytes);
    return admitted;
}

Test(certificates, the_subject_is_text_that_leaves_nothing_ambiguous)
{
    static const struct {
        int type;
        const char *value; /* of the common name */
        int size;
        const char *text;
    } cases[] = {
        {MBSTRING_UTF8, "billing", -1, "CN=billing,O=Example"},
        {MBSTRING_UTF8, "a,O=Other", -1, "CN=a\\,O=Other,O=Example"},
        {MBSTRING_UTF8, "a+b=c\"<>;", -1, "CN=a\\+b=c\\\"\\<\\>\\;,O=Example"},
        {MBSTRING_UTF8, " a ", -1, "CN=\\ a\\ ,O=Example"},
        {MBSTRING_UTF8, "#a", -1, "CN=\\#a,O=Example"},
        {MBSTRING_UTF8, "a\\b", -1, "CN=a\\\\b,O=Example"},
        {MBSTRING_UTF8, "\xc3\x9e", -1, "CN=\\C3\\9E,O=Example"},
        {V_ASN1_UTF8STRING, "a\0b", 3, "CN=a\\00b,O=Example"},
        {V_ASN1_UTF8STRING, "a\nb", 3, "CN=a\\0Ab,O=Example"},
    };
    struct tls_der der = read_der("writer.pem");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const unsigned char *at = der.bytes;
        char text[TLS_SUBJECT_BYTES];
        unsigned char *bytes = NULL;
        X509 *certificate = d2i_X509(NULL, &at, (long)der.size);
        X509_NAME *name = X509_NAME_new();
        cr_assert(X509_NAME_add_entry_by_txt(name, "O", MBSTRING_UTF8, (const unsigned char *)"Example", -1,
                                             -1, 0));
        cr_assert(X509_NAME_add_entry_by_txt(name, "CN", cases[i].type, (const unsigned char *)cases[i].value,
                                             cases[i].size, -1, 0));
        cr_assert(X509_set_subject_name(certificate, name));
        const int size = i2d_re_X509_tbs(certificate, NULL) > 0 ? i2d_X509(certificate, &bytes) : -1;
        cr_assert_gt(size, 0);
        cr_expect(tls_subject((struct tls_der){bytes, (size_t)size}, text));
        cr_expect_str_eq(text, cases[i].text);
        OPENSSL_free(bytes);
        X509_NAME_free(name);
        X509_free(certificate);
    }
    OPENSSL_free((void *)(uintptr_t)der.bytes);
}

Test(certificates, what_is_none_has_no_subject)
{
    struct tls_der der = read_der("writer.pem");
    char text[TLS_SUBJECT_BYTES] = "x";
    uint8_t longer[4096];
    cr_assert_not(tls_subject((struct tls_der){der.bytes, der.size - 1}, text));
    cr_assert_str_eq(text, "");
    cr_assert_not(tls_subject((struct tls_der){der.bytes, 0}, text));
    memcpy(longer, der.bytes, der.size);
    longer[der.size] = 0;
    cr_assert_not(tls_subject((struct tls_der){longer, der.size + 1}, text), "there is something behind it");
    OPENSSL_free((void *)(uintptr_t)der.bytes);
}

Test(certificates, clients_of_the_authority_are_admitted)
{
    struct tls_holder holder;
    struct tls_server *server = open_server("server.pem", "server.key", "ca.pem");
    cr_assert_not_null(server, "%s", error);
    cr_expect(admits(server, "writer.pem", &holder));
    cr_expect_str_eq(holder.subject, "CN=writer,O=Example");
    cr_expect_eq(holder.not_after, end_of("ca.pem"), "its own end is later");
    cr_expect(admits(server, "brief.pem", &holder));
    cr_expect_eq(holder.not_after, end_of("brief.pem"));
    static const char *const others[] = {"stranger.pem", "serves.pem", "expired.pem", "other-ca.pem"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        cr_expect_not(admits(server, others[i], &holder), "%s", others[i]);
        cr_expect_str_eq(holder.subject, "");
    }
    cr_expect_not(tls_server_admits(server, NULL, 0, &holder));
    tls_server_release(server);
}

static bool load_authorities(struct tls_server *server, const char *command)
{
    return system(command) == 0 && tls_server_load(server, error, sizeof error);
}

/* Of those whom it let in one goes on as long as his authority is trusted, whatever has become of others. */
Test(certificates, an_authority_is_trusted_until_it_is_withdrawn)
{
    struct tls_holder writer, stranger;
    cr_assert_eq(system("cat ca.pem other-ca.pem >authorities.pem"), 0);
    struct tls_server *server = open_server("server.pem", "server.key", "authorities.pem");
    cr_assert_not_null(server, "%s", error);
    cr_assert(admits(server, "writer.pem", &writer) && admits(server, "stranger.pem", &stranger));
    cr_expect(tls_server_trusts(server, writer.authority) && tls_server_trusts(server, stranger.authority));
    cr_expect_not(tls_server_trusts(server, 0));
    cr_assert(load_authorities(server, "cp ca.pem authorities.pem"), "%s", error);
    cr_expect(tls_server_trusts(server, writer.authority));
    cr_expect_not(tls_server_trusts(server, stranger.authority));
    cr_assert_not(load_authorities(server, "cp other-ca.pem authorities.pem; : >>authorities.pem; echo "
                                           "-----BEGIN CERTIFICATE----- >>authorities.pem"));
    cr_expect(tls_server_trusts(server, writer.authority), "a broken file withdraws nobody");
    cr_assert(load_authorities(server, "cp other-ca.pem authorities.pem"), "%s", error);
    cr_expect_not(tls_server_trusts(server, writer.authority));
    cr_expect(tls_server_trusts(server, stranger.authority), "it is there again");
    tls_server_release(server);
}

Test(certificates, new_files_hold_and_broken_ones_do_not)
{
    copy("server.pem", "now.pem");
    copy("server.key", "now.key");
    struct tls_server *server = open_server("now.pem", "now.key", NULL);
    cr_assert_not_null(server, "%s", error);
    cr_expect_eq(tls_server_not_after(server), server_ends);
    struct tls_identity *held = tls_server_identity(server);

    copy("renewed.pem", "now.pem");
    cr_expect_not(tls_server_load(server, error, sizeof error), "its key is another one");
    cr_expect_not_null(strstr(error, "now.key"), "%s", error);
    cr_expect_eq(tls_server_not_after(server), server_ends);
    copy("renewed.key", "now.key");
    cr_expect(tls_server_load(server, error, sizeof error), "%s", error);
    cr_expect_eq(tls_server_not_after(server), renewed_ends);
    unlink("now.pem");
    cr_expect_not(tls_server_load(server, error, sizeof error));
    cr_expect_eq(tls_server_not_after(server), renewed_ends);

    size_t size;
    cr_expect_not_null(strstr(tls_identity_cert(held, &size), "BEGIN CERTIFICATE"),
                       "who holds the last one has it");
    tls_identity_release(held);
    tls_server_release(server);
}

Test(certificates, a_file_that_is_none_is_named)
{
    static const struct {
        const char *cert, *key, *client_ca, *told;
    } cases[] = {
        {"none.pem", "server.key", NULL, "none.pem: No such file"},
        {"server.key", "server.key", NULL, "server.key: is no certificate"},
        {"server.pem", "server.pem", NULL, "server.pem: is no key"},
        {"server.pem", "renewed.key", NULL, "renewed.key: is not the key of the certificate in server.pem"},
        {"server.pem", "server.key", "server.key", "server.key: is no list of certificates"},
        {"server.pem", "locked.key", NULL, "locked.key: is no key in PEM without a passphrase"},
        {"cut.pem", "server.key", NULL, "cut.pem: is no certificate"},
        {"empty", "server.key", NULL, "empty: is empty"},
        {".", "server.key", NULL, ".: is no regular file"},
        {"fifo", "server.key", NULL, "fifo: is no regular file"},
    };
    cr_assert_eq(system("openssl ec -in server.key -aes128 -passout pass:x -out locked.key 2>errors"), 0);
    cr_assert_eq(system("head -c 200 ca.pem >cut && cat server.pem cut >cut.pem; : >empty; mkfifo fifo"), 0);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cr_expect_null(open_server(cases[i].cert, cases[i].key, cases[i].client_ca));
        cr_expect_eq(errno, EINVAL);
        cr_expect_eq(strncmp(error, cases[i].told, strlen(cases[i].told)), 0, "%s", error);
    }
    const struct tls_client_files half = {.cert = "writer.pem"};
    cr_expect_null(tls_client_open(&half, error, sizeof error));
    cr_expect_eq(errno, EINVAL);
}
