/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A fuzzer that predicts the answer to every message it sends.
 *
 *   main.c      sends messages and has the answers judged
 *   message.c   messages, good and bad ones, of values.c
 *   judge.c     is the answer right? content.c: and everything in it?
 *   predict.c   the right answer, and what the model becomes
 *   read.c      what answers say
 *   digest.c    tables of the model's services
 *   model.c     services and backends as the kernel must have them
 *   oracle.c    what generic netlink itself refuses
 *   wire.c      sockets
 *   complain.c  the end of a run in which an answer is wrong
 *   spec.c      tables made from the specification; random.c: random numbers;
 *               options.c: the command line
 *
 * A file calls only files that are below it in this list.
 */
#ifndef NLFUZZ_H
#define NLFUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <linux/lbhash.h>

#include "spec.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define NAME_SIZE	(LBHASH_NAME_MAX + 1)
#define ATTRS_MAX	64
#define DATAGRAM_MAX	(160 * 1024)
#define VALUE_MAX	64
#define ODDS		6

/* --- model.c --- */

struct backend {
	char name[NAME_SIZE];
	uint32_t mark, weight, state;
	uint8_t addr4[4], addr6[16];
};

struct service {
	char name[NAME_SIZE];
	uint32_t size, fields, mask, on_empty, settle, track, deliver;
	uint32_t idle, udp_idle, settle_max, sample;
	uint8_t src4, dst4, src6, dst6;
	uint8_t seed[LBHASH_SEED_LEN];
	uint64_t generation;
	uint32_t rules;
	struct backend *backends;
	unsigned int n, room;
	bool has_digest;
	uint64_t digest;
};

/**
 * struct model - the configuration of the namespace
 * @services: its services
 * @n: number of @services
 * @limit: most entries of the flow memory
 * @key: key of the flow memory
 * @inserted: entries may have been inserted into it
 */
struct model {
	struct service **services;
	unsigned int n;
	uint32_t limit;
	uint8_t key[LBHASH_MEMORY_KEY_LEN];
	bool inserted;
};

extern struct model model;

void *must_alloc(size_t size);
void copy_name(char *to, const char *from);
struct service *model_find(const char *name);
void model_put(struct service *svc);
void model_remove(const char *name);
struct service *service_copy(const struct service *svc);
void service_free(struct service *svc);
struct backend *service_backend(const struct service *svc, const char *name);
struct backend *service_add(struct service *svc, const char *name);
void service_drop(struct service *svc, struct backend *backend);
bool backend_is_active(const struct backend *backend);
unsigned int service_actives(const struct service *svc);
uint32_t next_prime(uint32_t n);
bool name_is_valid(const char *name);

/* --- digest.c --- */

uint64_t service_digest(struct service *svc);
void default_seed(uint8_t *seed, const char *name);

/* --- oracle.c --- */

extern const struct nlattr *oracle_blames;

bool oracle_attrs(const struct set_spec *set, uint64_t allowed,
		  const uint8_t *data, size_t len, const struct nlattr **tb);
const struct op_spec *op_of(uint8_t cmd);

/* --- predict.c --- */

/**
 * struct verdict - the predicted answer to a message
 * @op: the operation, NULL if there is no such operation
 * @request: the kernel handles the message, and does not just acknowledge it
 * @dump: it requests a dump
 * @own: a refusal comes from the module and has a sentence
 * @parse: a refusal comes from netlink, which parses the attributes
 * @blamed: offset in the message of the attribute that netlink blames, or 0
 * @errors: errno values of the possible refusals
 * @n_errors: number of @errors; 0 if the request must succeed
 * @name: the service that the request names, "" for all
 * @backend: the backend that the request names
 * @first_slot: first slot of the table in the answer
 * @draft: the service after the change; NULL if it is deleted or not changed
 * @changes: the model changes, and there is an event
 * @same: the request is a change of a service, and leaves it as it is
 * @dry_run: a dry run of the change
 * @moves: flows get other slots
 * @warns: the answer has a warning of too few slots
 * @silent: success has no answer but the ack
 * @unsure: EBUSY is a right answer, too: slots may be in transition or not
 * @limit: limit of the flow memory after the request
 * @key: its key after the request
 * @entries: number of entries in the request
 */
struct verdict {
	const struct op_spec *op;
	bool request, dump, own, parse;
	uint32_t blamed;
	int errors[16];
	unsigned int n_errors;
	char name[NAME_SIZE], backend[NAME_SIZE];
	uint32_t first_slot;
	struct service *draft;
	bool changes, same, dry_run, moves, warns, silent, unsure;
	uint32_t limit;
	uint8_t key[LBHASH_MEMORY_KEY_LEN];
	uint32_t entries;
};

void predict(const struct nlmsghdr *nlh, struct verdict *v);
void commit(struct verdict *v);

/* --- random.c --- */

void dice_start(uint64_t seed);
uint64_t dice(void);
uint32_t below(uint32_t n);
bool percent(unsigned int n);

/* --- values.c, message.c --- */

/**
 * struct intent - the subject of a message that is being made
 * @op: the operation
 * @name: name of the service
 * @svc: the service, NULL if there is none of that name
 * @crowd: the message has many backends
 * @version: IP version of the flow: 4 or 6
 */
struct intent {
	const struct op_spec *op;
	char name[NAME_SIZE];
	const struct service *svc;
	bool crowd;
	unsigned int version;
};

struct datagram {
	uint8_t data[DATAGRAM_MAX];
	size_t len;
};

void choose_intent(struct intent *in);
unsigned int chance_of(const struct intent *in, const struct set_spec *set,
		       const struct attr_spec *attr);
size_t make_value(const struct intent *in, const struct set_spec *set,
		  const struct attr_spec *attr, unsigned int odd, uint8_t *to);
void make_datagram(struct datagram *dg);

/* --- wire.c --- */

extern uint16_t family;
extern uint32_t portid;

/**
 * enum failure - what became of a datagram while an allocation was to fail
 * @NO_FAILURE: there were fewer allocations
 * @NOT_SENT: the datagram did not reach the kernel's handler
 * @ANSWER_LOST: it may have been handled
 * @FAILED: it was handled, and the failure may have had no effect
 */
enum failure { NO_FAILURE, NOT_SENT, ANSWER_LOST, FAILED };

void wire_open(void);
void wire_cap(bool on);
void wire_send(const void *data, size_t len);
enum failure wire_send_failing(const void *data, size_t len, unsigned int nth);
int wire_error(void);
const struct nlmsghdr *wire_answer(void);
const struct nlmsghdr *wire_next_answer(void);
const struct nlmsghdr *wire_event(void);

/* --- read.c --- */

/**
 * struct seen_service - a service as the kernel reports it
 * @svc: attributes that the model has, without backends
 * @digest: digest of the table
 * @backends: number of backends
 * @transitions: number of slots in transition
 * @holding: number of connections that hold slots in transition
 * @has_seed: the seed was reported
 * @has_settles_in: a time until slots settle was reported
 * @has_holding: @holding was reported
 */
struct seen_service {
	struct service svc;
	uint64_t digest;
	uint32_t backends, transitions, holding;
	bool has_seed, has_settles_in, has_holding;
};

struct seen_backend {
	struct backend backend;
	uint32_t slots;
};

void parse_message(const struct nlattr **tb, const struct nlmsghdr *nlh);
void parse_nest(const struct nlattr **tb, const struct set_spec *set,
		const struct nlattr *attr);
uint32_t read_u32(const struct nlattr **tb, unsigned int id);
uint64_t read_u64(const struct nlattr **tb, unsigned int id);
const char *read_name(const struct nlattr **tb, unsigned int id);
void read_service(const struct nlmsghdr *nlh, struct seen_service *seen);
void read_backend(const struct nlattr *nest, struct seen_backend *seen);

/* --- content.c --- */

/**
 * struct shown - sums over the messages of an answer, for a service
 * @svc: the service, in the model
 * @messages: number of messages
 * @backends: number of backends in them
 * @slots: sum of the slots of these backends
 * @before: sum of their slots before the change, of a dry run
 */
struct shown {
	const struct service *svc;
	uint32_t messages, backends, slots, before;
};

struct service *must_know(const char *name);
void same(const char *whose, const char *what, uint64_t want, uint64_t got);
void judge_reply(const struct nlmsghdr *answer, const struct verdict *v);
void judge_rehearsal(const struct nlmsghdr *answer, const struct verdict *v,
		     struct shown *shown);
void judge_rehearsals(const struct verdict *v, const struct shown *shown);
void judge_part(const struct nlmsghdr *answer, const struct verdict *v,
		struct shown *shown);
void judge_sum(const struct shown *shown, const struct verdict *v);

/* --- judge.c --- */

void adopt(void);
void judge(const struct nlmsghdr *nlh, struct verdict *v);
void judge_event(const struct verdict *v);
void judge_silence(void);
void judge_failure(struct verdict *v, bool answered);
void compare_all(void);
void report(void);
uint64_t judged(void);

/* --- complain.c --- */

void now_sending(const struct datagram *dg, uint64_t number);
void now_expecting(const struct verdict *v);
void show_datagram(const struct datagram *dg, uint64_t number);
void show_verdict(const struct verdict *v);
void complain(const char *format, ...)
	__attribute__((noreturn, format(printf, 1, 2)));
void die(const char *what) __attribute__((noreturn));

/* --- options.c --- */

/**
 * struct options - options of the command line
 * @seed: seed of the random messages
 * @count: number of messages to send
 * @capable: the caller has CAP_NET_ADMIN in the namespace's user namespace
 * @failures: for each message an allocation in the kernel fails
 * @verbose: print each message and its prediction
 */
struct options {
	uint64_t seed, count;
	bool capable, failures, verbose;
};

extern struct options options;

void parse_options(int argc, char **argv);

#endif /* NLFUZZ_H */
