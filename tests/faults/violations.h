/* violations.h: promises that were broken. Safe from any thread. */
#ifndef FAULTS_VIOLATIONS_H
#define FAULTS_VIOLATIONS_H

/* Prints one on stderr, and counts it. */
void violation(const char *format, ...) __attribute__((format(printf, 1, 2)));

unsigned violations_count(void);

#endif
