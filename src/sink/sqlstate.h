/* What the server's five characters mean for us. */
#ifndef KG_SINK_SQLSTATE_H
#define KG_SINK_SQLSTATE_H

#include "kubeglean/error.h"
#include "kubeglean/str.h"

/* Packed into kg_error.native: 8 bits a character. 0: none is known. */
#define KG_SQLSTATE(text)                                \
    (((long)(text)[0] << 32) | ((long)(text)[1] << 24) | \
     ((long)(text)[2] << 16) | ((long)(text)[3] << 8) | (long)(text)[4])

/* `text` has five characters; anything else, also NULL, is 0. */
long kg_sqlstate_pack(const char *text);
/* Writes five characters and a NUL; returns `text`. "" for 0. */
const char *kg_sqlstate_text(long packed, char text[6]);
/* Our word for it. */
enum kg_errc kg_sqlstate_errc(long packed);
/* A value is bad, not the server or the statement. */
bool kg_sqlstate_is_data(long packed);
/* What is wrong, "disk full: ", and what is done about it, or has to be by a
 * person, "; trying again ...", "; cure: ...". Static; "" where the server's
 * words say it all. */
const char *kg_sqlstate_what(long packed);
const char *kg_sqlstate_next(long packed);
/* The first SQLSTATE in a verbose message of a failed connection, or 0. */
long kg_sqlstate_find(struct kg_str message);

#endif /* KG_SINK_SQLSTATE_H */
