/* A wall clock that is wrong by CLOCK_WRONG_S seconds, for every process that loads this before its C library.
 *
 * Only what time of day it is changes: durations, sleeps and deadlines are the kernel's. (faketime 0.9.10 would do, but
 * for its clock_nanosleep, which refuses the deadlines of time.sleep() in Python 3.11.)
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

int clock_gettime(clockid_t clock, struct timespec *at) {
    long failed = syscall(SYS_clock_gettime, clock, at);
    if (!failed && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
        const char *wrong_s = getenv("CLOCK_WRONG_S");
        at->tv_sec += wrong_s ? atol(wrong_s) : 0;
    }
    return (int)failed;
}

int gettimeofday(struct timeval *at, void *zone) {
    struct timespec now;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &now);
    at->tv_sec = now.tv_sec;
    at->tv_usec = now.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *at) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (at)
        *at = now.tv_sec;
    return now.tv_sec;
}
