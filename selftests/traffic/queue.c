// SPDX-License-Identifier: GPL-2.0
/*
 * flows queue FILE NAMESPACE MARKS
 *
 * A minimal balancer in user space: packets of NFQUEUE 0 are accepted with the
 * marks 1, 2 .. MARKS, in turn. Reports "packets=N last=US": US is the time at
 * which the last packet was accepted, in microseconds of the monotonic clock.
 *
 * With 0 MARKS it is slow: packets stay in the queue until SIGTERM, and are
 * then accepted without a change.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_queue.h>

#include "flows.h"

static unsigned int packets, marks;
static unsigned long long last;
static struct mnl_socket *nl;

static struct nlmsghdr *put_header(char *buf, uint16_t type, uint16_t flags)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct nfgenmsg *nfg;

	nlh->nlmsg_type = NFNL_SUBSYS_QUEUE << 8 | type;
	nlh->nlmsg_flags = NLM_F_REQUEST | flags;
	nfg = mnl_nlmsg_put_extra_header(nlh, sizeof(*nfg));
	nfg->version = NFNETLINK_V0;
	return nlh;
}

static void bind_queue(void)
{
	struct nfqnl_msg_config_cmd cmd = { .command = NFQNL_CFG_CMD_BIND };
	struct nfqnl_msg_config_params params = {
		.copy_mode = NFQNL_COPY_META,
	};
	char buf[MNL_SOCKET_BUFFER_SIZE];
	struct nlmsghdr *nlh;
	int len;

	nlh = put_header(buf, NFQNL_MSG_CONFIG, NLM_F_ACK);
	mnl_attr_put(nlh, NFQA_CFG_CMD, sizeof(cmd), &cmd);
	mnl_attr_put(nlh, NFQA_CFG_PARAMS, sizeof(params), &params);
	if (mnl_socket_sendto(nl, nlh, nlh->nlmsg_len) < 0)
		die("bind");
	len = mnl_socket_recvfrom(nl, buf, sizeof(buf));
	if (len < 0 || mnl_cb_run(buf, len, nlh->nlmsg_seq,
				  mnl_socket_get_portid(nl), NULL, NULL) < 0)
		die("bind");
}

static int on_packet(const struct nlmsghdr *packet, void *data)
{
	const size_t offset = sizeof(struct nfgenmsg);
	const struct nfqnl_msg_packet_hdr *hdr;
	struct nfqnl_msg_verdict_hdr verdict;
	char buf[MNL_SOCKET_BUFFER_SIZE];
	const struct nlattr *attr;
	struct nlmsghdr *nlh;

	mnl_attr_for_each(attr, packet, offset) {
		if (mnl_attr_get_type(attr) != NFQA_PACKET_HDR)
			continue;
		hdr = mnl_attr_get_payload(attr);
		verdict.verdict = htonl(NF_ACCEPT);
		verdict.id = hdr->packet_id;
		nlh = put_header(buf, NFQNL_MSG_VERDICT, 0);
		mnl_attr_put(nlh, NFQA_VERDICT_HDR, sizeof(verdict), &verdict);
		if (marks)
			mnl_attr_put_u32(nlh, NFQA_MARK,
					 htonl(1 + packets % marks));
		packets++;
		mnl_socket_sendto(nl, nlh, nlh->nlmsg_len);
	}
	return MNL_CB_OK;
}

/* Accept the packets of the next message. Return: false if there is none. */
static bool take_packets(void)
{
	char buf[MNL_SOCKET_BUFFER_SIZE];
	ssize_t len = recv(mnl_socket_get_fd(nl), buf, sizeof(buf),
			   MSG_DONTWAIT);

	if (len <= 0)
		return false;
	mnl_cb_run(buf, len, 0, 0, on_packet, NULL);
	last = nanoseconds() / 1000;
	return true;
}

static void report(const char *path)
{
	FILE *f = report_open(path);

	fprintf(f, "packets=%u last=%llu\n", packets, last);
	report_close(f, path);
}

/** queue_main() - accept and mark packets until SIGTERM
 * Return: the exit code.
 */
int queue_main(int argc, char **argv)
{
	struct pollfd fds[2] = { { .events = POLLIN }, { .events = POLLIN } };
	const int room = 16 << 20;
	uint32_t sig = 0;

	if (argc != 4) {
		fprintf(stderr, "usage: flows queue FILE NAMESPACE MARKS\n");
		return 1;
	}
	marks = strtoul(argv[3], NULL, 0);
	enter_namespace(argv[2]);
	nl = mnl_socket_open(NETLINK_NETFILTER);
	if (!nl || mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) < 0)
		die("netlink");
	setsockopt(mnl_socket_get_fd(nl), SOL_SOCKET, SO_RCVBUFFORCE, &room,
		   sizeof(room));
	bind_queue();
	fds[0].fd = marks ? mnl_socket_get_fd(nl) : -1;
	fds[1].fd = signal_socket();
	report(argv[1]);

	while (sig != SIGTERM && sig != SIGINT) {
		poll(fds, ARRAY_SIZE(fds), -1);
		if (fds[0].revents)
			take_packets();
		sig = next_signal(fds[1].fd);
		while (sig && sig != SIGUSR1 && take_packets())
			;
		if (sig)
			report(argv[1]);
	}
	return 0;
}
