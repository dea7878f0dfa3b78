// SPDX-License-Identifier: GPL-2.0
/*
 * A packet generator for benchmarks in the guest. It makes packets as cheaply
 * as a driver does and measures their cost with the TSC, which counts
 * instructions under vm/run --icount. To send, write in the sender's network
 * namespace:
 *
 *   echo DEVICE MAC KIND SOURCE DESTINATION PORT FIRST FLOWS COUNT PAUSE \
 *	>/proc/lbhash_source
 *
 * KIND is udp, syn, ack or data; the addresses are both IPv4 or both IPv6.
 * COUNT packets are sent to MAC, of the flows FIRST to FIRST + FLOWS - 1 in
 * turn. The number of a flow selects its last byte of the source address, of
 * 256, and its source port, from 1024 on. The write returns PAUSE milliseconds
 * after the last packet, so that work of a program that receives packets is not
 * mixed with what the shell does next. Reading the file returns
 *
 *   CYCLES PACKETS STARTED ROUTING
 *
 * for the last order, STARTED in microseconds of the monotonic clock. CYCLES
 * and PACKETS exclude packets that were deferred to ksoftirqd, that were
 * interrupted, for example by a timer, and that shared a softirq with work of
 * an interrupt; the others are exact to a few instructions. Two marker
 * instructions delimit the measurement for the profiler (profile.c).
 *
 * ROUTING describes the reader's network namespace: "plain", "rules", "local"
 * or "rules,local". Once a routing rule or a custom local route has been added,
 * every lookup in that namespace costs more, even after its deletion.
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

/* Room for a packet with the stack's headroom and tailroom. */
#define ROOM	SKB_DATA_ALIGN(512)
#define TRUESIZE (ROOM + SKB_DATA_ALIGN(sizeof(struct skb_shared_info)))

/* udp and data are frames of 60 bytes for IPv4, the minimum of Ethernet; syn
 * and ack are shorter, without padding.
 */
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
 * struct order - the packets to send
 * @dev: device that sends them; the order holds a reference
 * @mac: link address of the next hop
 * @kind: entry of @kinds
 * @v6: IPv6, not IPv4
 * @source: source address of the flows, its last byte is 0
 * @destination: destination address
 * @port: destination port, in host order
 * @first: number of the first flow
 * @flows: number of flows
 * @count: number of packets
 * @pause: milliseconds to wait after the last packet
 * @frame: template of all packets
 * @len: length of @frame
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
 * struct result - measurement of an order
 * @cycles: TSC cycles of @packets
 * @packets: number of packets that were measured
 * @started: when sending began, in microseconds
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

/* The last byte of the source address is filled in per packet. */
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

/* The source port is filled in per packet. There is no checksum: packets arrive
 * as CHECKSUM_UNNECESSARY.
 */
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

/* The head of the packet is a page fragment, as in drivers. */
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
	/* UDP and TCP headers begin with the source port. */
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

/* Markers for profile.c: NOPs with a displacement that no compiler emits. */
static void profile_begin(void)
{
	asm volatile("nopl 0x1bba5001(%rax)");
}

static void profile_end(void)
{
	asm volatile("nopl 0x1bba5002(%rax)");
}

/* While ksoftirqd is about to run, the kernel leaves softirqs to it. */
static bool left_to_ksoftirqd(void)
{
	return local_softirq_pending() & BIT(NET_RX_SOFTIRQ);
}

/* Return: the interrupts of devices and of the timer so far, on the only CPU.
 */
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
		/* Returns when the receivers of the packet are done. */
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

/* Parse an order, except the device: the caller looks up its name. */
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
	/* The source port of the last flow must be a port. */
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

/* Report the flags that the kernel sets and never clears. */
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
