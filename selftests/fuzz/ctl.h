/* SPDX-License-Identifier: GPL-2.0 */
/* lbhashctl as a function. */
#ifndef FUZZ_CTL_H
#define FUZZ_CTL_H

#include <stddef.h>

/* Exit codes of lbhashctl. */
enum { CTL_DONE, CTL_USAGE, CTL_REFUSED };

#define CTL_FILE	"file"	/* a file with the contents of standard input */
#define CTL_WORDS	64

extern char *ctl_out, *ctl_err;

/* Version of the module with a newline, as in sysfs; NULL if it is not loaded.
 */
extern const char *ctl_module;

int ctl_run(const char *const *words, const char *in, size_t size);
void ctl_forget(void);

#endif /* FUZZ_CTL_H */
