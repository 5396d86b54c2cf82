/* secrets.h - for the tools that hold credentials: none of them may end in a core file. */
#ifndef CLI_SECRETS_H
#define CLI_SECRETS_H

/* Call it first: no core file, and no other program of this user may attach to us or read our memory. */
void secrets_guard(void);

#endif
