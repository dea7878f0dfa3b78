// SPDX-License-Identifier: GPL-2.0
/*
 * flows client FILE NAMESPACE VIP [option]...
 *
 *   -n N     number of connections (1)
 *   -k N     number of turns in a round; a turn is a request and its answer (1)
 *   -i MS    pause between two turns of a connection
 *   -e       begin the next round at once, until SIGTERM
 *   -h       after a round keep the connections open and silent, until SIGTERM
 *   -u       UDP: a connection is a socket
 *   -p PORT  source port of the first connection, the next has PORT + 1 ..
 *   -r SEED  each connection has its own port and its own address; of the
 *            address, the last byte (IPv4) or 8 bytes (IPv6) are random
 *
 * A round is over, and reported, when each connection has completed its turns
 * or is broken. SIGUSR1 starts the next one. Without -e and -h there is one
 * round.
 *
 *   connections=N ok=N broken=N moved=N resent=N turns=N
 *   conn SOURCE PORT SERVER TURNS STATE STARTS       for each connection
 *
 * A connection has moved if another server answered than before; only UDP
 * survives that. STARTS is the number of SYNs or datagrams sent; resent counts
 * those that were repeated because the answer took too long. A machine may be
 * slow, so only the servers' counts show whether one was lost. With lb_slow=N
 * in the environment the client waits N times as long for answers.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>

#include "flows.h"

/* Limit of connections without an answer: with more, a slow machine would
 * repeat their first packets.
 */
#define MAX_UNANSWERED	16
#define RESEND_MS	3000
#define STUCK_MS	20000

enum state {
	UNBORN, CONNECTING, WAITING, PAUSED, HELD, CLOSING,
	CLOSED, BROKEN, STUCK, WRONG,
};

static const char * const state_names[] = {
	"unborn", "connecting", "open", "open", "open", "closing",
	"closed", "broken", "stuck", "wrong",
};

/**
 * struct conn - a connection
 * @state: what it is waiting for, or how it ended
 * @fd: its socket
 * @since: when it entered @state or sent the last request, in milliseconds
 * @turns: number of answers received
 * @goal: value of @turns at which its round is over
 * @moved: number of answers from another server than the answer before
 * @starts: number of SYNs or datagrams sent
 * @resent: number of them that were repetitions
 * @src: its own address and port
 * @server: name of the server that sent the last answer
 */
struct conn {
	enum state state;
	int fd;
	uint64_t since;
	unsigned int turns, goal, moved, starts, resent;
	struct endpoint src;
	char server[NAME_SIZE];
};

static struct {
	const char *file, *ns;
	struct endpoint vip;
	unsigned int conns, turns, pause, port, slow;
	bool endless, hold, udp, random;
} opt = { .conns = 1, .turns = 1, .slow = 1 };

static struct conn *conns;
static unsigned int unanswered;
static bool stopping, reported;
static int poll_fd;

static uint64_t now(void)
{
	return nanoseconds() / 1000000;
}

static bool is_over(const struct conn *c)
{
	return c->state >= CLOSED;
}

/* Called when the connection has an answer or has given up: it sends no more
 * SYNs.
 */
static void count_syns(struct conn *c)
{
	struct tcp_info info = {};
	socklen_t len = sizeof(info);

	getsockopt(c->fd, IPPROTO_TCP, TCP_INFO, &info, &len);
	c->resent = info.tcpi_total_retrans;
	c->starts = 1 + c->resent;
}

static void set_state(struct conn *c, enum state state)
{
	if (c->state == CONNECTING && !opt.udp)
		count_syns(c);
	c->state = state;
	c->since = now();
	if (!is_over(c))
		return;
	close(c->fd);
	unanswered -= !c->turns;
}

static void send_request(struct conn *c)
{
	struct message msg = { .seq = c->turns };

	set_state(c, WAITING);
	c->starts += opt.udp;
	if (send(c->fd, &msg, sizeof(msg), MSG_NOSIGNAL) < 0 && !opt.udp)
		set_state(c, BROKEN);
}

static void say_goodbye(struct conn *c)
{
	set_state(c, opt.udp ? CLOSED : CLOSING);
	if (!opt.udp && shutdown(c->fd, SHUT_WR))
		set_state(c, BROKEN);
}

/* Continue after a turn, or at the beginning of a round. */
static void go_on(struct conn *c)
{
	bool done = c->turns >= c->goal;

	if (stopping || (done && !opt.endless && !opt.hold))
		say_goodbye(c);
	else if (done && opt.hold)
		set_state(c, HELD);
	else if (opt.pause && c->state != PAUSED)
		set_state(c, PAUSED);
	else
		send_request(c);
}

static struct endpoint random_source(void)
{
	struct endpoint ep;
	int i;

	if (opt.vip.sa.sa_family == AF_INET) {
		ep = parse_endpoint("192.0.2.0", 0);
		ep.in.sin_addr.s_addr |= htonl(1 + random() % 254);
		ep.in.sin_port = htons(1024 + random() % 64000);
		return ep;
	}
	ep = parse_endpoint("2001:db8:c::", 0);
	for (i = 8; i < 16; i++)
		ep.in6.sin6_addr.s6_addr[i] = random();
	ep.in6.sin6_port = htons(1024 + random() % 64000);
	return ep;
}

static void bind_random(int fd)
{
	struct endpoint ep;
	int one = 1;

	setsockopt(fd, IPPROTO_IP, IP_FREEBIND, &one, sizeof(one));
	do {
		ep = random_source();
		if (!bind(fd, &ep.sa, ep.len))
			return;
	} while (errno == EADDRINUSE);
	die("bind");
}

static void bind_port(int fd, unsigned int port)
{
	struct endpoint ep = { .len = opt.vip.len };
	int one = 1;

	setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one));
	ep.sa.sa_family = opt.vip.sa.sa_family;
	ep.in.sin_port = htons(port);
	if (bind(fd, &ep.sa, ep.len))
		die("bind");
}

static void start(struct conn *c)
{
	int type = opt.udp ? SOCK_DGRAM : SOCK_STREAM;
	struct epoll_event ev = {
		.events = EPOLLIN | EPOLLOUT | EPOLLET,
		.data.ptr = c,
	};
	int one = 1;

	c->fd = socket(opt.vip.sa.sa_family, type | SOCK_NONBLOCK, 0);
	if (c->fd < 0)
		die("socket");
	if (opt.random)
		bind_random(c->fd);
	else if (opt.port)
		bind_port(c->fd, opt.port + (c - conns));
	if (!opt.udp)
		setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (epoll_ctl(poll_fd, EPOLL_CTL_ADD, c->fd, &ev))
		die("epoll_ctl");
	set_state(c, CONNECTING);
	unanswered++;
	c->goal = opt.turns;
	if (connect(c->fd, &opt.vip.sa, opt.vip.len) && errno != EINPROGRESS)
		die("connect");
	c->src.len = sizeof(c->src.in6);
	getsockname(c->fd, &c->src.sa, &c->src.len);
	if (opt.udp)
		send_request(c);
}

static void take_answer(struct conn *c, const struct message *msg)
{
	if (msg->seq != c->turns) {
		if (!opt.udp)
			set_state(c, WRONG);
		return;
	}
	if (c->server[0] && strncmp(c->server, msg->name, NAME_SIZE))
		c->moved++;
	memcpy(c->server, msg->name, NAME_SIZE - 1);
	unanswered -= !c->turns;
	c->turns++;
	go_on(c);
}

static void receive(struct conn *c)
{
	struct message msg;
	ssize_t len;

	while (!is_over(c)) {
		len = recv(c->fd, &msg, sizeof(msg), 0);
		if (len == sizeof(msg) && c->state == WAITING)
			take_answer(c, &msg);
		else if (len == 0 && c->state == CLOSING)
			set_state(c, CLOSED);
		else if (len >= 0 && !opt.udp)
			set_state(c, WRONG);
		else if (len < 0 && errno == EAGAIN)
			return;
		else if (len < 0 && !opt.udp)
			set_state(c, BROKEN);
	}
}

static void on_event(struct conn *c, uint32_t events)
{
	if (c->state == CONNECTING && (events & EPOLLOUT) &&
	    !(events & EPOLLERR))
		send_request(c);
	if (events & (EPOLLIN | EPOLLERR | EPOLLHUP))
		receive(c);
}

static void on_time(struct conn *c, uint64_t t)
{
	uint64_t passed = t - c->since;

	switch (c->state) {
	case UNBORN:
		if (unanswered < MAX_UNANSWERED && !stopping)
			start(c);
		break;
	case PAUSED:
		if (passed >= opt.pause || stopping)
			go_on(c);
		break;
	case HELD:
		if (stopping)
			say_goodbye(c);
		break;
	case WAITING:
		if (opt.udp && passed >= RESEND_MS * opt.slow) {
			c->resent++;
			stopping ? set_state(c, STUCK) : send_request(c);
			break;
		}
		/* fall through */
	case CONNECTING:
	case CLOSING:
		if (passed >= STUCK_MS * opt.slow)
			set_state(c, STUCK);
		break;
	default:
		break;
	}
}

static void report(void)
{
	unsigned int ok = 0, broken = 0, moved = 0, resent = 0, turns = 0;
	FILE *f = report_open(opt.file);
	struct conn *c;

	for (c = conns; c < conns + opt.conns; c++) {
		ok += c->turns >= opt.turns && c->state <= CLOSED;
		broken += c->state > CLOSED;
		moved += !!c->moved;
		resent += c->resent;
		turns += c->turns;
	}
	fprintf(f, "connections=%u ok=%u broken=%u moved=%u ", opt.conns, ok,
		broken, moved);
	fprintf(f, "resent=%u turns=%u\n", resent, turns);
	for (c = conns; c < conns + opt.conns; c++)
		fprintf(f, "conn %s %s %u %s %u\n", endpoint_text(&c->src),
			c->server[0] ? c->server : "-", c->turns,
			state_names[c->state], c->starts);
	report_close(f, opt.file);
	reported = true;
}

/* Return: false if nothing is left to do. */
static bool look_at_all(void)
{
	bool round_over = true, alive = false;
	uint64_t t = now();
	struct conn *c;

	for (c = conns; c < conns + opt.conns; c++) {
		on_time(c, t);
		round_over &= is_over(c) || (c->goal && c->turns >= c->goal);
		alive |= !is_over(c) && !(stopping && c->state == UNBORN);
	}
	if (!alive || (round_over && !reported && (opt.endless || opt.hold)))
		report();
	return alive;
}

static void next_round(void)
{
	struct conn *c;

	reported = false;
	for (c = conns; c < conns + opt.conns; c++) {
		/* A request may have been sent before the round began. */
		c->goal = c->turns + opt.turns + (c->state == WAITING);
		if (c->state == HELD)
			go_on(c);
	}
}

static bool parse_options(int argc, char **argv)
{
	int c;

	while ((c = getopt(argc, argv, "n:k:i:ehup:r:")) >= 0) {
		switch (c) {
		case 'n':
			opt.conns = strtoul(optarg, NULL, 0);
			break;
		case 'k':
			opt.turns = strtoul(optarg, NULL, 0);
			break;
		case 'i':
			opt.pause = strtoul(optarg, NULL, 0);
			break;
		case 'e':
			opt.endless = true;
			break;
		case 'h':
			opt.hold = true;
			break;
		case 'u':
			opt.udp = true;
			break;
		case 'p':
			opt.port = strtoul(optarg, NULL, 0);
			break;
		case 'r':
			opt.random = true;
			srandom(strtoul(optarg, NULL, 0));
			break;
		default:
			return false;
		}
	}
	return optind == argc - 3;
}

/** client_main() - talk to the VIP
 * Return: the exit code, which does not depend on the connections.
 */
int client_main(int argc, char **argv)
{
	struct epoll_event ev[64];
	const char *slow = getenv("lb_slow");
	uint32_t sig;
	int sig_fd;
	int i, n;

	if (!parse_options(argc, argv)) {
		fprintf(stderr, "usage: flows client FILE NS VIP [option]\n");
		return 1;
	}
	if (slow)
		opt.slow = strtoul(slow, NULL, 0);
	opt.file = argv[optind];
	opt.vip = parse_endpoint(argv[optind + 2], FLOWS_PORT);
	enter_namespace(argv[optind + 1]);
	conns = calloc(opt.conns, sizeof(*conns));
	poll_fd = epoll_create1(EPOLL_CLOEXEC);
	sig_fd = signal_socket();
	ev[0] = (struct epoll_event){ .events = EPOLLIN };
	epoll_ctl(poll_fd, EPOLL_CTL_ADD, sig_fd, &ev[0]);

	while (look_at_all()) {
		n = epoll_wait(poll_fd, ev, ARRAY_SIZE(ev), 20);
		for (i = 0; i < n; i++)
			if (ev[i].data.ptr)
				on_event(ev[i].data.ptr, ev[i].events);
		sig = next_signal(sig_fd);
		if (sig == SIGUSR1)
			next_round();
		else if (sig)
			stopping = true;
	}
	return 0;
}
