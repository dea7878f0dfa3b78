/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Included in front of every file of lbhashctl: calls to the outside world go
 * to the fuzzer instead. System headers declare them under the new names.
 */
#ifndef FUZZ_REDIRECT_H
#define FUZZ_REDIRECT_H

#define main			lbhashctl_main
#define calloc			fuzz_calloc
#define fopen			fuzz_fopen
#define malloc			fuzz_malloc
#define poll			fuzz_poll
#define realloc			fuzz_realloc
#define recv			fuzz_recv
#define setns			fuzz_setns
#define mnl_socket_bind		fuzz_bind
#define mnl_socket_close	fuzz_close
#define mnl_socket_get_fd	fuzz_get_fd
#define mnl_socket_open2	fuzz_open
#define mnl_socket_recvfrom	fuzz_recvfrom
#define mnl_socket_sendto	fuzz_sendto
#define mnl_socket_setsockopt	fuzz_setsockopt

#endif /* FUZZ_REDIRECT_H */
