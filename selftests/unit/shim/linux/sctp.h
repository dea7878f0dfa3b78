/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SHIM_SCTP_H
#define SHIM_SCTP_H

#include "types.h"

/* RFC 9260, section 3.1. */
struct sctphdr {
	__be16 source;
	__be16 dest;
	__be32 vtag;
	__le32 checksum;
};

#endif /* SHIM_SCTP_H */
