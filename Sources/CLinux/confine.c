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

// Calls with which attacks on the kernel or on other processes begin, and which neither this program nor GnuPG makes.
#define FORBID(call) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (call), 0, 1), BPF_STMT(BPF_RET | BPF_K, forbidden)

int linux_seccomp_enter(void)
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
    struct sock_fprog program = {.len = sizeof filter / sizeof filter[0], .filter = filter};

    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return -1;
    return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program);
#else
    errno = ENOSYS;
    return -1;
#endif
}
