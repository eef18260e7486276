// SPDX-License-Identifier: MIT
/** From what is written to what is sent, and back: apart, because the way back is not needed at first sight. */
export { draftOf, OUTPUT_DEFAULT_KB } from './draftOf';
export { submissionOf } from './submissionOf';
