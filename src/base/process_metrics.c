/* process_metrics.c: getrusage, getrlimit and /proc/self. What cannot be read stays as it was. */
#include "base/process_metrics.h"

#include "base/time.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { STAT_BYTES = 2048, US_PER_S = 1000000 };

static const struct metric_family families[PROCESS_FIGURES] = {
    [PROCESS_CPU] = {"process_cpu_seconds_total", "User and system CPU time spent, in seconds",
                     METRIC_COUNTER, .scale = 1e6},
    [PROCESS_RESIDENT] = {"process_resident_memory_bytes", "Resident memory, in bytes", METRIC_GAUGE},
    [PROCESS_VIRTUAL] = {"process_virtual_memory_bytes", "Virtual memory, in bytes", METRIC_GAUGE},
    [PROCESS_OPEN_FDS] = {"process_open_fds", "Open file descriptors", METRIC_GAUGE},
    [PROCESS_MAX_FDS] = {"process_max_fds", "How many file descriptors may be open", METRIC_GAUGE},
    [PROCESS_THREADS] = {"process_threads", "Threads of the process", METRIC_GAUGE},
    [PROCESS_START_TIME] = {"process_start_time_seconds",
                            "When the process started, in seconds since the epoch", METRIC_GAUGE,
                            .scale = 1e3},
};

/* What is wanted of /proc/self/stat (proc_pid_stat(5)), which has numbers behind the program's name. */
struct stat_line {
    int64_t threads;
    int64_t start_ticks; /* after the system's boot */
    int64_t virtual_bytes;
    int64_t resident_pages;
};

enum { NAME_FIELD = 2, THREADS_FIELD = 20, START_FIELD = 22, VIRTUAL_FIELD = 23, RESIDENT_FIELD = 24 };

/* 0: the line ends before. */
static int64_t field(const char *behind_name, int number)
{
    const char *at = behind_name;
    for (int i = NAME_FIELD; i < number && at != NULL; i++)
        at = strchr(at + 1, ' ');
    return at != NULL ? strtoll(at, NULL, 10) : 0;
}

static bool read_stat(struct stat_line *line)
{
    char text[STAT_BYTES];
    FILE *file = fopen("/proc/self/stat", "re");
    if (file == NULL)
        return false;
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    (void)fclose(file);
    const char *name_end = strrchr(text, ')'); /* the name may hold anything */
    if (name_end == NULL)
        return false;
    *line = (struct stat_line){
        .threads = field(name_end, THREADS_FIELD),
        .start_ticks = field(name_end, START_FIELD),
        .virtual_bytes = field(name_end, VIRTUAL_FIELD),
        .resident_pages = field(name_end, RESIDENT_FIELD),
    };
    return true;
}

/* Milliseconds since the epoch. */
static int64_t start_time_ms(int64_t start_ticks)
{
    struct timespec now, up;
    clock_gettime(CLOCK_REALTIME, &now);
    clock_gettime(CLOCK_BOOTTIME, &up);
    const int64_t boot_ms = (int64_t)(now.tv_sec - up.tv_sec) * 1000 + (now.tv_nsec - up.tv_nsec) / NS_PER_MS;
    return boot_ms + start_ticks * 1000 / sysconf(_SC_CLK_TCK);
}

static int64_t count_fds(void)
{
    int64_t n = 0;
    DIR *directory = opendir("/proc/self/fd");
    if (directory == NULL)
        return 0;
    // cppcheck-suppress readdirCalled; the stream is nobody else's
    while (readdir(directory) != NULL) /* NOLINT(concurrency-mt-unsafe) */
        n++;
    closedir(directory);
    return n - 3; /* ".", ".." and the directory's own */
}

static void process_metrics_refresh(void *arg)
{
    struct metric *const *figures = ((const struct process_metrics *)arg)->figures;
    struct stat_line line;
    struct rusage usage;
    struct rlimit files;
    if (getrusage(RUSAGE_SELF, &usage) == 0)
        metric_set(figures[PROCESS_CPU], (int64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * US_PER_S +
                                             usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
    if (getrlimit(RLIMIT_NOFILE, &files) == 0)
        metric_set(figures[PROCESS_MAX_FDS], (int64_t)files.rlim_cur);
    metric_set(figures[PROCESS_OPEN_FDS], count_fds());
    if (!read_stat(&line))
        return;
    metric_set(figures[PROCESS_THREADS], line.threads);
    metric_set(figures[PROCESS_VIRTUAL], line.virtual_bytes);
    metric_set(figures[PROCESS_RESIDENT], line.resident_pages * sysconf(_SC_PAGESIZE));
}

void process_metrics_add(struct process_metrics *process, struct metrics *metrics)
{
    struct stat_line line;
    for (int i = 0; i < PROCESS_FIGURES; i++)
        process->figures[i] = metrics_add(metrics, &families[i], NULL);
    /* Once: it is reckoned from two clocks, which are never read at the same moment, and who sees it change
     * takes that for another process. */
    if (read_stat(&line))
        metric_set(process->figures[PROCESS_START_TIME], start_time_ms(line.start_ticks));
    metrics_refresh(metrics, process_metrics_refresh, process);
}
