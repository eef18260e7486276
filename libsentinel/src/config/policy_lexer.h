/* SPDX-License-Identifier: MIT */
#ifndef SN_CONFIG_POLICY_LEXER_H
#define SN_CONFIG_POLICY_LEXER_H

#include <sentinel/error.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum sn__token_kind {
    SN__TOKEN_END,
    SN__TOKEN_NAME,
    SN__TOKEN_NUMBER,
    SN__TOKEN_STRING, /* the text between the quotes; there are no escapes */
    SN__TOKEN_EQ = 256,
    SN__TOKEN_NE,
    SN__TOKEN_LE,
    SN__TOKEN_GE,
    SN__TOKEN_AND,
    SN__TOKEN_OR,
    /* every other punctuation is its own character */
};

struct sn__token {
    int kind;
    const char *text;
    size_t length;
    uint64_t number;
    uint32_t line, column;
};

/* Cuts Kafel text into tokens; comments and white space fall away. Reads memory it does not own. */
struct sn__lexer {
    const char *label; /* for messages */
    const char *text;
    size_t length;
    size_t at;
    uint32_t line, column;
};

void sn__lexer_init(struct sn__lexer *lexer, const char *label, const char *text, size_t length);
int sn__lexer_next(struct sn__lexer *lexer, struct sn__token *ret_token, sn_error **ret_error);

#endif
