#include "CLinux.h"

#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/// Takes the address and the port of a sockaddr_in or sockaddr_in6 apart, as inet_diag wants them.
static int endpoint(const void *address, __be32 target[4], __be16 *port)
{
    const struct sockaddr_in *four = address;
    const struct sockaddr_in6 *six = address;

    if (four->sin_family == AF_INET) {
        memcpy(target, &four->sin_addr, sizeof four->sin_addr);
        *port = four->sin_port;
    } else if (four->sin_family == AF_INET6) {
        memcpy(target, &six->sin6_addr, sizeof six->sin6_addr);
        *port = six->sin6_port;
    } else {
        return -1;
    }
    return four->sin_family;
}

int linux_tcp_owner(const void *address, const void *other_end, unsigned int *owner, int *listens)
{
    struct {
        struct nlmsghdr header;
        struct inet_diag_req_v2 request;
    } question = {
        .header = {.nlmsg_len = sizeof question, .nlmsg_type = SOCK_DIAG_BY_FAMILY, .nlmsg_flags = NLM_F_REQUEST},
        .request = {.sdiag_protocol = IPPROTO_TCP, .idiag_states = ~0U},
    };
    union {
        struct nlmsghdr header;
        char bytes[4096];
    } answer;
    struct inet_diag_sockid *id = &question.request.id;
    int family = endpoint(address, id->idiag_src, &id->idiag_sport), result = -1;

    if (family < 0 || endpoint(other_end, id->idiag_dst, &id->idiag_dport) != family)
        return -1;
    question.request.sdiag_family = (__u8)family;
    id->idiag_cookie[0] = id->idiag_cookie[1] = INET_DIAG_NOCOOKIE;

    int kernel = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
    if (kernel < 0)
        return -1;
    // The kernel answers while it takes the question: there is nothing to wait for.
    if (send(kernel, &question, sizeof question, 0) == sizeof question) {
        ssize_t count = recv(kernel, &answer, sizeof answer, MSG_DONTWAIT);
        if (count >= (ssize_t)(NLMSG_HDRLEN + sizeof(struct nlmsgerr)) && answer.header.nlmsg_type == NLMSG_ERROR) {
            const struct nlmsgerr *error = NLMSG_DATA(&answer.header);
            result = error->error == -ENOENT ? 0 : -1;
        } else if (count >= (ssize_t)(NLMSG_HDRLEN + sizeof(struct inet_diag_msg))
                   && answer.header.nlmsg_type == SOCK_DIAG_BY_FAMILY) {
            const struct inet_diag_msg *found = NLMSG_DATA(&answer.header);
            *owner = found->idiag_uid;
            *listens = found->idiag_state == 10; // TCP_LISTEN of the kernel's own net/tcp_states.h
            // A socket that its process has closed has no inode, and no owner any more.
            result = found->idiag_inode != 0;
        }
    }
    close(kernel);
    return result;
}

int linux_tcp_received(int socket, unsigned long long *bytes, unsigned int *silence)
{
    struct tcp_info info;
    socklen_t length = sizeof info;

    memset(&info, 0, sizeof info);
    if (getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &length) != 0)
        return -1;
    *bytes = info.tcpi_bytes_received;
    *silence = info.tcpi_last_data_recv;
    return 0;
}
