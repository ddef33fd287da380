// System calls that Swift cannot see: variadic ones, and those the C library declares only for _GNU_SOURCE.
// Only basic types here: a header of the C library would become this module's and no longer Glibc's.
#pragma once

/// openat2(2) of a single name, by which nothing leads out of `directory`: no link, nor, unless `mounts`, a file system
/// mounted there.
///
/// With `linux_no_access_time`, looking into a file is not noted in it, where the system allows that.
int linux_open_beneath(int directory, const char *path, int flags, unsigned int mode, int mounts);

/// O_NOATIME.
extern const int linux_no_access_time;

/// renameat2(2) with RENAME_NOREPLACE.
int linux_renameat_noreplace(int from_directory, const char *from, int to_directory, const char *to);

/// accept4(2) with SOCK_CLOEXEC; `address` has room for `*length` bytes, a sockaddr_storage.
int linux_accept_cloexec(int socket, void *address, unsigned int *length);

/// memfd_create(2) with MFD_CLOEXEC.
int linux_memfd_create(const char *name);

/// sync_file_range(2), SYNC_FILE_RANGE_WRITE: the disk begins with these bytes, which is not waited for; no promise.
void linux_begin_writing(int descriptor, long long offset, long long count);

/// syncfs(2): writes the whole file system that holds the descriptor to its disk.
int linux_syncfs(int descriptor);

/// prctl(2), PR_SET_DUMPABLE 0: no core dumps, no ptrace by other processes of the same user.
int linux_forbid_dumps(void);

/// prctl(2), PR_SET_PDEATHSIG: the kernel sends `signal` to this process when its parent ends.
int linux_signal_on_parent_death(int signal);

/// posix_spawn(3): starts `path` in a process group of its own, with the default signal set, and exactly the `count`
/// descriptors given, as 0, 1, 2, and so on.
///
/// Returns 0 and the process in `*process`, or an error number.
int linux_spawn(int *process, const char *path, char *const arguments[], char *const environment[],
                const int descriptors[], int count);

/// waitid(2), WNOWAIT: a child that has ended, which stays to be waited for; 0 when there is none.
int linux_ended_child(void);

/// timer_settime(2) over the calling thread's processor time: after so much more of it SIGXCPU ends the process; 0 takes
/// that back.
int linux_limit_thread_time(int milliseconds);

/// Whether the processor computes AES itself.
int linux_processor_has_aes(void);

/// signalfd(2): blocks the `count` signals for this process's threads to come, and returns a descriptor that becomes
/// readable when one arrives.
int linux_signal_descriptor(const int signals[], int count);

/// Takes the next signal from such a descriptor; 0 when there is none.
int linux_next_signal(int descriptor);

/// The version of Landlock that the kernel offers; 0 when it has none, or it is switched off.
int linux_landlock_version(void);

/// What files below a path are for.
enum {
    linux_use_read,
    /// To be read and run.
    linux_use_run,
    /// A device, such as /dev/null.
    linux_use_device,
    /// Files and directories to be read, written, made, renamed and removed.
    linux_use_change,
    /// The same, and sockets made.
    linux_use_home,
    /// Empty directories in it to be removed.
    linux_use_remove_directory,
};

/// landlock_create_ruleset(2): rules that allow nothing yet: no file, no network, no signal to other processes.
///
/// Returns a descriptor.
int linux_landlock_begin(int version);

/// landlock_add_rule(2): allows `use` of what is at `path`, and below it.
int linux_landlock_allow(int rules, int version, const char *path, int use);

/// landlock_restrict_self(2): from now on the rules hold for this thread, and for all that it starts, for ever.
int linux_landlock_enter(int rules);

/// seccomp(2): takes from this process, and from all that it starts, the system calls that attacks on the kernel and on
/// other processes begin with, new namespaces, and all sockets but local ones.
///
/// Returns -1 where the kernel or the processor is not supported.
int linux_seccomp_enter(void);
