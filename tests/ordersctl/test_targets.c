/* test_targets.c: the config file: which of several settings counts, and what is wrong with a bad one. */
#include "fixture.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

TestSuite(targets, .init = fixture_set_up, .fini = fixture_tear_down, .timeout = 60);

static const char nowhere[] = "tcp://127.0.0.1:1";

Test(targets, the_default_and_the_named_one)
{
    temporary_file("key", format("%s\n", service->api_key));
    config_file(format("# two services\ndefault = here\n\n[target here]\nconnect = %s\napi-key-file = ~/key\n"
                       "output = ndjson\n\n[target there]\nconnect = %s\napi-key = other\ntimeout = 0.2\n",
                       service->rpc_url, nowhere));
    assert_outcome(run_with(NULL, "create", "--order-id", "A-1", "--customer-id", "C", "--amount", "1",
                            "--currency", "ISK", "--columns", "order_id"),
                   0, "{\"order_id\":\"A-1\"}\n", "");
    assert_outcome(run_with(NULL, "methods", "Check", "--output", "csv"), 0, NULL, "");
    assert_outcome(run_with(NULL, "list", "--target", "there"), 7, "",
                   "ordersctl: UNAVAILABLE: No server within reach\n"
                   "  tcp://127.0.0.1:1: Connection refused\n");
    assert_outcome(
        run_with(NULL, "--target=nowhere", "list"), 78, "",
        format("ordersctl: there is no target \"nowhere\" in %s/.config/ordersctl/config; there are: "
               "here, there\n",
               temporary_directory()));
    assert_outcome(run_with(NULL, "complete", "--", "--target", "h"), 0,
                   format("words\nhere\t%s\n", service->rpc_url), "");
}

Test(targets, options_win_over_the_environment_and_that_over_the_file)
{
    config_file(format(
        "default = there\n[target there]\nconnect = %s\napi-key = wrong\ntimeout = 0.2\noutput = csv\n",
        nowhere));
    /* Address and key of the environment, the form of the file. */
    assert_outcome(run_with(service, "list", "--columns", "order_id"), 0, "order_id\n", "");
    assert_outcome(run_with(service, "list", "--columns", "order_id", "--output", "json"), 0, "[]\n", "");
    assert_outcome(run_with(service, "get", "A-1", "--connect", nowhere), 7, "", NULL);
    /* A target that is asked for is an option. */
    assert_outcome(run_with(service, "get", "A-1", "--target", "there"), 7, "", NULL);
    assert_outcome(run_with(service, "get", "A-1", "--target", "there", "--connect", service->rpc_url), 6, "",
                   NULL);
}

/* The default target's key is nobody else's to see. */
Test(targets, a_key_goes_to_no_other_address)
{
    config_file(
        format("default = there\n[target there]\nconnect = %s\napi-key = %s\n", nowhere, service->api_key));
    struct service keyless = *service;
    keyless.api_key = "";
    const char *const told = "ordersctl: There is no key to present: that of target \"there\" is for its own "
                             "address; --target there takes both, --api-key-file a key of its own\n";
    assert_outcome(run_with(&keyless, "list"), 78, "", told);
    assert_outcome(run_with(NULL, "list", "--connect", service->rpc_url), 78, "", told);
    /* Its own, however it is said. */
    assert_outcome(run_with(NULL, "list", "--connect", nowhere, "--timeout", "0.2"), 7, "", NULL);
}

Test(targets, without_a_key_it_is_said_where_one_may_be)
{
    const struct outcome o = run_with(NULL, "list", "--connect", service->rpc_url);
    assert_outcome(o, 78, "", NULL);
    cr_assert_not_null(strstr(o.err, "There is no key to present: "), "%s", o.err);
    cr_assert_not_null(strstr(o.err, "--api-key-file"), "%s", o.err);
}

Test(targets, a_key_that_others_may_read_is_refused)
{
    const char *path = config_file("[target here]\napi-key = secret\n");
    chmod(path, 0640);
    assert_outcome(
        run_with(service, "list"), 78, "",
        format("ordersctl: %s: holds an api-key, and others may read it: chmod 600 %s\n", path, path));
    path = config_file("[target here]\napi-key-file = key\n");
    chmod(path, 0644);
    assert_outcome(run_with(service, "list"), 0, NULL, "");
}

Test(targets, a_bad_file_is_told_with_its_line)
{
    char longer[300];
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    const struct {
        const char *content, *why;
    } bad[] = {
        {"[target here]\nconect = x\n", "line 2: a target has no \"conect\"; it may have connect, "
                                        "api-key-file, api-key, timeout, output, ca, cert and cert-key"},
        {"connect = x\n",
         "line 1: a setting is to stand below [target NAME], of which there are at most 64; above "
         "them only default = NAME"},
        {"[server here]\nconnect = x\n",
         "line 2: a setting is to stand below [target NAME], of which there are at most 64; above them only "
         "default = NAME"},
        {"\n[target here]\nconnect\n", "line 3: neither [SECTION] nor NAME = VALUE"},
        {format("[target here]\nconnect = %s\n", longer), "line 2: longer than 199 characters"},
        {"[target \x1b[2J]\n\x1b[2J = 1\n", "line 2: a target has no \"\\u001b[2J\"; it may have connect, "
                                            "api-key-file, api-key, timeout, output, ca, cert and cert-key"},
        {"[target here]\nconnect = x\n[target there]\n[target here]\nconnect = y\n",
         "line 4: a second section of this name"},
        {"[target here]\nconnect = x\ntimeout = 1\nconnect = y\n",
         "line 4: a second \"connect\" of one target"},
        {"[target here]\nconnect = x\n y\n", "line 3: a second \"connect\" of one target"},
        {"default = a\ndefault = b\n[target a]\n[target b]\n", "line 2: a second default"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const char *path = config_file(bad[i].content);
        assert_outcome(run_with(service, "list"), 78, "", format("ordersctl: %s: %s\n", path, bad[i].why));
    }
    const char *path = config_file("default = here\n[target here]\ntimeout = soon\n");
    assert_outcome(
        run_with(service, "list"), 78, "",
        format("ordersctl: %s: [target here]: \"soon\" is not a number of seconds from 0.001 to 86400\n",
               path));
    config_file("default = gone\n");
    assert_outcome(run_with(service, "list"), 78, "", NULL);
}

/* Opening one would wait for somebody to write into it. */
Test(targets, what_is_no_file_is_refused)
{
    const char *path = config_file("");
    remove(path);
    mkfifo(path, 0600);
    assert_outcome(run_with(service, "list"), 78, "",
                   format("ordersctl: cannot read %s: Invalid argument\n", path));
}

/* --- the config file as commands --- */

TestSuite(config, .fini = test_end, .timeout = 60);

static const char two_targets[] = "# mine\n"
                                  "default = here ; for now\n"
                                  "\n"
                                  "[target here]\n"
                                  "connect = tcp://127.0.0.1:1\n"
                                  "api-key = a-secret\n"
                                  "\n"
                                  "[target there]\n"
                                  "api-key-file = there.key\n";

Test(config, view_and_list_show_all_but_a_key)
{
    const char *path = config_file(two_targets);
    const char *const folder = format("%s/.config/ordersctl", temporary_directory());
    assert_outcome(run_with(NULL, "config", "view"), 0,
                   format("# %s\n"
                          "default = here\n\n"
                          "[target here]\n"
                          "connect = tcp://127.0.0.1:1\n"
                          "api-key = (not shown)\n\n"
                          "[target there]\n"
                          "api-key-file = %s/there.key\n",
                          path, folder),
                   "");
    assert_outcome(run_with(NULL, "config", "list"), 0,
                   "DEFAULT  TARGET  CONNECT\n"
                   "*        here    tcp://127.0.0.1:1\n"
                   "         there   \n",
                   "");
    static const char *const verbs[] = {"view", "list"};
    for (size_t i = 0; i < 2; i++) {
        assert_outcome(run_with(NULL, "config", verbs[i], "-o", "csv"), 0,
                       format("name,default,connect,api-key,api-key-file,timeout,output,ca,cert,cert-key\n"
                              "here,true,tcp://127.0.0.1:1,\"(not shown)\",,,,,,\n"
                              "there,false,,,%s/there.key,,,,,\n",
                              folder),
                       "");
        const struct outcome o = run_with(NULL, "config", verbs[i], "-o", "ndjson");
        assert_outcome(o, 0, NULL, "");
        cr_assert_null(strstr(o.out, "a-secret"));
        cr_assert_str_eq(up_to("\n", o.out),
                         "{\"name\":\"here\",\"default\":true,\"connect\":\"tcp://127.0.0.1:1\","
                         "\"api-key\":\"(not shown)\"}");
    }
}

Test(config, use_changes_the_default_and_nothing_else)
{
    const char *path = config_file(two_targets);
    const char *const elsewhere = format("%s/dotfiles", temporary_directory());
    struct stat about;
    cr_assert_eq(rename(path, elsewhere), 0);
    cr_assert_eq(symlink(elsewhere, path), 0);
    assert_outcome(run_with(NULL, "config", "use", "there"), 0, "", "\"there\" is the default target now\n");
    const char *before = strstr(two_targets, " ; for now");
    cr_assert_str_eq(read_file(path), format("# mine\ndefault = there%s", before));
    cr_assert_eq(lstat(path, &about), 0);
    cr_assert(S_ISLNK(about.st_mode), "the link is no link any more");
    cr_assert_eq(stat(path, &about), 0);
    cr_assert_eq(about.st_mode & 0777, 0600, "%o", about.st_mode);
    assert_outcome(
        run_with(NULL, "config", "use", "theer"), 78, "",
        format("ordersctl: there is no target \"theer\" in %s; there are: here, there; did you mean "
               "\"there\"?\n",
               path));
    cr_assert_str_eq(read_file(path), format("# mine\ndefault = there%s", before));
}

Test(config, use_writes_a_default_where_there_is_none)
{
    static const struct {
        const char *before, *after;
    } files[] = {
        {"[target a]\ntimeout = 1\n", "default = a\n[target a]\ntimeout = 1\n"},
        {"\xef\xbb\xbf[target a]\ntimeout = 1", "\xef\xbb\xbf"
                                                "default = a\n[target a]\ntimeout = 1"},
        {"default = gone\r\n[target a]\r\ntimeout = 1\r\n", "default = a\r\n[target a]\r\ntimeout = 1\r\n"},
        {"default: gone\n\n[target a]\ntimeout = 1\n", "default = a\n\n[target a]\ntimeout = 1\n"},
    };
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        const char *path = config_file(files[i].before);
        assert_outcome(run_with(NULL, "config", "use", "a"), 0, "", NULL);
        cr_assert_str_eq(read_file(path), files[i].after);
    }
}

/* What inih would read as another name. */
Test(config, use_leaves_a_file_that_it_cannot_change_right)
{
    static const char odd[] = " default = a\n[target a]\ntimeout = 1\n[target b]\ntimeout = 1\n";
    const char *path = config_file(odd);
    assert_outcome(
        run_with(NULL, "config", "use", "b"), 78, "",
        format("ordersctl: %s cannot be changed for this name: write its default yourself\n", path));
    cr_assert_str_eq(read_file(path), odd);
}

Test(config, wrong_usage_is_told)
{
    assert_outcome(
        run_with(NULL, "config", "view"), 78, "",
        format("ordersctl: there is no config file %s/.config/ordersctl/config\n", temporary_directory()));
    config_file(two_targets);
    static const char *const wrong[][3] = {{NULL}, {"use"}, {"use", "a", "b"}, {"list", "here"}, {"lits"}};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_outcome(run_with(NULL, "config", wrong[i][0], wrong[i][1], wrong[i][2]), 2, "", NULL);
    assert_outcome(run_with(NULL, "complete", "--", "config", "use", "t"), 0, "words\nthere\n", "");
}
