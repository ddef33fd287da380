// Calls functions of the C library inside another process, as somebody would who has taken it over, and prints what they
// return.
//   InjectedCall PID 'socket 1 1 0' 'open /etc/passwd 0' ...
// The process must be waiting in a system call; root alone may do this. An argument is a number, or else a string.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(__x86_64__)
static unsigned long library(int process)
{
    char line[1024], path[64];
    unsigned long base = 0;
    FILE *maps;

    snprintf(path, sizeof path, "/proc/%d/maps", process);
    maps = fopen(path, "r");
    while (maps != NULL && fgets(line, sizeof line, maps) != NULL)
        if (strstr(line, "/libc.so.6") != NULL) {
            base = strtoul(line, NULL, 16);
            break;
        }
    if (maps != NULL)
        fclose(maps);
    return base;
}

static void put(FILE *memory, unsigned long place, const void *bytes, size_t count)
{
    if (fseek(memory, (long)place, SEEK_SET) != 0 || fwrite(bytes, 1, count, memory) != count || fflush(memory) != 0) {
        perror("the process's memory");
        exit(1);
    }
}

/// Lets the process run until it returns to address 0, or ends.
static int run(int process)
{
    int status;

    for (;;) {
        ptrace(PTRACE_CONT, process, 0, 0);
        if (waitpid(process, &status, __WALL) < 0 || WIFEXITED(status) || WIFSIGNALED(status))
            return -1;
        if (WSTOPSIG(status) == SIGSEGV)
            return 0;
    }
}

int main(int count, char **values)
{
    int process = count > 2 ? atoi(values[1]) : 0, status;
    unsigned long here = library(getpid()), there = library(process);
    struct user_regs_struct before, call;
    char path[64];

    snprintf(path, sizeof path, "/proc/%d/mem", process);
    if (here == 0 || there == 0 || ptrace(PTRACE_ATTACH, process, 0, 0) != 0) {
        perror("cannot attach");
        return 1;
    }
    waitpid(process, &status, __WALL);
    ptrace(PTRACE_GETREGS, process, 0, &before);
    FILE *memory = fopen(path, "r+");
    for (int i = 2; memory != NULL && i < count; i++) {
        char *text = strdup(values[i]), *name = strtok(text, " "), *word;
        void *function = dlsym(RTLD_DEFAULT, name);
        unsigned long long *registers[] = {(void *)&call.rdi, (void *)&call.rsi, (void *)&call.rdx,
                                           (void *)&call.rcx, (void *)&call.r8,  (void *)&call.r9};
        unsigned long stack = (before.rsp - 16384) & ~0xfUL, strings = stack + 64, none = 0;
        int argument = 0;

        if (function == NULL) {
            printf("%s: no such function\n", name);
            continue;
        }
        call = before;
        while ((word = strtok(NULL, " ")) != NULL && argument < 6) {
            char *end;
            long long number = strtoll(word, &end, 0);
            if (*end != 0) {
                put(memory, strings, word, strlen(word) + 1);
                number = (long long)strings;
                strings += strlen(word) + 1;
            }
            *registers[argument++] = (unsigned long long)number;
        }
        stack -= 8;
        put(memory, stack, &none, sizeof none);
        call.rsp = stack;
        call.rip = there + ((unsigned long)function - here);
        call.rax = 0;
        call.orig_rax = (unsigned long long)-1;
        ptrace(PTRACE_SETREGS, process, 0, &call);
        if (run(process) != 0) {
            printf("%s: the process has ended\n", values[i]);
            return 0;
        }
        ptrace(PTRACE_GETREGS, process, 0, &call);
        printf("%s = %lld\n", values[i], (long long)(int)call.rax);
        free(text);
    }
    // The interrupted system call is not started again: it returns EINTR.
    if ((long long)before.orig_rax >= 0 && (long long)before.rax < 0)
        before.rax = (unsigned long long)-EINTR;
    before.orig_rax = (unsigned long long)-1;
    ptrace(PTRACE_SETREGS, process, 0, &before);
    ptrace(PTRACE_DETACH, process, 0, 0);
    return 0;
}
#else
int main(void)
{
    puts("not on this processor");
    return 2;
}
#endif
