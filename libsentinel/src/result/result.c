/* SPDX-License-Identifier: MIT */
/* stub */
typedef int sn__stub;
