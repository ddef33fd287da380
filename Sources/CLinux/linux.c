#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#if defined(__aarch64__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

const int linux_no_access_time = O_NOATIME;
const int linux_path_only = O_PATH;

int linux_open_beneath(int directory, const char *path, int flags, unsigned int mode, int mounts)
{
    // The kernel's interface, by number: the headers of the build machine may be older. Source: openat2(2).
    enum { no_other_mounts = 1, no_magic_links = 2, no_links = 4, beneath = 8 };
    const uint64_t how[3] = {flags, flags & O_CREAT ? mode : 0,
                             (mounts ? 0 : no_other_mounts) | no_magic_links | no_links | beneath};
    long descriptor = syscall(437, directory, path, how, sizeof how);

    // Only the owner of a file may ask for that.
    if (descriptor < 0 && errno == EPERM && flags & O_NOATIME)
        return linux_open_beneath(directory, path, flags & ~O_NOATIME, mode, mounts);
    // Kernels before 5.6, and some containers, do not have it. For a single name this is as good, but for mounts.
    if (descriptor < 0 && (errno == ENOSYS || errno == EPERM))
        return openat(directory, path, (flags & ~O_NOATIME) | O_NOFOLLOW, mode);
    return (int)descriptor;
}

int linux_renameat_noreplace(int from_directory, const char *from, int to_directory, const char *to)
{
    return renameat2(from_directory, from, to_directory, to, RENAME_NOREPLACE);
}

int linux_accept_cloexec(int socket, void *address, unsigned int *length)
{
    return accept4(socket, address, length, SOCK_CLOEXEC);
}

int linux_memfd_create(const char *name)
{
    return memfd_create(name, MFD_CLOEXEC);
}

int linux_forbid_dumps(void)
{
    return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

int linux_signal_on_parent_death(int signal)
{
    return prctl(PR_SET_PDEATHSIG, signal, 0, 0, 0);
}

int linux_spawn(int *process, const char *path, char *const arguments[], char *const environment[],
                const int descriptors[], int count)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none, all;
    int error;

    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    // First above all targets, so that none is overwritten before it has been copied; then down to its place.
    int above = count;
    for (int i = 0; i < count; i++)
        if (descriptors[i] >= above)
            above = descriptors[i] + 1;
    for (int i = 0; i < count; i++)
        posix_spawn_file_actions_adddup2(&actions, descriptors[i], above + i);
    for (int i = 0; i < count; i++)
        posix_spawn_file_actions_adddup2(&actions, above + i, i);
    posix_spawn_file_actions_addclosefrom_np(&actions, count);
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setflags(&attributes,
                             POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID);
    error = posix_spawn(process, path, &actions, &attributes, arguments, environment);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return error;
}

int linux_fork(void)
{
    return fork();
}

// The arguments as the kernel has put them into memory, where the list of processes shows them.
static char **arguments;
static int argument_count;

__attribute__((constructor)) static void remember_arguments(int count, char **values)
{
    arguments = values;
    argument_count = count;
}

void linux_replace_last_argument(const char *text)
{
    char *last = argument_count > 0 ? arguments[argument_count - 1] : NULL;

    if (last != NULL)
        strncpy(last, text, strlen(last));
}

int linux_socket_pair(int ends[2], int keeps_messages)
{
    return socketpair(AF_UNIX, (keeps_messages ? SOCK_SEQPACKET : SOCK_STREAM) | SOCK_CLOEXEC, 0, ends);
}

int linux_send_message(int socket, const void *bytes, long count, const int descriptors[], int descriptor_count)
{
    union {
        char bytes[CMSG_SPACE(linux_most_descriptors * sizeof(int))];
        struct cmsghdr alignment;
    } control;
    struct iovec part = {(void *)bytes, (size_t)count};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    ssize_t sent;

    if (descriptor_count > linux_most_descriptors) {
        errno = EMSGSIZE;
        return -1;
    }
    if (descriptor_count > 0) {
        memset(&control, 0, sizeof control);
        message.msg_control = control.bytes;
        message.msg_controllen = CMSG_SPACE((size_t)descriptor_count * sizeof(int));
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN((size_t)descriptor_count * sizeof(int));
        memcpy(CMSG_DATA(header), descriptors, (size_t)descriptor_count * sizeof(int));
    }
    do
        sent = sendmsg(socket, &message, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    return sent == count ? 0 : -1;
}

long linux_receive_message(int socket, void *bytes, long size, int descriptors[], int *descriptor_count)
{
    union {
        char bytes[CMSG_SPACE(linux_most_descriptors * sizeof(int))];
        struct cmsghdr alignment;
    } control;
    struct iovec part = {bytes, (size_t)size};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes,
                             .msg_controllen = sizeof control};
    ssize_t count;

    *descriptor_count = 0;
    do
        count = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
    while (count < 0 && errno == EINTR);
    if (count < 0)
        return -1;
    for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header != NULL; header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS)
            continue;
        int here = (int)((header->cmsg_len - CMSG_LEN(0)) / sizeof(int));
        for (int i = 0; i < here; i++) {
            int descriptor;
            memcpy(&descriptor, CMSG_DATA(header) + (size_t)i * sizeof(int), sizeof descriptor);
            if (*descriptor_count < linux_most_descriptors)
                descriptors[(*descriptor_count)++] = descriptor;
            else
                close(descriptor);
        }
    }
    if (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) {
        for (int i = 0; i < *descriptor_count; i++)
            close(descriptors[i]);
        *descriptor_count = 0;
        errno = EMSGSIZE;
        return -1;
    }
    return count;
}

int linux_ended_child(void)
{
    siginfo_t info = { .si_signo = 0 };

    return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_signo != 0 ? info.si_pid : 0;
}

int linux_limit_thread_time(int milliseconds)
{
    static _Thread_local timer_t timer;
    static _Thread_local int is_made;
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGXCPU};
    struct itimerspec time = {.it_value = {milliseconds / 1000, milliseconds % 1000 * 1000000L}};

    if (!is_made && timer_create(CLOCK_THREAD_CPUTIME_ID, &event, &timer) != 0)
        return -1;
    is_made = 1;
    return timer_settime(timer, 0, &time, NULL);
}

void linux_begin_writing(int descriptor, long long offset, long long count)
{
    // Where the file system cannot, all is written at the end.
    (void)sync_file_range(descriptor, offset, count, SYNC_FILE_RANGE_WRITE);
}

int linux_processor_has_aes(void)
{
#if defined(__x86_64__) || defined(__i386__)
    return __builtin_cpu_supports("aes") != 0;
#elif defined(__aarch64__)
    return (getauxval(AT_HWCAP) & HWCAP_AES) != 0;
#else
    return 0;
#endif
}

int linux_signal_descriptor(const int signals[], int count)
{
    sigset_t set;

    sigemptyset(&set);
    for (int i = 0; i < count; i++)
        sigaddset(&set, signals[i]);
    if (pthread_sigmask(SIG_BLOCK, &set, NULL) != 0)
        return -1;
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

int linux_next_signal(int descriptor)
{
    struct signalfd_siginfo info;

    return read(descriptor, &info, sizeof info) == sizeof info ? (int)info.ssi_signo : 0;
}
