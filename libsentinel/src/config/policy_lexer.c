/* SPDX-License-Identifier: MIT */
#include "config/policy_lexer.h"

#include "base/error.h"

#include <ctype.h>
#include <string.h>

void sn__lexer_init(struct sn__lexer *lexer, const char *label, const char *text, size_t length)
{
    *lexer = (struct sn__lexer){.label = label, .text = text, .length = length, .line = 1, .column = 1};
}

static int fail(const struct sn__lexer *lexer, uint32_t line, uint32_t column, const char *what, sn_error **ret_error)
{
    return sn__error_parse(ret_error, "parse policy", line, column, "%s:%u:%u: %s", lexer->label, line, column, what);
}

/* The character `ahead` of here; 0 at the end (and for a NUL, which is no character of the language either). */
static unsigned char peek(const struct sn__lexer *lexer, size_t ahead)
{
    return ahead < lexer->length - lexer->at ? (unsigned char)lexer->text[lexer->at + ahead] : 0;
}

static void advance(struct sn__lexer *lexer, size_t count)
{
    for (; count && lexer->at < lexer->length; count--) {
        if (lexer->text[lexer->at++] == '\n') {
            lexer->line++;
            lexer->column = 1;
        } else {
            lexer->column++;
        }
    }
}

static int skip_blank(struct sn__lexer *lexer, sn_error **ret_error)
{
    while (lexer->at < lexer->length) {
        if (isspace(peek(lexer, 0))) {
            advance(lexer, 1);
        } else if (peek(lexer, 0) == '/' && peek(lexer, 1) == '/') {
            while (lexer->at < lexer->length && peek(lexer, 0) != '\n')
                advance(lexer, 1);
        } else if (peek(lexer, 0) == '/' && peek(lexer, 1) == '*') {
            uint32_t line = lexer->line, column = lexer->column;

            advance(lexer, 2);
            while (!(peek(lexer, 0) == '*' && peek(lexer, 1) == '/')) {
                if (lexer->at >= lexer->length)
                    return fail(lexer, line, column, "this comment is never closed", ret_error);
                advance(lexer, 1);
            }
            advance(lexer, 2);
        } else {
            break;
        }
    }
    return 0;
}

static int digit_value(unsigned char c)
{
    if (isdigit(c))
        return c - '0';
    return isxdigit(c) ? tolower(c) - 'a' + 10 : 99;
}

static int lex_number(struct sn__lexer *lexer, struct sn__token *token, sn_error **ret_error)
{
    int base = 10, digits = 0;
    uint64_t value = 0;

    if (peek(lexer, 0) == '0' && tolower(peek(lexer, 1)) == 'x') {
        base = 16;
        advance(lexer, 2);
    } else if (peek(lexer, 0) == '0' && tolower(peek(lexer, 1)) == 'b') {
        base = 2;
        advance(lexer, 2);
    } else if (peek(lexer, 0) == '0') {
        base = 8;
    }
    for (; isalnum(peek(lexer, 0)) || peek(lexer, 0) == '_'; advance(lexer, 1), digits++) {
        int digit = digit_value(peek(lexer, 0));

        if (digit >= base)
            return fail(lexer, lexer->line, lexer->column, "this character does not belong in a number", ret_error);
        if (__builtin_mul_overflow(value, (uint64_t)base, &value) ||
            __builtin_add_overflow(value, (uint64_t)digit, &value))
            return fail(lexer, token->line, token->column, "this number does not fit into 64 bits", ret_error);
    }
    if (!digits)
        return fail(lexer, token->line, token->column, "this number has no digits", ret_error);
    token->kind = SN__TOKEN_NUMBER;
    token->number = value;
    return 0;
}

static int lex_string(struct sn__lexer *lexer, struct sn__token *token, sn_error **ret_error)
{
    advance(lexer, 1);
    token->text = lexer->text + lexer->at;
    while (peek(lexer, 0) != '"') {
        if (lexer->at >= lexer->length || peek(lexer, 0) == '\n' || peek(lexer, 0) == '\0')
            return fail(lexer, token->line, token->column, "this string is not closed on its line", ret_error);
        advance(lexer, 1);
    }
    token->kind = SN__TOKEN_STRING;
    token->length = (size_t)(lexer->text + lexer->at - token->text);
    advance(lexer, 1);
    return 0;
}

static int lex_punctuation(struct sn__lexer *lexer, struct sn__token *token, sn_error **ret_error)
{
    static const struct {
        char text[3];
        int kind;
    } pairs[] = {{"==", SN__TOKEN_EQ}, {"!=", SN__TOKEN_NE},  {"<=", SN__TOKEN_LE},
                 {">=", SN__TOKEN_GE}, {"&&", SN__TOKEN_AND}, {"||", SN__TOKEN_OR}};
    unsigned char c = peek(lexer, 0);

    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
        if (c == (unsigned char)pairs[i].text[0] && peek(lexer, 1) == (unsigned char)pairs[i].text[1]) {
            token->kind = pairs[i].kind;
            token->length = 2;
            advance(lexer, 2);
            return 0;
        }
    if (!c || !strchr("{}()[],;#&|!<>?-~", c))
        return fail(lexer, token->line, token->column,
                    c == '=' ? "a single = means nothing here; compare with =="
                             : "this character has no meaning in a policy",
                    ret_error);
    token->kind = c;
    token->length = 1;
    advance(lexer, 1);
    return 0;
}

int sn__lexer_next(struct sn__lexer *lexer, struct sn__token *ret_token, sn_error **ret_error)
{
    struct sn__token token = {0};
    int r = skip_blank(lexer, ret_error);

    if (r < 0)
        return r;
    token.line = lexer->line;
    token.column = lexer->column;
    token.text = lexer->text + lexer->at;
    if (lexer->at >= lexer->length) {
        token.kind = SN__TOKEN_END;
    } else if (isalpha(peek(lexer, 0)) || peek(lexer, 0) == '_') {
        while (isalnum(peek(lexer, 0)) || peek(lexer, 0) == '_')
            advance(lexer, 1);
        token.kind = SN__TOKEN_NAME;
        token.length = (size_t)(lexer->text + lexer->at - token.text);
    } else if (isdigit(peek(lexer, 0))) {
        r = lex_number(lexer, &token, ret_error);
        token.length = (size_t)(lexer->text + lexer->at - token.text);
    } else if (peek(lexer, 0) == '"') {
        r = lex_string(lexer, &token, ret_error);
    } else {
        r = lex_punctuation(lexer, &token, ret_error);
    }
    if (r < 0)
        return r;
    *ret_token = token;
    return 0;
}
