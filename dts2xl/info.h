/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Infos: what an end's says, and whether the drivers will take it. */
#ifndef DTS2XL_INFO_H
#define DTS2XL_INFO_H

#include "model.h"

/* The end's own info, or else that of its peer. */
const char *info_of(const struct end *end);
/* The peer's own info, or else that of this end. */
const char *info_of_peer(const struct end *end);
/* Says what the drivers would say of the end's own info. */
void info_check(const struct model *model, const struct end *end);
/* Says of a pipe with a unit that its info or name asks for another. */
void info_check_unit(const struct model *model, const struct end *end);
/* What the info of a pipe asks for; what is wrong with it info_check() says. */
struct vlinkcfg_pipe info_pipe(const struct model *model, const char *class_name,
			       const char *info);

#endif
