// SPDX-License-Identifier: MIT
/** The highlightings themselves, which Monaco means to load by itself and declares no types of. */
declare module 'monaco-editor/languages/definitions/*';
