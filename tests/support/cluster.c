/* cluster.c: by tools/postgres. */
#include "support/cluster.h"

#include "support/database.h"

#include <criterion/criterion.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void run(const char *format, ...)
{
    char command[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(command, sizeof command, format, arguments);
    va_end(arguments);
    cr_assert_eq(system(command), 0, "%s", command);
}

static const char *tool(void)
{
    return getenv("TOOLS_POSTGRES");
}

void cluster_start(const struct cluster *cluster, const char *settings)
{
    run("%s start %s/data fsync=off %s", tool(), cluster->directory, settings);
}

void cluster_stop(const struct cluster *cluster, const char *mode)
{
    run("%s stop %s/data %s", tool(), cluster->directory, mode);
}

static void name(struct cluster *cluster)
{
    strcpy(cluster->directory, "/tmp/test-cluster-XXXXXX");
    cr_assert_not_null(mkdtemp(cluster->directory));
    run("chmod 755 %s", cluster->directory);
    snprintf(cluster->host, sizeof cluster->host, "%s/data", cluster->directory);
    snprintf(cluster->database_url, sizeof cluster->database_url, "host=%s user=postgres dbname=postgres",
             cluster->host);
}

/* As migrations do: rights are not dumped, since they are of roles that are not there. */
static void keep_functions_private(const struct cluster *cluster)
{
    PGconn *session = database_connect(cluster->database_url);
    free(database_query(session, "DO $$ DECLARE each regprocedure; BEGIN FOR each IN SELECT oid FROM pg_proc "
                                 "WHERE prosecdef AND proname LIKE 'order\\_rollup\\_%' LOOP EXECUTE "
                                 "format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', each); "
                                 "END LOOP; END $$"));
    PQfinish(session);
}

void cluster_create(struct cluster *cluster)
{
    name(cluster);
    cluster_start(cluster, "");
    run("pg_dump --no-owner --no-privileges --dbname 'host=%s user=%s dbname=orders_template' | psql --quiet "
        "--no-psqlrc "
        "--set ON_ERROR_STOP=1 --dbname '%s' >/dev/null",
        getenv("TEST_PGHOST"), getenv("TEST_PGUSER"), cluster->database_url);
    keep_functions_private(cluster);
}

void cluster_create_standby(struct cluster *standby, struct cluster *primary)
{
    name(standby);
    cluster_stop(primary, "fast");
    run("cp -a %s/data %s/data", primary->directory, standby->directory);
    cluster_start(primary, "");
    run("cd %s/data && touch standby.signal && chown --reference=PG_VERSION standby.signal && "
        "echo \"primary_conninfo = 'host=%s user=postgres'\" >>postgresql.auto.conf",
        standby->directory, primary->host);
    cluster_start(standby, "");
}

void cluster_destroy(const struct cluster *cluster)
{
    cluster_stop(cluster, "immediate");
    run("rm -rf %s", cluster->directory);
}

void cluster_set(const struct cluster *cluster, const char *setting)
{
    char sql[256];
    PGconn *session = database_connect(cluster->database_url);
    snprintf(sql, sizeof sql, "ALTER SYSTEM SET %s", setting);
    free(database_query(session, sql));
    free(database_query(session, "SELECT pg_reload_conf()"));
    PQfinish(session);
}
