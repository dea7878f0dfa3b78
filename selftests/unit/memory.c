// SPDX-License-Identifier: GPL-2.0
/*
 * Unit test of the flow memory, kmod/memory.c as it is: what is promised of
 * each kind of packet, told with a few connections of one slot in transition,
 * whose home is backend HOME and whose owner is backend OWNER. Prints TAP.
 */
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../kmod/memory.c"
#include "../../kmod/hash.c"

#define HOME		1
#define OWNER		2
#define OTHER		3
#define SERVICE		9
#define SLOT		123456
#define TRANSITION	77
#define UDP_IDLE	30
#define IDLE		300
#define ISN		1000000
#define FAR		(1 << 26)
#define NEAR		(1 << 17)

static struct lbhash_memory memory;
static u32 now = 5000;
static int number, failures;

static void check(bool good, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	printf("%sok %d - ", good ? "" : "not ", ++number);
	vprintf(format, args);
	printf("\n");
	va_end(args);
	failures += !good;
}

static void start(u32 limit)
{
	lbhash_memory_exit(&memory);
	memory = (struct lbhash_memory){};
	lbhash_memory_init(&memory, limit, now);
	assert(!lbhash_memory_start(&memory, now));
}

/* --- packets of flow number @flow ------------------------------------------*/

static u64 print_of(u32 flow)
{
	static const siphash_key_t key = { { 1, 2 } };

	return siphash(&flow, sizeof(flow), &key);
}

static struct lbhash_memory_packet packet(u32 flow, u8 kind, u32 seq, u32 len)
{
	return (struct lbhash_memory_packet){
		.print = print_of(flow),
		.opener = print_of(flow),
		.service = SERVICE,
		.slot = SLOT,
		.transition = TRANSITION,
		.seq = seq,
		.end = seq + len,
		.now = now,
		.idle = UDP_IDLE,
		.kind = kind,
	};
}

static struct lbhash_memory_packet syn_packet(u32 flow, u32 isn)
{
	return packet(flow, LBHASH_MEMORY_OPENS, isn + 1, 0);
}

static enum lbhash_memory_found find(struct lbhash_memory_packet p,
				     u32 *backend)
{
	*backend = 0;
	return lbhash_memory_find(&memory, &p, backend);
}

/* Where a packet is known to go; 0 if it is unknown. */
static u32 goes(struct lbhash_memory_packet p)
{
	u32 backend;

	find(p, &backend);
	return backend;
}

static u32 data(u32 flow, u32 seq, u32 len)
{
	return goes(packet(flow, LBHASH_MEMORY_CONTINUES, seq, len));
}

static u32 asks(u32 flow)
{
	return goes(packet(flow, LBHASH_MEMORY_ASKS, 0, 0));
}

static u32 loose(u32 flow)
{
	return goes(packet(flow, LBHASH_MEMORY_LOOSE, 0, 0));
}

static u32 ends(u32 flow, u32 seq, bool fin, bool rst)
{
	struct lbhash_memory_packet p = packet(flow, LBHASH_MEMORY_CONTINUES,
					       seq, fin);

	p.fin = fin;
	p.rst = rst;
	return goes(p);
}

/* Open and count: true if the opener goes to @to. */
static bool opens(const struct lbhash_memory_packet *p, u32 to, u8 flags)
{
	u32 backend = to;

	return lbhash_memory_open(&memory, p, &backend, flags) ==
	       LBHASH_MEMORY_KNOWN && backend == to;
}

static bool syn(u32 flow, u32 isn, u32 to)
{
	struct lbhash_memory_packet p = syn_packet(flow, isn);

	return opens(&p, to, LBHASH_MEMORY_RENEW);
}

/* A handshake, seen. */
static void connect_to(u32 flow, u32 isn, u32 to)
{
	bool done = syn(flow, isn, to);

	assert(done);
	done = data(flow, isn + 1, 0) == to;
	assert(done);
}

static bool learn(u32 flow, u8 kind, u32 seq, u32 to)
{
	struct lbhash_memory_packet p = packet(flow, kind, seq, 0);

	return lbhash_memory_learn(&memory, &p, to, to == HOME);
}

static struct lbhash_memory_counts counts(void)
{
	struct lbhash_memory_counts c;

	lbhash_memory_count(&memory, &c);
	return c;
}

static int drop_all(const struct lbhash_memory_info *info, void *data)
{
	(void)info;
	return *(int *)data;
}

static void sweep(int fate)
{
	lbhash_memory_sweep(&memory, now, drop_all, &fate);
}

/* --- openers ---------------------------------------------------------------*/

static void test_openers(void)
{
	struct lbhash_memory_packet p = syn_packet(1, ISN);
	u32 backend;

	start(4096);
	check(find(p, &backend) == LBHASH_MEMORY_UNKNOWN, "a SYN is unknown");
	check(opens(&p, OWNER, 0) &&
	      counts().half_open == 1, "it is remembered as half-open");
	check(find(p, &backend) == LBHASH_MEMORY_REPEATS && backend == OWNER,
	      "its repetition is known");
	backend = OTHER;
	check(lbhash_memory_open(&memory, &p, &backend, 0) ==
	      LBHASH_MEMORY_REPEATS && backend == OWNER &&
	      counts().entries == 1, "and gets no other backend");
	check(opens(&p, OTHER, LBHASH_MEMORY_RENEW) &&
	      counts().entries == 1 && goes(p) == OTHER,
	      "the repetition gets another backend if that one is not open");
	check(goes(syn_packet(1, ISN + 1)) == 0, "another SYN is unknown");
	check(syn(1, 5 * ISN, OWNER) && counts().half_open == 2,
	      "and remembered beside the first");
	check(data(1, 5 * ISN + 1, 0) == OWNER &&
	      data(1, ISN + 1, 0) == OTHER, "each ACK finds its SYN");
	check(!asks(2) && asks(1), "an ICMP error finds an open entry");

	start(4096);
	connect_to(1, ISN, OTHER);
	check(goes(syn_packet(1, ISN)) == OTHER,
	      "a repetition is known that comes after the ACK");
	p = syn_packet(2, ISN);
	check(opens(&p, OWNER, LBHASH_MEMORY_BESIDE) &&
	      counts().entries == 1,
	      "with owner at home a SYN without company is not remembered");
	p = syn_packet(1, 7 * ISN);
	check(opens(&p, OWNER, LBHASH_MEMORY_BESIDE) &&
	      counts().entries == 2, "one with company is");
}

/* --- what continues --------------------------------------------------------*/

static void test_fit(void)
{
	static const struct {
		u32 after;
		bool fits;
	} cases[] = {
		{ 0, true }, { 1, true }, { 65535, true }, { 65536, false },
		{ -1, false }, { 1u << 31, false },
	};
	struct lbhash_memory_packet p;
	u32 i, backend;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		start(4096);
		syn(1, ISN, OWNER);
		check(!data(1, ISN + 1 + cases[i].after, 10) != cases[i].fits,
		      "an ACK %d behind a SYN", (int)cases[i].after);
	}

	start(4096);
	p = packet(1, LBHASH_MEMORY_OPENS, ISN + 1, 1400);
	opens(&p, OWNER, 0);
	check(data(1, ISN + 1 + 65536 + 1399, 0) == OWNER,
	      "as far as the data of the SYN, too");
	start(4096);
	opens(&p, OWNER, 0);
	check(data(1, ISN + 1, 0) == OWNER,
	      "an ACK of a SYN whose data was not taken");

	start(4096);
	syn(1, ISN, OWNER);
	p = packet(1, LBHASH_MEMORY_CONTINUES, ISN + 1, 0);
	p.rst = true;
	check(find(p, &backend) == LBHASH_MEMORY_KNOWN && backend == OWNER &&
	      counts().half_open == 1, "an RST completes no handshake");
	p.rst = false;
	p.opener = 0;
	check(find(p, &backend) == LBHASH_MEMORY_UNKNOWN,
	      "nor does a packet without ACK");
	p.opener = p.print;
	check(find(p, &backend) == LBHASH_MEMORY_ADOPTED && backend == OWNER &&
	      !counts().half_open, "an ACK does");
	check(find(p, &backend) == LBHASH_MEMORY_KNOWN, "once");
}

static void test_window(void)
{
	u32 seq = ISN + 1, i;
	bool good = true;

	start(4096);
	connect_to(1, ISN, OWNER);
	check(!data(1, seq + NEAR, 0) && !data(1, seq - NEAR, 0),
	      "what is 2^17 away does not continue a new one");
	check(data(1, seq - NEAR + 1, 0) == OWNER &&
	      data(1, seq + NEAR - 1, 0) == OWNER, "what is nearer does");
	start(4096);
	connect_to(1, ISN, OWNER);

	/* 12 GB, in segments of three sizes. */
	for (i = 0; i < 1000000; i++) {
		u32 len = i % 3 == 0 ? 1448 : i % 3 == 1 ? 100 : 35000;

		good = good && data(1, seq, len) == OWNER;
		seq += len;
	}
	check(good, "12 GB continue");
	check(data(1, seq - 1, 0) == OWNER && !data(1, seq + FAR, 0) &&
	      !data(1, seq - FAR - NEAR, 0),
	      "a keepalive does, what is 2^26 away does not");
	check(data(1, seq + (1 << 22) + 1, 100) == OWNER &&
	      data(1, seq - FAR + (1 << 15), 0) == OWNER,
	      "one packet far ahead moves nothing");
	now += 10000;
	check(data(1, seq, 0) == OWNER, "silence ends nothing in transition");
}

/* A port that is used again, with numbers near those of the old connection. */
static void test_reuse(void)
{
	start(4096);
	connect_to(1, ISN, OTHER);
	data(1, ISN + 1, 1000);
	now++;
	syn(1, ISN + 50000, OWNER);
	check(data(1, ISN + 50001, 0) == OWNER,
	      "an ACK goes to its SYN, not to an old connection near it");
	check(data(1, ISN + 50001, 3000) == OWNER, "so does data");
	check(asks(1) == OWNER, "an ICMP error goes to the newest");

	start(4096);
	connect_to(1, ISN, OTHER);
	syn(1, ISN - 18000, OWNER);
	check(data(1, ISN + 1, 500) == OTHER,
	      "a SYN of a stranger, numbers near, takes nothing away");
	syn(1, 3 * ISN, OWNER);
	check(data(1, 3 * ISN + 1, 0) == OWNER &&
	      data(1, ISN + 501, 500) == OTHER,
	      "nor does a stranger's handshake");
}

/* --- ends ------------------------------------------------------------------*/

/* Fill a bucket up with half-open entries of one flow; count how many fit. */
static u32 crowd(u32 flow)
{
	static u32 isn;
	u32 i, n = 0;

	for (i = 1; i <= 20; i++)
		n += syn(flow, isn++ << 20 | 1u << 31, OTHER);
	return n;
}

static void test_ends(void)
{
	start(LBHASH_MEMORY_MIN);
	connect_to(1, ISN, OWNER);
	check(crowd(1) == PLACES - 1, "an open entry makes no room");
	start(LBHASH_MEMORY_MIN);
	connect_to(1, ISN, OWNER);
	check(ends(1, ISN + 1, true, false) == OWNER, "a FIN continues");
	now += FIN_FOR - 1;
	check(crowd(1) == PLACES - 1, "its entry stays for 60 s");
	now++;
	check(data(1, ISN + 2, 0) == OWNER, "an ACK after it is known");
	now += FIN_FOR;
	check(data(1, ISN + 2, 0) == OWNER, "even later, if it is there");
	now += FIN_FOR + HALF_OPEN_FOR;
	check(crowd(1) == PLACES && !data(1, ISN + 2, 0), "then it makes room");

	start(LBHASH_MEMORY_MIN);
	connect_to(1, ISN, OWNER);
	ends(1, ISN + 1, true, false);
	data(1, ISN + 2, 100);
	now += 2 * FIN_FOR;
	check(crowd(1) == PLACES - 1,
	      "data beyond a FIN shows that a stranger sent it");

	start(LBHASH_MEMORY_MIN);
	connect_to(1, ISN, OWNER);
	ends(1, ISN + 1, false, true);
	now += RST_FOR - 1;
	check(crowd(1) == PLACES - 1, "after an RST it stays");
	now += 1;
	start(LBHASH_MEMORY_MIN);
	connect_to(1, ISN, OWNER);
	ends(1, ISN + 1, false, true);
	now += RST_FOR;
	check(crowd(1) == PLACES, "for 10 s");

	start(LBHASH_MEMORY_MIN);
	connect_to(1, ISN, OWNER);
	check(ends(1, ISN + 2 + (1 << 16), true, false) == OWNER &&
	      ends(1, ISN - (1 << 16), false, true) == OWNER,
	      "a FIN and an RST of a stranger");
	now += FIN_FOR;
	check(crowd(1) == PLACES - 1, "change nothing");
	check(!ends(2, ISN, true, false) && !ends(2, ISN, false, true) &&
	      counts().entries == PLACES, "nor do those that are unknown");
}

/* --- unseen beginnings -----------------------------------------------------*/

static void test_learning(void)
{
	struct lbhash_memory_packet p;

	start(4096);
	check(learn(1, LBHASH_MEMORY_CONTINUES, ISN, HOME) &&
	      data(1, ISN + 100, 0) == HOME, "a connection at home");
	check(!data(1, ISN + 100 + FAR, 0), "is told apart by numbers, too");
	check(learn(1, LBHASH_MEMORY_CONTINUES, ISN + 50, HOME) &&
	      counts().entries == 1, "twice at once, on two CPUs");
	p = packet(2, LBHASH_MEMORY_CONTINUES, ISN, 0);
	p.rst = true;
	check(lbhash_memory_learn(&memory, &p, HOME, true) &&
	      counts().entries == 1, "an RST is not remembered");

	start(4096);
	check(learn(1, LBHASH_MEMORY_LOOSE, 0, HOME) && loose(1) == HOME,
	      "a flow without handshake");
	check(!data(1, ISN, 0) && asks(1) == HOME, "an ICMP error about it");
	now += UDP_IDLE - 1;
	check(loose(1) == HOME, "that goes on");
	now += UDP_IDLE;
	check(!loose(1), "that was silent for udp-idle");
	check(learn(1, LBHASH_MEMORY_LOOSE, 0, OWNER) && loose(1) == OWNER &&
	      counts().entries == 1, "is a new one");
	p = packet(1, LBHASH_MEMORY_LOOSE, 0, 0);
	check(!lbhash_memory_is_new_flow(&memory, &p, now - UDP_IDLE + 1) &&
	      lbhash_memory_is_new_flow(&memory, &p, now - UDP_IDLE),
	      "unknown flows are new when udp-idle has passed");
}

static void test_moves(void)
{
	struct lbhash_memory_packet p;

	start(4096);
	connect_to(1, ISN, OTHER);
	p = packet(1, LBHASH_MEMORY_CONTINUES, ISN + 1, 0);
	lbhash_memory_move(&memory, &p, HOME, OWNER);
	check(goes(p) == OTHER, "not the one that is meant: stays");
	lbhash_memory_move(&memory, &p, OTHER, OWNER);
	check(goes(p) == OWNER, "its backend is down: gets another one");
	p = packet(2, LBHASH_MEMORY_LOOSE, 0, 0);
	learn(2, LBHASH_MEMORY_LOOSE, 0, OTHER);
	lbhash_memory_move(&memory, &p, OTHER, OWNER);
	check(goes(p) == OWNER, "so does a flow without handshake");
}

static void test_transitions(void)
{
	struct lbhash_memory_packet p;

	start(4096);
	connect_to(1, ISN, OTHER);
	p = packet(1, LBHASH_MEMORY_CONTINUES, ISN + 1, 0);
	p.transition++;
	check(!goes(p), "an entry of an earlier transition is void");
	p = packet(1, LBHASH_MEMORY_CONTINUES, ISN + 1, 0);
	p.slot++;
	check(!goes(p), "so is one of another slot");
	p = syn_packet(1, ISN);
	p.transition++;
	check(!goes(p) && goes(syn_packet(1, ISN)) == OTHER,
	      "openers repeat none of an earlier transition");

	start(LBHASH_MEMORY_MIN);
	check(crowd(1) == PLACES, "seven SYNs of one flow");
	p = syn_packet(1, ISN);
	p.transition++;
	check(opens(&p, OWNER, 0) &&
	      !counts().evicted, "void entries make room");
	sweep(LBHASH_MEMORY_DROP);
	check(!counts().entries && !counts().half_open, "a sweep drops them");
}

/* --- room ------------------------------------------------------------------*/

/* Flows whose entries share a bucket of the smallest memory. */
static u32 flow_beside(u32 flow, u32 nth)
{
	u32 other = flow;

	while (nth) {
		other++;
		nth -= !((print_of(other) ^ print_of(flow)) % STRIPES);
	}
	return other;
}

/* The first place is given to @first, the others to connections. */
static u32 fill_beside(u32 flow, u32 n)
{
	u32 i;

	for (i = 1; i <= n; i++)
		connect_to(flow_beside(flow, i), ISN, OWNER);
	return flow_beside(flow, i);
}

static struct lbhash_memory_packet sample_packet(u32 flow, u32 isn)
{
	struct lbhash_memory_packet p = syn_packet(flow, isn);

	p.transition |= LBHASH_MEMORY_SAMPLE;
	return p;
}

/* Entries that are only a sample take no room, and harm nothing if lost. */
static void test_sample(void)
{
	struct lbhash_memory_packet p;
	bool good = true;
	u32 next, i, backend;

	start(LBHASH_MEMORY_MIN);
	for (i = 0; i < 2 * LBHASH_MEMORY_MIN; i++) {
		p = sample_packet(i, ISN);
		opens(&p, OWNER, 0);
	}
	check(counts().entries > LBHASH_MEMORY_MIN / 2, "a memory of samples");
	next = fill_beside(1, PLACES);
	check(!counts().refused && !counts().evicted,
	      "samples make room for others");
	check(!lbhash_memory_lost_home(&memory, now, IDLE), "as if they were none");
	for (i = 0; i < 100; i++) {
		p = sample_packet(next, i * ISN);
		good = good && !opens(&p, OWNER, 0);
		good = good && find(p, &backend) == LBHASH_MEMORY_UNKNOWN;
	}
	check(good && !counts().refused &&
	      !lbhash_memory_lost_home(&memory, now, IDLE),
	      "a sample without room is no loss");
	check(find(syn_packet(next, ISN), &backend) == LBHASH_MEMORY_UNKNOWN,
	      "and none is refused for it");
}

static void test_refusal(void)
{
	struct lbhash_memory_packet p;
	u32 next, backend;
	u64 refused;

	start(LBHASH_MEMORY_MIN);
	next = fill_beside(1, PLACES);
	check(!lbhash_memory_lost_home(&memory, now, IDLE), "nothing is lost");
	check(!syn(next, ISN, OWNER) && counts().refused == 1,
	      "connections make no room for another one");
	check(lbhash_memory_lost_home(&memory, now, IDLE),
	      "which goes home, and no slot may close");
	sweep(LBHASH_MEMORY_DROP);
	p = syn_packet(next, ISN);
	check(!lbhash_memory_lacks(&memory, p.print, p.seq) &&
	      lbhash_memory_lacks(&memory, p.print, p.seq + 1),
	      "that it came is remembered");
	check(find(p, &backend) == LBHASH_MEMORY_REFUSED,
	      "its SYN goes home again, when there is room");
	check(!opens(&p, OWNER, 0), "and is not remembered");
	now += HALF_OPEN_FOR;
	sweep(LBHASH_MEMORY_DROP);
	check(find(p, &backend) == LBHASH_MEMORY_REFUSED, "for 64 s at least");
	now += HALF_OPEN_FOR;
	sweep(LBHASH_MEMORY_DROP);
	check(find(p, &backend) == LBHASH_MEMORY_UNKNOWN, "not for ever");

	fill_beside(1, PLACES);
	p = packet(next, LBHASH_MEMORY_LOOSE, 0, 0);
	check(!learn(next, LBHASH_MEMORY_LOOSE, 0, OWNER) &&
	      !lbhash_memory_is_new_flow(&memory, &p, now - UDP_IDLE),
	      "a flow without room is at home");
	now += UDP_IDLE;
	p.now = now;
	check(lbhash_memory_is_new_flow(&memory, &p, now - UDP_IDLE),
	      "for udp-idle");
	now += IDLE;
	check(!lbhash_memory_lost_home(&memory, now, IDLE), "idle has passed");
	check(!learn(next, LBHASH_MEMORY_CONTINUES, ISN, HOME) &&
	      lbhash_memory_lost_home(&memory, now, IDLE),
	      "a connection at home without room");

	refused = counts().refused;
	lbhash_memory_stop(&memory);
	refused = counts().refused;
	check(!syn(next, 9 * ISN, OWNER) && !data(next, ISN, 0) &&
	      counts().refused == refused + 1, "there is no memory at all");
}

/* Which of two entries has to go. */
enum what {
	HALF, SINGLE_HOME, FLOW_HOME, FLOW_OWNER, FLOWS_OWNER, FINISHED,
	WHATS,
};

static const char *const names[] = {
	"half-open", "a single packet at home", "a flow at home",
	"a single packet of a flow", "a flow of several", "a finished one",
};

static void add(u32 flow, enum what what)
{
	switch (what) {
	case HALF:
		syn(flow, ISN, OWNER);
		break;
	case SINGLE_HOME:
		learn(flow, LBHASH_MEMORY_CONTINUES, ISN, HOME);
		break;
	case FLOW_HOME:
		learn(flow, LBHASH_MEMORY_LOOSE, 0, HOME);
		loose(flow);
		break;
	case FLOW_OWNER:
		learn(flow, LBHASH_MEMORY_LOOSE, 0, OWNER);
		break;
	case FLOWS_OWNER:
		learn(flow, LBHASH_MEMORY_LOOSE, 0, OWNER);
		loose(flow);
		break;
	default:
		connect_to(flow, ISN, OWNER);
		ends(flow, ISN + 1, false, true);
	}
}

static bool is_there(u32 flow)
{
	struct lbhash_memory_packet p = syn_packet(flow, ISN);

	return asks(flow) || goes(p);
}

/* Of a full bucket with @first, @second and connections, which goes after @age
 * seconds: 1, 2, or 0 if there is no room.
 */
static int victim(enum what first, enum what second, u32 age)
{
	u32 a = flow_beside(1, 10), b = flow_beside(1, 11), next;

	start(LBHASH_MEMORY_MIN);
	next = fill_beside(1, PLACES - 2);
	add(a, first);
	add(b, second);
	now += age;
	if (!syn(flow_beside(next, 20), ISN, OWNER))
		return 0;
	assert(is_there(a) != is_there(b));
	return is_there(a) ? 2 : 1;
}

static void test_order(void)
{
	static const enum what order[] = {
		FINISHED, FLOW_HOME, FLOW_OWNER, HALF,
	};
	u32 i, j;

	for (i = 0; i < 4; i++)
		for (j = 0; j < i; j++)
			check(victim(order[i], order[j], 20) == 2 &&
			      victim(order[j], order[i], 20) == 1,
			      "%s goes before %s", names[order[j]],
			      names[order[i]]);
	check(victim(HALF, SINGLE_HOME, 20) == 1 &&
	      victim(SINGLE_HOME, HALF, 20) == 1, "the first of equals");
	check(!victim(HALF, SINGLE_HOME, 3) &&
	      !victim(FLOW_OWNER, HALF, 3), "not before 3 s");
	check(victim(FLOW_HOME, HALF, 0) == 1, "a flow at home at once");
	check(!victim(FLOWS_OWNER, FLOWS_OWNER, 1000),
	      "a flow elsewhere never");
	check(victim(HALF, HALF, 4) == 1 && counts().evicted == 1,
	      "it is counted");
	victim(FLOW_HOME, FLOW_HOME, 1);
	check(memory.flow_lost_at == now && memory.home_lost_at == now,
	      "a flow at home is noted as lost");
	victim(SINGLE_HOME, SINGLE_HOME, 4);
	check(memory.flow_lost_at != now && memory.home_lost_at == now,
	      "so is a connection at home");
	victim(HALF, HALF, 4);
	check(memory.flow_lost_at != now && memory.home_lost_at != now,
	      "a half-open one is no loss");
}

static void test_fates(void)
{
	u32 next;

	start(LBHASH_MEMORY_MIN);
	next = fill_beside(1, PLACES - 1);
	learn(1, LBHASH_MEMORY_CONTINUES, ISN, HOME);
	sweep(LBHASH_MEMORY_KEEP);
	now += 10;
	check(!syn(next, ISN, OWNER), "kept entries make no room");
	sweep(LBHASH_MEMORY_RELEASE);
	check(syn(next, 3 * ISN, OWNER) && !counts().evicted,
	      "released ones do");
	start(4096);
	connect_to(1, ISN, OWNER);
	sweep(LBHASH_MEMORY_RELEASE);
	check(data(1, ISN + 1, 0) == OWNER && counts().entries == 1,
	      "where there is room they stay");
}

static void test_busy(void)
{
	struct lbhash_memory_info info = { .last = now - IDLE + 1 };

	check(!lbhash_memory_is_busy(&info, now, IDLE), "half-open: not busy");
	info.flags = LBHASH_MEMORY_OPEN;
	check(lbhash_memory_is_busy(&info, now, IDLE), "open: busy");
	check(!lbhash_memory_is_busy(&info, now + 1, IDLE), "not for ever");
	info.flags |= LBHASH_MEMORY_SINGLE;
	check(!lbhash_memory_is_busy(&info, now, IDLE), "one packet: not busy");
	info.flags = LBHASH_MEMORY_OPEN | LBHASH_MEMORY_FIN;
	check(!lbhash_memory_is_busy(&info, now, IDLE), "finished: not busy");
}

/* --- size ------------------------------------------------------------------*/

static void test_growth(void)
{
	u32 i, n, places;

	start(1 << 16);
	places = counts().places;
	check(places == BUCKETS * PLACES, "%u places at first", places);
	for (i = n = 0; i < 18000; i++) {
		n += syn(i, ISN, OWNER) && data(i, ISN + 1, 0) == OWNER &&
		     data(i, ISN + 1, 20) == OWNER;
		run_work(&memory.growth);
	}
	check(n > 17990 && counts().refused == 18000 - n &&
	      counts().entries == n, "18,000 connections grow it");
	for (i = 0; i < 18000; i++)
		n -= data(i, ISN + 21, 0) == OWNER;
	check(!n, "and stay");
	check(counts().places == (1 << 13) * PLACES, "as far as the limit");

	start(1 << 16);
	for (i = 0; i < 20; i++)
		syn(i, ISN, OWNER);
	for (n = 0; i < 5000; i++)
		n += syn(i, ISN, OWNER);
	check(n < 5000 - 20 && memory.growth.is_pending,
	      "before the work runs there is little room");
	allocations_left = 0;
	run_work(&memory.growth);
	syn(i++, ISN, OWNER);
	check(!memory.growth.is_pending && counts().places == places,
	      "without memory nothing grows");
	allocations_left = -1;
	now++;
	syn(i++, ISN, OWNER);
	run_work(&memory.growth);
	check(counts().places > places, "a second later there is some");

	lbhash_memory_stop(&memory);
	allocations_left = 0;
	check(lbhash_memory_start(&memory, now) && !counts().places,
	      "none at all");
	allocations_left = 1;
	check(lbhash_memory_start(&memory, now), "none for buckets");
	allocations_left = -1;
	check(!lbhash_memory_start(&memory, now) &&
	      !lbhash_memory_start(&memory, now), "some");
}

/* --- glances ---------------------------------------------------------------*/

static const u64 place = (u64)TRANSITION << 32 | SLOT;

static bool glances(u32 flow, u32 seq, u32 len, enum lbhash_memory_found found,
		    u32 backend)
{
	struct lbhash_memory_glance seen;

	seen = lbhash_memory_glance(&memory, print_of(flow), place, seq,
				    seq + len, now);
	return seen.found == found && seen.backend == backend;
}

static bool is_unsure(u32 flow, u32 seq)
{
	return glances(flow, seq, 0, LBHASH_MEMORY_UNSURE, 0);
}

static bool is_unknown(u32 flow, u32 seq)
{
	return glances(flow, seq, 0, LBHASH_MEMORY_UNKNOWN, 0);
}

static enum lbhash_memory_found glances_loose(u32 flow)
{
	return lbhash_memory_glance_loose(&memory, print_of(flow), place,
					  UDP_IDLE, now).found;
}

static bool glances_opener(u32 flow, u32 isn)
{
	const struct lbhash_memory_opener opener = {
		.seq = isn + 1,
		.end = isn + 1,
		.service = SERVICE,
		.backend = OWNER,
	};

	return lbhash_memory_glance_opener(&memory, print_of(flow), place,
					   opener, now);
}

static bool lacks(u32 flow)
{
	return lbhash_memory_lacks(&memory, print_of(flow), ISN + 1);
}

static void test_glances(void)
{
	struct lbhash_memory_glance seen;
	struct buckets *buckets;
	struct bucket *bucket;

	start(4096);
	check(is_unknown(1, ISN), "a glance: nothing is known");
	check(lacks(1), "of an opener, either");
	check(glances_opener(1, ISN) && counts().half_open == 1,
	      "an opener is remembered");
	check(!glances_opener(1, ISN) && !glances_opener(1, 9 * ISN) &&
	      counts().entries == 1, "a second one of the flow is not");
	check(!lacks(1), "its flow is known");
	check(is_unsure(1, ISN) && is_unsure(1, ISN + 2 + FIRST_WINDOW) &&
	      counts().half_open == 1, "what does not fit opens nothing");
	check(glances(1, ISN + 1, 30, LBHASH_MEMORY_ADOPTED, OWNER) &&
	      !counts().half_open, "an ACK does");
	check(glances(1, ISN + 31, 0, LBHASH_MEMORY_KNOWN, OWNER),
	      "then it is open, and its end is known");
	check(is_unsure(1, ISN + 31 + NEAR) && is_unsure(1, ISN + 31 - NEAR) &&
	      glances(1, ISN + 32 - NEAR, 0, LBHASH_MEMORY_KNOWN, OWNER) &&
	      glances(1, ISN + 30 + NEAR, 0, LBHASH_MEMORY_KNOWN, OWNER),
	      "what is far needs a closer look");
	check(is_unsure(1, ISN + 30) &&
	      glances(1, ISN + 29 + 2 * NEAR, 0, LBHASH_MEMORY_KNOWN, OWNER),
	      "the end has moved");
	seen = lbhash_memory_glance(&memory, print_of(1), place + 1, ISN + 31,
				    ISN + 31, now);
	check(!seen.found, "another slot's is unknown");
	seen = lbhash_memory_glance(&memory, print_of(1), place + (1ull << 32),
				    ISN + 31, ISN + 31, now);
	check(!seen.found, "so is that of another transition");

	bucket = find_bucket(memory.store, print_of(1), FIRST);
	buckets = memory.store->buckets;
	bucket->changes++;
	check(is_unsure(1, ISN + 31), "while the bucket changes");
	bucket->tags = 0;
	check(is_unsure(1, ISN + 31) && !lacks(1), "even if nothing is there");
	bucket->changes++;
	check(is_unknown(1, ISN + 31) && lacks(1), "it is gone");
	buckets->next = buckets;
	check(is_unsure(1, ISN + 31) && !lacks(1) &&
	      glances_loose(1) == LBHASH_MEMORY_UNSURE,
	      "while buckets are doubled");
	buckets->next = NULL;

	start(4096);
	connect_to(1, ISN, OTHER);
	now++;
	syn(1, ISN + 50000, OWNER);
	check(is_unsure(1, ISN + 50001) && data(1, ISN + 50001, 0) == OWNER &&
	      is_unsure(1, ISN + 50001) && data(1, ISN + 50001, 9) == OWNER,
	      "of two connections in the window");
	connect_to(2, ISN, OWNER);
	ends(2, ISN + 1, true, false);
	check(is_unsure(2, ISN + 2), "after a FIN");
	connect_to(3, ISN, OWNER);
	ends(3, ISN + 1, false, true);
	check(is_unsure(3, ISN + 1), "after an RST");
	learn(4, LBHASH_MEMORY_CONTINUES, ISN, HOME);
	check(is_unsure(4, ISN) && data(4, ISN, 0) == HOME &&
	      glances(4, ISN, 0, LBHASH_MEMORY_KNOWN, HOME),
	      "of one packet");
	sweep(LBHASH_MEMORY_RELEASE);
	check(is_unsure(4, ISN), "what has been given up");

	check(glances_loose(5) == LBHASH_MEMORY_UNSURE, "a flow is unknown");
	learn(5, LBHASH_MEMORY_LOOSE, 0, OWNER);
	check(glances_loose(5) == LBHASH_MEMORY_UNSURE && loose(5) == OWNER &&
	      glances_loose(5) == LBHASH_MEMORY_KNOWN,
	      "it is known after two packets");
	now += UDP_IDLE - 1;
	check(glances_loose(5) == LBHASH_MEMORY_KNOWN, "for udp-idle");
	now += UDP_IDLE - 1;
	check(glances_loose(5) == LBHASH_MEMORY_KNOWN, "from its last packet");
	now += UDP_IDLE;
	check(glances_loose(5) == LBHASH_MEMORY_UNSURE, "no longer");

	start(4096);
	crowd(6);
	check(!glances_opener(6, ISN) && is_unsure(6, ISN) && !lacks(6),
	      "entries have spilled");
	lbhash_memory_stop(&memory);
	check(!glances_opener(1, ISN) && is_unknown(1, ISN) && lacks(1) &&
	      glances_loose(1) == LBHASH_MEMORY_UNSURE, "there is no memory");
}

/* --- walks -----------------------------------------------------------------*/

struct dump {
	u32 n, left;
	struct lbhash_memory_info info[8192];
};

static bool note(const struct lbhash_memory_info *info, void *data)
{
	struct dump *dump = data;

	if (!dump->left)
		return false;
	dump->left--;
	dump->info[dump->n++] = *info;
	return true;
}

/* What another balancer has sent grows, and handshakes come to an end. */
static void test_renewal(const struct lbhash_memory_info *info)
{
	struct lbhash_memory_info open, half;
	u32 i = 0, j = 0;

	while (!(info[i].flags & LBHASH_MEMORY_OPEN))
		i++;
	while (info[j].flags & LBHASH_MEMORY_OPEN)
		j++;
	open = info[i];
	half = info[j];
	open.seq += 100000;
	check(lbhash_memory_insert(&memory, &open, now) &&
	      counts().entries == 2000, "an open one again, further");
	half.flags = LBHASH_MEMORY_OPEN;
	check(lbhash_memory_insert(&memory, &half, now) &&
	      counts().entries == 2000 && counts().half_open == 999,
	      "a half-open one again, open");
	half.flags = 0;
	check(lbhash_memory_insert(&memory, &half, now) &&
	      counts().entries == 2000 && counts().half_open == 999,
	      "an open one does not become half-open");
}

static void test_dump(void)
{
	static struct dump dump;
	u64 position = 0;
	bool good = true;
	u32 i, rounds = 0;

	start(1 << 16);
	for (i = 0; i < 2000; i++) {
		if (i % 2)
			syn(i, ISN, OWNER);
		else
			connect_to(i, ISN, OTHER);
		run_work(&memory.growth);
	}
	do {
		dump.left = 100;
		lbhash_memory_dump(&memory, &position, note, &dump);
		rounds++;
	} while (!dump.left);
	check(dump.n == 2000 && rounds == 21, "a dump in pieces");
	sweep(LBHASH_MEMORY_DROP);
	check(!counts().entries, "all are dropped");
	for (i = 0; i < 2000; i++)
		good = good && lbhash_memory_insert(&memory, &dump.info[i],
						    now);
	check(good && counts().entries == 2000 && counts().half_open == 1000,
	      "and inserted");
	test_renewal(dump.info);
	for (i = 0; i < 2000; i++)
		good = good && data(i, ISN + 1, 0) == (i % 2 ? OWNER : OTHER);
	check(good, "and known");
	check(lbhash_memory_insert(&memory, &dump.info[0], now) &&
	      counts().entries == 2000, "one of them twice");
	lbhash_memory_stop(&memory);
	check(!lbhash_memory_insert(&memory, &dump.info[0], now),
	      "not without memory");
}

/* --- SCTP ------------------------------------------------------------------*/

static struct lbhash_memory_packet chunk(u32 tag, u32 opener)
{
	struct lbhash_memory_packet p = packet(tag, LBHASH_MEMORY_CONTINUES,
					       0, 0);

	p.opener = opener ? print_of(opener) : 0;
	return p;
}

static void test_sctp(void)
{
	struct lbhash_memory_packet init = packet(1, LBHASH_MEMORY_OPENS,
						  0xabcd, 0);
	u32 backend;

	start(4096);
	opens(&init, OWNER, 0);
	check(goes(init) == OWNER, "an INIT is repeated");
	check(!goes(chunk(555, 0)), "a tag that is unknown");
	check(find(chunk(666, 1), &backend) == LBHASH_MEMORY_ADOPTED,
	      "a stranger's COOKIE ECHO");
	check(find(chunk(555, 1), &backend) == LBHASH_MEMORY_ADOPTED &&
	      backend == OWNER, "the client's");
	check(find(chunk(555, 1), &backend) == LBHASH_MEMORY_KNOWN &&
	      backend == OWNER, "is repeated");
	check(goes(chunk(555, 0)) == OWNER, "data with its tag");
	check(asks(1) == OWNER, "an ICMP error, which knows no tag");
	check(goes(init) == OWNER, "the INIT once more");
}

static void test_prints(void)
{
	struct lbhash_flow a = { .family = NFPROTO_IPV4, .proto = 6 }, b = a;
	static const struct lbhash_print_key key = { {
		0x243f6a8885a308d3, 0x13198a2e03707344, 0xa4093822299f31d0,
		0x082efa98ec4e6c89, 0x452821e638d01377, 0xbe5466cf34e90c6c,
	} };
	u64 print = lbhash_hash_print(&a, 1, &key);
	bool good = true;
	u32 i;

	good = good && print != lbhash_hash_print(&a, 2, &key);
	b.src.ip = 1;
	good = good && print != lbhash_hash_print(&b, 1, &key);
	b = a;
	b.dst.ip = 1;
	good = good && print != lbhash_hash_print(&b, 1, &key);
	b = a;
	b.sport = 1;
	good = good && print != lbhash_hash_print(&b, 1, &key);
	b = a;
	b.dport = 1;
	good = good && print != lbhash_hash_print(&b, 1, &key);
	b = a;
	b.proto = 17;
	good = good && print != lbhash_hash_print(&b, 1, &key);
	b = a;
	b.family = NFPROTO_IPV6;
	print = lbhash_hash_print(&b, 1, &key);
	good = good && print != lbhash_hash_print(&a, 1, &key);
	for (i = 0; i < 4; i++) {
		b.src.ip6[i] = 1;
		good = good && print != lbhash_hash_print(&b, 1, &key);
		b.src.ip6[i] = 0;
		b.dst.ip6[i] = 1;
		good = good && print != lbhash_hash_print(&b, 1, &key);
		b.dst.ip6[i] = 0;
	}
	check(good, "each field and the service count in a fingerprint");
	a.proto = 132;
	b = a;
	b.src.ip = 1;
	check(lbhash_hash_association(&a, 5, 1, &key) ==
	      lbhash_hash_association(&b, 5, 1, &key) &&
	      lbhash_hash_association(&a, 5, 1, &key) !=
	      lbhash_hash_association(&a, 6, 1, &key),
	      "of an association the tag, not the addresses");
}

int main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	check(sizeof(struct entry) == 32 && sizeof(struct bucket) == 256,
	      "two entries a cache line");
	test_openers();
	test_fit();
	test_window();
	test_reuse();
	test_ends();
	test_learning();
	test_moves();
	test_transitions();
	test_sample();
	test_refusal();
	test_order();
	test_fates();
	test_busy();
	test_growth();
	test_glances();
	test_dump();
	test_sctp();
	test_prints();
	lbhash_memory_exit(&memory);
	printf("1..%d\n", number);
	return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
