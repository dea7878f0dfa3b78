// SPDX-License-Identifier: GPL-2.0
/*
 * For benches: packets that are made in the guest, as cheaply as a driver makes
 * them, and the time that they take on the TSC, which counts instructions under
 * vm/run --icount. In the network namespace of the sender:
 *
 *   echo DEVICE MAC KIND SOURCE DESTINATION PORT FIRST FLOWS COUNT PAUSE \
 *	>/proc/lbhash_source
 *
 * KIND is udp, syn, ack or data; the addresses are of IPv4 or IPv6. COUNT
 * packets go to MAC, of the flows FIRST to FIRST + FLOWS - 1 in turn. A flow is
 * one of the 256 addresses that differ from SOURCE in the last byte, and one of
 * the ports from 1024 on. Writing ends PAUSE milliseconds after the last
 * packet, so that what a program does with packets is not mixed with what a
 * shell does next. Reading the file then tells
 *
 *   CYCLES PACKETS STARTED ROUTING
 *
 * of the last order, STARTED in microseconds of the monotonic clock. PACKETS
 * and CYCLES are without packets that were left to ksoftirqd, that were
 * interrupted, as by a timer, or that met what an interrupt had left to do: the
 * others are exact to a few instructions. Two instructions tell a profiler
 * (profile.c) what is measured.
 *
 * ROUTING is about the reader's network namespace: "plain", "rules", "local" or
 * "rules,local". A routing rule or a local route that is added makes routing
 * dearer there for good: deleting it does not undo that.
 */
#include <linux/delay.h>
#include <linux/etherdevice.h>
#include <linux/inet.h>
#include <linux/interrupt.h>
#include <linux/ipv6.h>
#include <linux/kernel_stat.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/nsproxy.h>
#include <linux/proc_fs.h>
#include <linux/tcp.h>
#include <linux/timekeeping.h>
#include <linux/udp.h>
#include <net/ip.h>

/* For a packet and what the stack puts before and behind it. */
#define ROOM	SKB_DATA_ALIGN(512)
#define TRUESIZE (ROOM + SKB_DATA_ALIGN(sizeof(struct skb_shared_info)))

/* The kinds of packets: the least frame has 60 bytes, a SYN and an ACK less. */
static const struct kind {
	const char *name;
	u8 protocol;
	u8 payload;
	bool syn, ack, psh;
} kinds[] = {
	{ "udp", IPPROTO_UDP, 18 },
	{ "syn", IPPROTO_TCP, 0, .syn = true },
	{ "ack", IPPROTO_TCP, 0, .ack = true },
	{ "data", IPPROTO_TCP, 6, .ack = true, .psh = true },
};

/**
 * struct order - what is to be sent
 * @dev: by it
 * @mac: to this neighbour
 * @kind: of @kinds
 * @v6: IPv6
 * @source: the first address
 * @destination: the address
 * @port: the destination's
 * @first: flow
 * @flows: so many
 * @count: packets
 * @pause: milliseconds
 * @frame: what all packets have in common
 * @len: of @frame
 */
struct order {
	struct net_device *dev;
	u8 mac[ETH_ALEN];
	const struct kind *kind;
	bool v6;
	struct in6_addr source;
	struct in6_addr destination;
	u16 port;
	u32 first;
	u32 flows;
	u32 count;
	u32 pause;
	u8 frame[128];
	unsigned int len;
};

/**
 * struct result - of an order
 * @cycles: of the TSC
 * @packets: that took them
 * @started: when, in microseconds
 */
struct result {
	u64 cycles;
	u32 packets;
	u64 started;
};

static DEFINE_MUTEX(lock);		/* protects last */
static struct result last;

static unsigned int network_len(const struct order *o)
{
	return o->v6 ? sizeof(struct ipv6hdr) : sizeof(struct iphdr);
}

/* The source address is the packet's own. */
static void write_network(struct order *o, unsigned int transport)
{
	struct ipv6hdr *ip6h = (void *)(o->frame + ETH_HLEN);
	struct iphdr *iph = (void *)ip6h;

	if (o->v6) {
		ip6h->version = 6;
		ip6h->payload_len = htons(transport);
		ip6h->nexthdr = o->kind->protocol;
		ip6h->hop_limit = IPDEFTTL;
		ip6h->saddr = o->source;
		ip6h->daddr = o->destination;
	} else {
		iph->version = 4;
		iph->ihl = sizeof(*iph) / 4;
		iph->tot_len = htons(sizeof(*iph) + transport);
		iph->frag_off = htons(IP_DF);
		iph->ttl = IPDEFTTL;
		iph->protocol = o->kind->protocol;
		iph->saddr = o->source.s6_addr32[0];
		iph->daddr = o->destination.s6_addr32[0];
	}
}

/* The source port is the packet's own; its checksum has been verified. */
static unsigned int write_transport(struct order *o)
{
	struct udphdr *uh = (void *)(o->frame + ETH_HLEN + network_len(o));
	struct tcphdr *th = (void *)uh;

	if (o->kind->protocol == IPPROTO_UDP) {
		uh->dest = htons(o->port);
		uh->len = htons(sizeof(*uh) + o->kind->payload);
		return sizeof(*uh) + o->kind->payload;
	}
	th->dest = htons(o->port);
	th->doff = sizeof(*th) / 4;
	th->window = htons(U16_MAX);
	th->syn = o->kind->syn;
	th->ack = o->kind->ack;
	th->psh = o->kind->psh;
	th->seq = htonl(o->kind->syn ? 1000 : 1001);
	th->ack_seq = htonl(o->kind->ack ? 5001 : 0);
	return sizeof(*th) + o->kind->payload;
}

static void write_frame(struct order *o)
{
	struct ethhdr *eth = (void *)o->frame;
	unsigned int transport;

	ether_addr_copy(eth->h_dest, o->mac);
	ether_addr_copy(eth->h_source, o->dev->dev_addr);
	eth->h_proto = htons(o->v6 ? ETH_P_IPV6 : ETH_P_IP);
	transport = write_transport(o);
	write_network(o, transport);
	o->len = ETH_HLEN + network_len(o) + transport;
}

/* A packet's head is a piece of a page, as those of drivers are. */
static struct sk_buff *make_packet(const struct order *o, u32 flow)
{
	void *head = netdev_alloc_frag(TRUESIZE);
	struct sk_buff *skb;
	struct ipv6hdr *ip6h;
	struct iphdr *iph;

	skb = head ? build_skb(head, TRUESIZE) : NULL;
	if (!skb) {
		if (head)
			skb_free_frag(head);
		return NULL;
	}
	skb_reserve(skb, NET_SKB_PAD + NET_IP_ALIGN);
	skb_put_data(skb, o->frame, o->len);
	skb_reset_mac_header(skb);
	skb_set_network_header(skb, ETH_HLEN);
	skb_set_transport_header(skb, ETH_HLEN + network_len(o));
	skb->protocol = eth_hdr(skb)->h_proto;
	skb->dev = o->dev;
	skb->ip_summed = CHECKSUM_UNNECESSARY;
	/* Both protocols begin with it. */
	udp_hdr(skb)->source = htons(1024 + flow / 256);
	if (o->v6) {
		ip6h = ipv6_hdr(skb);
		ip6h->saddr.s6_addr[15] = flow % 256;
	} else {
		iph = ip_hdr(skb);
		iph->saddr |= htonl(flow % 256);
		ip_send_check(iph);
	}
	return skb;
}

/* They do nothing; a compiler chooses no such displacement. */
static void profile_begin(void)
{
	asm volatile("nopl 0x1bba5001(%rax)");
}

static void profile_end(void)
{
	asm volatile("nopl 0x1bba5002(%rax)");
}

/* While ksoftirqd is about to run, softirqs are left to it. */
static bool left_to_ksoftirqd(void)
{
	return local_softirq_pending() & BIT(NET_RX_SOFTIRQ);
}

/* So many on this CPU, the only one: of devices and of the timer. */
static u64 interrupts(void)
{
	return kstat_this_cpu->irqs_sum +
		this_cpu_read(irq_stat.apic_timer_irqs);
}

static int send_packets(const struct order *o, struct result *r)
{
	u32 n, flow = 0;
	u64 begin, irqs;
	bool busy;

	r->packets = 0;
	r->cycles = 0;
	r->started = div_u64(ktime_get_ns(), NSEC_PER_USEC);
	profile_begin();
	for (n = 0; n < o->count; n++) {
		struct sk_buff *skb;

		busy = local_softirq_pending();
		irqs = interrupts();
		begin = rdtsc();
		skb = make_packet(o, o->first + flow);
		if (!skb)
			return -ENOMEM;
		/* To wherever it goes from there. */
		dev_direct_xmit(skb, 0);
		if (left_to_ksoftirqd()) {
			do {
				schedule();
			} while (left_to_ksoftirqd());
		} else if (!busy && interrupts() == irqs) {
			r->cycles += rdtsc() - begin;
			r->packets++;
		}
		if (++flow == o->flows)
			flow = 0;
		if (n % 64 == 63)
			cond_resched();
	}
	profile_end();
	if (o->pause)
		msleep(o->pause);
	return 0;
}

static const struct kind *find_kind(const char *name)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (!strcmp(kinds[i].name, name))
			return &kinds[i];
	}
	return NULL;
}

static bool read_address(const char *text, bool v6, struct in6_addr *address)
{
	u8 *bytes = address->s6_addr;

	return v6 ? in6_pton(text, -1, bytes, -1, NULL) :
		in4_pton(text, -1, bytes, -1, NULL);
}

/* All but the device, which is left for the caller to find by its name. */
static int read_order(const char *text, struct order *o, char *device)
{
	char mac[18], kind[8], source[48], destination[48];
	u32 last_flow;

	if (sscanf(text, "%15s %17s %7s %47s %47s %hu %u %u %u %u", device,
		   mac, kind, source, destination, &o->port, &o->first,
		   &o->flows, &o->count, &o->pause) != 10)
		return -EINVAL;
	o->kind = find_kind(kind);
	o->v6 = strchr(source, ':');
	if (!o->kind || !mac_pton(mac, o->mac) ||
	    !read_address(source, o->v6, &o->source) ||
	    !read_address(destination, o->v6, &o->destination))
		return -EINVAL;
	if (o->v6)
		o->source.s6_addr[15] = 0;
	else
		o->source.s6_addr[3] = 0;
	/* Source ports end there. */
	if (!o->flows ||
	    check_add_overflow(o->first, o->flows - 1, &last_flow) ||
	    last_flow / 256 > U16_MAX - 1024)
		return -ERANGE;
	return 0;
}

static ssize_t source_write(struct file *file, const char __user *user,
			    size_t len, loff_t *offset)
{
	struct order *o;
	char device[IFNAMSIZ];
	char *text;
	int err;

	o = kzalloc(sizeof(*o), GFP_KERNEL);
	if (!o)
		return -ENOMEM;
	text = memdup_user_nul(user, min_t(size_t, len, 256));
	if (IS_ERR(text)) {
		err = PTR_ERR(text);
		goto out_free;
	}
	err = read_order(text, o, device);
	kfree(text);
	if (err)
		goto out_free;
	o->dev = dev_get_by_name(current->nsproxy->net_ns, device);
	if (!o->dev) {
		err = -ENODEV;
		goto out_free;
	}
	write_frame(o);
	mutex_lock(&lock);
	err = send_packets(o, &last);
	mutex_unlock(&lock);
	dev_put(o->dev);
out_free:
	kfree(o);
	return err ?: len;
}

/* By flags that the kernel sets and never clears. */
static const char *routing(const struct net *net)
{
	if (net->ipv4.fib_has_custom_rules || net->ipv6.fib6_has_custom_rules)
		return net->ipv4.fib_has_custom_local_routes ?
			"rules,local" : "rules";
	return net->ipv4.fib_has_custom_local_routes ? "local" : "plain";
}

static ssize_t source_read(struct file *file, char __user *user, size_t len,
			   loff_t *offset)
{
	char text[80];
	int n;

	mutex_lock(&lock);
	n = scnprintf(text, sizeof(text), "%llu %u %llu %s\n", last.cycles,
		      last.packets, last.started,
		      routing(current->nsproxy->net_ns));
	mutex_unlock(&lock);
	return simple_read_from_buffer(user, len, offset, text, n);
}

static const struct proc_ops source_ops = {
	.proc_read = source_read,
	.proc_write = source_write,
};

static int __init source_init(void)
{
	return proc_create("lbhash_source", 0600, NULL, &source_ops) ?
		0 : -ENOMEM;
}

static void __exit source_exit(void)
{
	remove_proc_entry("lbhash_source", NULL);
}

module_init(source_init);
module_exit(source_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("packets for the benches of xt_lbhash");
