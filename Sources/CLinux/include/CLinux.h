// System calls that Swift cannot see: variadic ones, and those the C library declares only for _GNU_SOURCE.
// Only basic types here: a header of the C library would become this module's and no longer Glibc's.
#pragma once

/// openat2(2) of a single name that cannot lead out of `directory`: through no symbolic link and, unless `mounts`, into
/// no mounted file system.
///
/// `linux_no_access_time` in `flags` is dropped where the system does not allow it.
int linux_open_beneath(int directory, const char *path, int flags, unsigned int mode, int mounts);

/// O_NOATIME.
extern const int linux_no_access_time;

/// O_PATH: names what is opened, for its status and its attributes; it needs no permission to read it.
extern const int linux_path_only;

/// renameat2(2) with RENAME_NOREPLACE.
int linux_renameat_noreplace(int from_directory, const char *from, int to_directory, const char *to);

/// accept4(2) with SOCK_CLOEXEC; `address` has room for `*length` bytes, a sockaddr_storage.
int linux_accept_cloexec(int socket, void *address, unsigned int *length);

/// sock_diag(7): who owns the TCP socket of this machine with `address`, whose other end is `other_end`; both are a
/// sockaddr_in or sockaddr_in6, of one family. Without a connection that is the socket that listens at `address`.
///
/// Returns 1, and its user in `*owner`; 0 when there is no such socket, or its process has closed it; -1 when the
/// kernel does not say.
int linux_tcp_owner(const void *address, const void *other_end, unsigned int *owner, int *listens);

/// tcp(7), TCP_INFO: how many bytes the other end has sent, and for how many milliseconds it has sent none.
///
/// Returns 0, or -1 when the kernel does not say. Kernels before 4.1 say 0 bytes.
int linux_tcp_received(int socket, unsigned long long *bytes, unsigned int *silence);

/// memfd_create(2) with MFD_CLOEXEC.
int linux_memfd_create(const char *name);

/// sync_file_range(2), SYNC_FILE_RANGE_WRITE: starts to write these bytes to the disk, without a guarantee.
void linux_begin_writing(int descriptor, long long offset, long long count);

/// prctl(2), PR_SET_DUMPABLE 0: no core dumps, no ptrace by other processes of the same user.
int linux_forbid_dumps(void);

/// prctl(2), PR_SET_PDEATHSIG: the kernel sends `signal` to this process when its parent ends.
int linux_signal_on_parent_death(int signal);

/// posix_spawn(3): starts `path` in a session of its own without a terminal (setsid(2)), with the default signal set, and exactly the `count`
/// descriptors given, as 0, 1, 2, and so on.
///
/// Returns 0 and the process in `*process`, or an error number.
int linux_spawn(int *process, const char *path, char *const arguments[], char *const environment[],
                const int descriptors[], int count);

/// fork(2), for a process of one thread.
int linux_fork(void);

/// Changes the last argument that the list of processes shows for this process, up to its present length.
void linux_replace_last_argument(const char *text);

/// socketpair(2), AF_UNIX with SOCK_CLOEXEC: SOCK_SEQPACKET if `keeps_messages`, else SOCK_STREAM.
int linux_socket_pair(int ends[2], int keeps_messages);

/// The most descriptors of one message.
enum { linux_most_descriptors = 64 };

/// sendmsg(2): one message of `count` bytes with descriptors (SCM_RIGHTS). Returns 0, or -1 and errno.
int linux_send_message(int socket, const void *bytes, long count, const int descriptors[], int descriptor_count);

/// recvmsg(2): one message, and its descriptors, at most `linux_most_descriptors`, with close-on-exec.
///
/// Returns the bytes; 0 at the end; -1 and errno, EMSGSIZE for a message that is longer than `size`.
long linux_receive_message(int socket, void *bytes, long size, int descriptors[], int *descriptor_count);

/// waitid(2), WNOWAIT: a child that has ended and has not been waited for; 0 when there is none. It stays a zombie.
int linux_ended_child(void);

/// timer_settime(2) on the calling thread's processor time: SIGXCPU ends the process when the thread has used so much
/// more of it; 0 ends the limit.
int linux_limit_thread_time(int milliseconds);

/// Returns whether the processor has instructions for AES.
int linux_processor_has_aes(void);

/// signalfd(2): blocks the `count` signals for this thread and those it starts, and returns a descriptor that becomes
/// readable when one arrives.
int linux_signal_descriptor(const int signals[], int count);

/// Takes the next signal from a descriptor of linux_signal_descriptor; 0 when there is none.
int linux_next_signal(int descriptor);

/// Returns the kernel's Landlock ABI version; 0 when it has none or has it switched off.
int linux_landlock_version(void);

/// The access to files below a path that a Landlock rule allows.
enum {
    linux_use_read,
    /// Reading and running.
    linux_use_run,
    /// A device, such as /dev/null.
    linux_use_device,
    /// Reading, writing, making, renaming and removing files and directories.
    linux_use_change,
    /// The same, and making sockets.
    linux_use_home,
    /// Removing empty directories.
    linux_use_remove_directory,
    /// Opening directories and making some, but no files.
    linux_use_list,
};

/// landlock_create_ruleset(2): makes rules that forbid all files, networks and signals to other processes.
///
/// Returns a descriptor, or -1.
int linux_landlock_begin(int version);

/// landlock_add_rule(2): allows the access `use` at `path` and below it.
int linux_landlock_allow(int rules, int version, const char *path, int use);

/// landlock_restrict_self(2): the rules hold for this thread and everything that it starts from now on, irrevocably.
int linux_landlock_enter(int rules);

/// Returns whether the kernel and the processor support the two functions below.
int linux_seccomp_is_there(void);

/// seccomp(2): forbids this process, and all that it starts, the system calls with which attacks on the kernel and on
/// other processes begin, new namespaces, and all sockets but local ones.
///
/// Returns -1 where the kernel or the processor is not supported.
int linux_seccomp_enter_monitor(void);

/// seccomp(2): leaves this process the system calls that a session needs. It can start threads but no process, make no
/// socket but a pair, and reach no other process.
///
/// Returns -1 where the kernel or the processor is not supported.
int linux_seccomp_enter_session(void);
