/* arguments.h: the command line of a program that takes its settings from the environment. */
#ifndef CONFIG_ARGUMENTS_H
#define CONFIG_ARGUMENTS_H

/* Answers --help and --version, and refuses everything else, before anything is begun: then it exits, with
 * EX_USAGE (64) of sysexits.h where something was refused. `version` is "ordersd 1.2.3"; both live on. */
void arguments_read(int argc, char *argv[], const char *version, const char *does);

#endif
