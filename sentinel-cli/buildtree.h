/* SPDX-License-Identifier: MIT */
#ifndef SENTINEL_BUILDTREE_H
#define SENTINEL_BUILDTREE_H

/*
 * A command that is run where it was built takes policies, manifests and attacks from the source tree: nothing is
 * installed yet. An installed command never does that, and a variable that is set always wins.
 */
void buildtree_find_data(void);

#endif
