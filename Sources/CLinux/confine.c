#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

// The kernel's interface, by number: the headers of the build machine may be older than the kernel that it runs on.
// Source: Documentation/userspace-api/landlock.rst.
enum {
    execute = 1 << 0, write_file = 1 << 1, read_file = 1 << 2, read_dir = 1 << 3, remove_dir = 1 << 4,
    remove_file = 1 << 5, make_dir = 1 << 7, make_reg = 1 << 8, make_sock = 1 << 9, refer = 1 << 13,
    truncate_file = 1 << 14,
};

// The rights of each version of the interface; the last entry is for all later versions.
static const uint64_t known_rights[] = {0, 0x1fff, 0x3fff, 0x7fff, 0x7fff, 0xffff};

struct landlock_ruleset { uint64_t handled_files, handled_network, scoped; };
struct landlock_path { uint64_t allowed; int32_t parent; } __attribute__((packed));

int linux_landlock_version(void)
{
    long version = syscall(444, NULL, 0, 1);

    return version > 0 ? (int)version : 0;
}

static uint64_t known(int version)
{
    int last = sizeof known_rights / sizeof known_rights[0] - 1;

    return known_rights[version < last ? version : last];
}

int linux_landlock_begin(int version)
{
    struct landlock_ruleset rules = {.handled_files = known(version)};
    size_t size = sizeof rules.handled_files;

    if (version >= 4) {
        rules.handled_network = 3; // Neither bind nor connect.
        size = offsetof(struct landlock_ruleset, scoped);
    }
    if (version >= 6) {
        rules.scoped = 3; // No abstract sockets, no signals to processes outside.
        size = sizeof rules;
    }
    return (int)syscall(444, &rules, size, 0);
}

int linux_landlock_allow(int rules, int version, const char *path, int use)
{
    static const uint64_t rights[] = {
        [linux_use_read] = read_file | read_dir,
        [linux_use_run] = read_file | read_dir | execute,
        [linux_use_device] = read_file | write_file | truncate_file,
        [linux_use_change] = read_file | read_dir | write_file | remove_dir | remove_file | make_dir | make_reg | refer
                             | truncate_file,
        [linux_use_home] = read_file | read_dir | write_file | remove_dir | remove_file | make_dir | make_reg | make_sock
                           | refer | truncate_file,
        [linux_use_remove_directory] = remove_dir,
        [linux_use_list] = read_dir | make_dir,
    };
    struct landlock_path rule = {.allowed = rights[use] & known(version)};
    struct stat status;
    int result;

    rule.parent = open(path, O_PATH | O_CLOEXEC);
    if (rule.parent < 0)
        return -1;
    if (fstat(rule.parent, &status) == 0 && !S_ISDIR(status.st_mode))
        rule.allowed &= execute | read_file | write_file | truncate_file;
    result = (int)syscall(445, rules, 1, &rule, 0);
    close(rule.parent);
    return result;
}

int linux_landlock_enter(int rules)
{
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return -1;
    return (int)syscall(446, rules, 0);
}

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#endif

int linux_seccomp_is_there(void)
{
#ifdef ARCHITECTURE
    const uint32_t action = SECCOMP_RET_ERRNO;

    return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
#else
    return 0;
#endif
}

#ifdef ARCHITECTURE
/// Puts a filter in force, for all threads.
static int enter(struct sock_filter *filter, unsigned short count)
{
    struct sock_fprog program = {.len = count, .filter = filter};

    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return -1;
    return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program);
}
#endif

// Calls with which attacks on the kernel or on other processes begin, and which neither a monitor nor GnuPG makes.
#define FORBID(call) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (call), 0, 1), BPF_STMT(BPF_RET | BPF_K, forbidden)

int linux_seccomp_enter_monitor(void)
{
#ifdef ARCHITECTURE
    const uint32_t forbidden = SECCOMP_RET_ERRNO | EPERM;
    const uint32_t number = offsetof(struct seccomp_data, nr), architecture = offsetof(struct seccomp_data, arch);
    const uint32_t first = offsetof(struct seccomp_data, args[0]);
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, architecture),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, number),
#if defined(__x86_64__)
        // The x32 numbers are the same calls again.
        BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x40000000, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
        FORBID(SYS_iopl), FORBID(SYS_ioperm), FORBID(SYS_modify_ldt), FORBID(SYS_uselib),
#endif
        FORBID(SYS_ptrace), FORBID(SYS_process_vm_readv), FORBID(SYS_process_vm_writev), FORBID(SYS_kcmp),
        FORBID(438 /* pidfd_getfd */), FORBID(SYS_open_by_handle_at), FORBID(SYS_mount), FORBID(SYS_umount2),
        FORBID(SYS_pivot_root), FORBID(SYS_chroot), FORBID(SYS_unshare), FORBID(SYS_setns), FORBID(428 /* open_tree */),
        FORBID(429 /* move_mount */), FORBID(430 /* fsopen */), FORBID(432 /* fsmount */),
        FORBID(442 /* mount_setattr */), FORBID(SYS_swapon), FORBID(SYS_swapoff), FORBID(SYS_reboot),
        FORBID(SYS_kexec_load), FORBID(SYS_kexec_file_load), FORBID(SYS_init_module),
        FORBID(SYS_finit_module), FORBID(SYS_delete_module), FORBID(SYS_bpf), FORBID(SYS_perf_event_open),
        FORBID(SYS_userfaultfd), FORBID(425 /* io_uring_setup */), FORBID(426 /* io_uring_enter */),
        FORBID(427 /* io_uring_register */), FORBID(SYS_keyctl), FORBID(SYS_add_key), FORBID(SYS_request_key),
        FORBID(SYS_acct), FORBID(SYS_quotactl), FORBID(SYS_settimeofday), FORBID(SYS_clock_settime),
        FORBID(SYS_adjtimex), FORBID(SYS_sethostname), FORBID(SYS_setdomainname), FORBID(SYS_syslog),
        FORBID(SYS_fanotify_init), FORBID(SYS_personality),
        // A filter cannot read its flags, which are in memory; the C library then uses clone.
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 435 /* clone3 */, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 0, 4),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, first),
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K,
                 CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET,
                 0, 1),
        BPF_STMT(BPF_RET | BPF_K, forbidden),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        // Only sockets to gpg-agent.
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, first),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_UNIX, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, forbidden),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    return enter(filter, sizeof filter / sizeof filter[0]);
#else
    errno = ENOSYS;
    return -1;
#endif
}

// The calls of libssh, libcrypto, libgcrypt, libsodium, the Swift libraries and the C library in a session. What Landlock
// and the descriptors at hand decide about is allowed; nothing here reaches another process.
static const int session_calls[] = {
    // Open files, sockets and pipes.
    SYS_read, SYS_write, SYS_readv, SYS_writev, SYS_pread64, SYS_pwrite64, SYS_preadv, SYS_pwritev, SYS_lseek, SYS_close,
    SYS_dup, SYS_dup3, SYS_ppoll, SYS_pselect6, SYS_recvfrom, SYS_recvmsg, SYS_sendmsg, SYS_shutdown, SYS_getsockopt,
    SYS_setsockopt, SYS_getsockname, SYS_getpeername, SYS_flock, SYS_fsync, SYS_fdatasync, SYS_sync_file_range,
    SYS_ftruncate, SYS_fallocate, SYS_fadvise64, SYS_fstat, SYS_fstatfs, SYS_fchmod, SYS_fchown,
    SYS_getdents64,
    // Files by name, below the directories of Landlock's rules.
    SYS_openat, 437 /* openat2 */, SYS_newfstatat, SYS_statx, SYS_statfs, SYS_faccessat, 439 /* faccessat2 */,
    SYS_readlinkat, SYS_mkdirat, SYS_unlinkat, SYS_renameat2, SYS_linkat, SYS_fchmodat, SYS_fchownat, SYS_utimensat,
    SYS_getcwd,
    SYS_umask,
    // Memory.
    SYS_brk, SYS_munmap, SYS_mremap, SYS_madvise, SYS_mlock, SYS_mlock2, SYS_munlock, SYS_msync,
    // Threads, time and this process itself.
    SYS_futex, SYS_set_robust_list, SYS_get_robust_list, SYS_sched_yield, SYS_sched_getaffinity,
    SYS_sched_getparam, SYS_sched_getscheduler, SYS_membarrier, SYS_gettid, SYS_getpid, SYS_getppid, SYS_getuid,
    SYS_geteuid, SYS_getgid, SYS_getegid, SYS_getresuid, SYS_getresgid, SYS_getgroups, SYS_rt_sigaction,
    SYS_rt_sigprocmask, SYS_rt_sigreturn, SYS_sigaltstack, SYS_restart_syscall, SYS_exit, SYS_exit_group, SYS_nanosleep,
    SYS_clock_nanosleep, SYS_clock_gettime, SYS_clock_getres, SYS_gettimeofday, SYS_timer_create, SYS_timer_settime,
    SYS_timer_gettime, SYS_timer_getoverrun, SYS_timer_delete, SYS_getrandom, SYS_uname, SYS_sysinfo, SYS_getrusage,
    SYS_times, SYS_getrlimit,
    // Tighter rules of Landlock, after the login.
    444, 445, 446,
#if defined(__x86_64__)
    SYS_open, SYS_stat, SYS_lstat, SYS_access, SYS_readlink, SYS_getdents, SYS_mkdir, SYS_rmdir, SYS_unlink, SYS_rename,
    SYS_creat, 334 /* rseq */, SYS_link, SYS_renameat, SYS_poll, SYS_select, SYS_dup2, SYS_time, SYS_arch_prctl, SYS_chmod,
#elif defined(__aarch64__)
    SYS_renameat, 293 /* rseq */,
#endif
};

int linux_seccomp_enter_session(void)
{
#ifdef ARCHITECTURE
    enum { most = 512 };
    const uint32_t forbidden = SECCOMP_RET_ERRNO | EPERM, unknown = SECCOMP_RET_ERRNO | ENOSYS;
    const uint32_t number = offsetof(struct seccomp_data, nr), architecture = offsetof(struct seccomp_data, arch);
    struct sock_filter filter[most];
    unsigned short count = 0;

#define ADD(...) (filter[count++] = (struct sock_filter)__VA_ARGS__)
#define RETURN(action) ADD(BPF_STMT(BPF_RET | BPF_K, (action)))
#define LOAD(place) ADD(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (place)))
// The half of argument `i` that a comparison needs: all processors here are little-endian.
#define LOW(i) (uint32_t)(offsetof(struct seccomp_data, args) + 8 * (i))
#define IF_NOT(value, skipped) ADD(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)(value), 0, (skipped)))
    LOAD(architecture);
    ADD(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0));
    RETURN(SECCOMP_RET_KILL_PROCESS);
    LOAD(number);
    for (size_t i = 0; i < sizeof session_calls / sizeof session_calls[0]; i++) {
        IF_NOT(session_calls[i], 1);
        RETURN(SECCOMP_RET_ALLOW);
    }
    // Threads, but no processes. The flags of clone3 are in memory, where a filter cannot read them; the C library then
    // uses clone.
    IF_NOT(SYS_clone, 4);
    LOAD(LOW(0));
    ADD(BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, CLONE_THREAD, 0, 1));
    RETURN(SECCOMP_RET_ALLOW);
    RETURN(forbidden);
    // Memory that can be run is mapped from files, and cannot be written.
    IF_NOT(SYS_mmap, 5);
    LOAD(LOW(2));
    ADD(BPF_STMT(BPF_ALU | BPF_AND | BPF_K, PROT_WRITE | PROT_EXEC));
    IF_NOT(PROT_WRITE | PROT_EXEC, 1);
    RETURN(forbidden);
    RETURN(SECCOMP_RET_ALLOW);
    IF_NOT(SYS_mprotect, 4);
    LOAD(LOW(2));
    ADD(BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, PROT_EXEC, 0, 1));
    RETURN(forbidden);
    RETURN(SECCOMP_RET_ALLOW);
    // Terminals are not to be typed into (TIOCSTI, TIOCLINUX).
    IF_NOT(SYS_ioctl, 7);
    LOAD(LOW(1));
    ADD(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, FIONREAD, 3, 0));
    ADD(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, FIONBIO, 2, 0));
    ADD(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, FIOCLEX, 1, 0));
    IF_NOT(TCGETS, 1);
    RETURN(SECCOMP_RET_ALLOW);
    RETURN(forbidden);
    // No signals to other processes by way of a descriptor.
    IF_NOT(SYS_fcntl, 6);
    LOAD(LOW(1));
    ADD(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, F_SETOWN, 2, 0));
    ADD(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, F_SETSIG, 1, 0));
    IF_NOT(F_SETOWN_EX, 1);
    RETURN(forbidden);
    RETURN(SECCOMP_RET_ALLOW);
    // A pair is connected to itself. Not one of datagrams: sendmsg could name another receiver.
    IF_NOT(SYS_socketpair, 7);
    LOAD(LOW(0));
    IF_NOT(AF_UNIX, 4);
    LOAD(LOW(1));
    ADD(BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xf));
    IF_NOT(SOCK_STREAM, 1);
    RETURN(SECCOMP_RET_ALLOW);
    RETURN(forbidden);
    IF_NOT(SYS_sendto, 6);
    LOAD(LOW(4));
    IF_NOT(0, 3);
    LOAD(LOW(4) + 4);
    IF_NOT(0, 1);
    RETURN(SECCOMP_RET_ALLOW);
    RETURN(forbidden);
    // abort(3), and the limits of this process.
    IF_NOT(SYS_tgkill, 4);
    LOAD(LOW(0));
    IF_NOT(getpid(), 1);
    RETURN(SECCOMP_RET_ALLOW);
    RETURN(forbidden);
    IF_NOT(SYS_prlimit64, 4);
    LOAD(LOW(0));
    IF_NOT(0, 1);
    RETURN(SECCOMP_RET_ALLOW);
    RETURN(forbidden);
    IF_NOT(SYS_prctl, 6);
    LOAD(LOW(0));
    ADD(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PR_SET_NAME, 2, 0));
    ADD(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PR_SET_NO_NEW_PRIVS, 1, 0));
    IF_NOT(0x53564d41 /* PR_SET_VMA, a name for memory */, 1);
    RETURN(SECCOMP_RET_ALLOW);
    RETURN(forbidden);
    // As a kernel answers that does not have the call: libraries then use another one.
    RETURN(unknown);
    return enter(filter, count);
#else
    errno = ENOSYS;
    return -1;
#endif
}
