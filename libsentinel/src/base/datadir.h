/* SPDX-License-Identifier: MIT */
#ifndef SN_BASE_DATADIR_H
#define SN_BASE_DATADIR_H

/*
 * Where the policies and manifests are: $SENTINEL_DATA_DIR (ignored in a setuid program), else the installed place.
 * Policies are <datadir>/NAME.policy and NAME.json, languages <datadir>/languages/NAME.yaml. Static string.
 */
const char *sn__datadir(void);

/*
 * Directories of manifests, or single ones, with colons between, that come before the installed languages:
 * $SENTINEL_LANGUAGE_PATH (ignored in a setuid program), else "". Static string.
 */
const char *sn__language_path(void);

#endif
