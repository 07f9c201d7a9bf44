/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The other name of this header. */
#include "../vmci_sockets.h"
