# SPDX-License-Identifier: MIT
raise SystemExit(300)
