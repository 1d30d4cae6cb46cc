/* dashboard.c: the tables of orders/ as JSON, and ORDERS_RATES read. */
#include "http/dashboard.h"

#include "orders/currency.h"
#include "orders/status.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static json_t *list_currencies(void)
{
    json_t *list = json_array();
    const char *code;
    for (size_t i = 0; (code = currency_code(i)) != NULL; i++)
        json_array_append_new(list,
                              json_pack("{ss si}", "code", code, "decimals", (int)currency_decimals(code)));
    return list;
}

static json_t *list_statuses(void)
{
    json_t *list = json_array();
    const char *word;
    for (int status = 1; (word = order_status_word((Orders__V1__OrderStatus)status)) != NULL; status++)
        json_array_append_new(list, json_string(word));
    return list;
}

/* Reads one of the rates, "USD:138.89"; *rest is what stands behind its comma, NULL when there is none. NULL:
 * it is no rate. */
static const char *read_rate(const char *text, double *rate, const char **rest)
{
    enum { CODE_LENGTH = 3 };
    char code[CODE_LENGTH + 1] = "";
    char *end;
    if (strcspn(text, ":,") != CODE_LENGTH || text[CODE_LENGTH] != ':')
        return NULL;
    memcpy(code, text, CODE_LENGTH);
    *rate = strtod(text + CODE_LENGTH + 1, &end);
    if (end == text + CODE_LENGTH + 1 || (*end != ',' && *end != '\0') || !isfinite(*rate) || *rate <= 0)
        return NULL;
    *rest = *end == ',' ? end + 1 : NULL;
    return currency_find(code);
}

/* Fills the rates, and which currency is the measure of the others. False: something is wrong. */
static bool read_rates(const char *text, json_t *rates, const char **measure)
{
    const char *rest = text;
    *measure = NULL;
    do {
        double rate;
        const char *code = read_rate(rest, &rate, &rest);
        if (code == NULL || json_object_get(rates, code) != NULL)
            return false;
        json_object_set_new(rates, code, json_real(rate));
        if (*measure == NULL && rate == 1)
            *measure = code;
    } while (rest != NULL);
    return *measure != NULL;
}

/* NULL: they give a key. */
static json_t *describe_sign_in(const struct dashboard_sign_in *sign_in)
{
    if (sign_in->client == NULL)
        return NULL;
    return json_pack("{ss ss ss}", "issuer", sign_in->issuer, "client", sign_in->client, "scope",
                     sign_in->scope);
}

const char *dashboard_policy(const char *policy, const struct dashboard_sign_in *sign_in, struct arena *arena)
{
    static const char own[] = "connect-src 'self'";
    const char *at = strstr(policy, own);
    if (sign_in->client == NULL || at == NULL)
        return policy;
    at += strlen(own);
    const char *host = strstr(sign_in->issuer, "://");
    const size_t scheme = host != NULL ? (size_t)(host - sign_in->issuer) + strlen("://") : 0;
    const size_t origin = scheme + strcspn(sign_in->issuer + scheme, "/?#");
    return arena_printf(arena, "%.*s %.*s%s", (int)(at - policy), policy, (int)origin, sign_in->issuer, at);
}

json_t *dashboard_settings(const char *rates, const struct dashboard_sign_in *sign_in, char *error,
                           size_t error_size)
{
    json_t *read = json_object();
    const char *measure = NULL;
    if (rates != NULL && !read_rates(rates, read, &measure)) {
        snprintf(error, error_size,
                 "ORDERS_RATES: \"%s\" is not a list such as \"ISK:1,USD:138.89\" of different currencies "
                 "(%s) and what "
                 "one is worth in the one whose rate is 1",
                 rates, currency_codes);
        json_decref(read);
        return NULL;
    }
    return json_pack("{so so so? ss? so?}", "currencies", list_currencies(), "statuses", list_statuses(),
                     "rates", measure != NULL ? read : (json_decref(read), (json_t *)NULL), "estimate_in",
                     measure, "sign_in", describe_sign_in(sign_in));
}
