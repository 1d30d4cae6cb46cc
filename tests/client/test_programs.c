/* test_programs.c: programs of others than ours against a real service: one that is built on the installed
 * library, and one in another language. */
#include "support/service.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

TestSuite(programs, .timeout = 120);

/* Runs a script of this folder with the service in its environment. */
static void run_with_service(const char *script)
{
    struct service *service = service_start(&(struct service_options){.without_http = true});
    char command[4096];
    setenv("ORDERS_CONNECT", service->rpc_url, 1);
    setenv("API_KEY", service->api_key, 1);
    snprintf(command, sizeof command, "'%s/%s'", getenv("CLIENT_TESTS"), script);
    const int status = system(command);
    cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0, "%s failed", script);
    service_stop_clean(service);
}

Test(programs, the_example_is_built_on_what_is_installed_and_runs)
{
    run_with_service("build_example");
}

Test(programs, a_client_in_python_speaks_the_wire)
{
    run_with_service("python_tests");
}
