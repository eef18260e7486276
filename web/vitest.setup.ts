// SPDX-License-Identifier: MIT
/** What browsers have and Node.js 18 has not. */
import { webcrypto } from 'node:crypto';

if (!('crypto' in globalThis)) Object.defineProperty(globalThis, 'crypto', { value: webcrypto });
