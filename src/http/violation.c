/* violation.c: what a violation is called here and what in pydantic 2, as a table. */
#include "http/violation.h"

#include <stdbool.h>
#include <string.h>

/* How a parameter is shown, in a message and in a context. */
enum shown {
    SHOWN_NOT,
    SHOWN_AS_TEXT,
    SHOWN_AS_NUMBER,
    SHOWN_AS_COUNT, /* of characters: a number, and "character" or "characters" behind it */
    SHOWN_AS_WORDS, /* "a, b, c" as "'a', 'b' or 'c'" */
};

/* The wording of each type of violation that a service or a reader of JSON finds. */
static const struct wording {
    const char *type;      /* ours */
    const char *pydantic;  /* its; NULL: the same */
    const char *message;   /* up to the parameter */
    enum shown parameter;  /* what of the message varies; one without it is of another version of the service,
                              and says all in its own words */
    const char *after;     /* behind the parameter; NULL: nothing */
    const char *context;   /* the one member of "ctx"; NULL: there is none */
    bool is_exception;     /* which as that member is an empty object, else it is the parameter */
    const char *of_change; /* the field to whose change this wording belongs; NULL: to all else */
} wordings[] = {
    {"missing", .message = "Field required"},

/* What the original's own validators refused, by an exception. */
#define VALIDATOR(...) "value_error", "Value error, " __VA_ARGS__, .context = "error", .is_exception = true
    {"blank", VALIDATOR("Customer ID cannot be empty or whitespace", .of_change = "customer_id")},
    {"blank", VALIDATOR("Field cannot be empty or whitespace")},
    {"control_character", VALIDATOR("Field cannot contain control characters")},
    {"reserved", VALIDATOR("Order ID cannot be '", SHOWN_AS_TEXT, "'")},
    {"unknown_page_token", VALIDATOR("Page token must be of a list with the same filters and order")},
    {"unknown_currency", VALIDATOR("Currency must be a valid ISO 4217 code. Supported: ", SHOWN_AS_TEXT)},

#define LIMIT(before, member) NULL, before, SHOWN_AS_NUMBER, .context = (member)
    {"greater_than", LIMIT("Input should be greater than ", "gt")},
    {"greater_than_equal", LIMIT("Input should be greater than or equal to ", "ge")},
    {"less_than_equal", LIMIT("Input should be less than or equal to ", "le")},
    {"string_too_short", NULL, "String should have at least ", SHOWN_AS_COUNT, .context = "min_length"},
    {"string_too_long", NULL, "String should have at most ", SHOWN_AS_COUNT, .context = "max_length"},
    {"too_long", NULL, "List should have at most ", SHOWN_AS_NUMBER, " items after validation",
     .context = "max_length"},
    {"enum", NULL, "Input should be ", SHOWN_AS_WORDS, .context = "expected"},

    {"datetime_type", .message = "Input should be a valid datetime"},
    {"datetime_parsing", NULL, "Input should be a valid datetime, ", SHOWN_AS_TEXT, .context = "error"},
    {"datetime_from_date_parsing", NULL, "Input should be a valid datetime or date, ", SHOWN_AS_TEXT,
     .context = "error"},
    {"date_parsing", .message = "Input should be a valid date in the format YYYY-MM-DD"},

    {"string_type", .message = "Input should be a valid string"},
    {"string_unicode",
     .message = "Input should be a valid string, unable to parse raw data as a unicode string"},
    {"int_type", .message = "Input should be a valid integer"},
    {"int_parsing", .message = "Input should be a valid integer, unable to parse string as an integer"},
    {"int_parsing_size", .message = "Unable to parse input string as an integer, exceeded maximum size"},
    {"int_from_float", .message = "Input should be a valid integer, got a number with a fractional part"},
    {"float_parsing", .message = "Input should be a valid number, unable to parse string as a number"},
    {"bool_parsing", .message = "Input should be a valid boolean, unable to interpret input"},
    {"list_type", .message = "Input should be a valid list"},
    {"object_type", "model_attributes_type",
     "Input should be a valid dictionary or object to extract fields from"},
    {"nested_too_deeply", "recursion_loop", "Recursion error, nested too deeply"},
};

static void append(struct text *out, const char *json)
{
    text_append(out, json, strlen(json));
}

static void append_string(struct text *out, const char *string)
{
    text_string(out, string, strlen(string));
}

/* NULL: there is none, and the violation is told in its own words. */
static const struct wording *find_wording(const struct violation_place *place,
                                          const struct violation *violation)
{
    for (const struct wording *each = wordings; each < wordings + sizeof wordings / sizeof wordings[0];
         each++) {
        if (strcmp(each->type, violation->type) != 0)
            continue;
        if (each->parameter != SHOWN_NOT && *violation->parameter == '\0')
            return NULL;
        if (each->of_change == NULL ||
            (place->of_change && place->name != NULL && strcmp(each->of_change, place->name) == 0))
            return each;
    }
    return NULL;
}

/* "'a', 'b' or 'c'" of "a, b, c" */
static const char *alternatives(struct arena *arena, const char *words)
{
    static const char comma[] = ", ";
    const char *text = "", *separator = "";
    for (const char *at = words, *end; at != NULL; at = end) {
        end = strstr(at, comma);
        const int length = (int)(end != NULL ? (size_t)(end - at) : strlen(at));
        text = arena_printf(arena, "%s%s'%.*s'", text, separator, length, at);
        if (end != NULL) {
            end += strlen(comma);
            separator = strstr(end, comma) != NULL ? comma : " or ";
        }
    }
    return text;
}

static const char *show(struct arena *arena, const struct wording *wording, const char *parameter)
{
    return wording->parameter == SHOWN_AS_WORDS ? alternatives(arena, parameter) : parameter;
}

static const char *message_of(struct arena *arena, const struct wording *wording, const char *parameter)
{
    const char *after = wording->after != NULL ? wording->after : "";
    if (wording->parameter == SHOWN_AS_COUNT)
        after = strcmp(parameter, "1") == 0 ? " character" : " characters";
    return arena_printf(arena, "%s%s%s", wording->message,
                        wording->parameter != SHOWN_NOT ? show(arena, wording, parameter) : "", after);
}

/* A limit may be a time, too, which JSON has as text. */
static bool is_number(enum shown shown, const char *parameter)
{
    const char *digits = parameter + (*parameter == '-');
    return (shown == SHOWN_AS_NUMBER || shown == SHOWN_AS_COUNT) && *digits != '\0' &&
           digits[strspn(digits, "0123456789")] == '\0';
}

static void write_context(struct text *out, const struct wording *wording, const char *parameter)
{
    append(out, ",\"ctx\":{");
    append_string(out, wording->context);
    append(out, ":");
    if (wording->is_exception)
        append(out, "{}");
    else if (is_number(wording->parameter, parameter))
        append(out, parameter);
    else
        append_string(out, show(out->arena, wording, parameter));
    append(out, "}");
}

static void write_head(struct text *out, const char *type, const char *part)
{
    append(out, "{\"type\":");
    append_string(out, type);
    append(out, ",\"loc\":[");
    append_string(out, part);
}

void violation_write(struct text *out, const struct violation_place *place, const struct violation *violation)
{
    const struct wording *wording = find_wording(place, violation);
    write_head(out, wording != NULL && wording->pydantic != NULL ? wording->pydantic : violation->type,
               place->part);
    if (place->name != NULL) {
        append(out, ",");
        append_string(out, place->name);
    }
    if (place->is_element) {
        append(out, ",");
        text_integer(out, (int64_t)place->index);
    }
    append(out, "],\"msg\":");
    append_string(out, wording != NULL ? message_of(out->arena, wording, violation->parameter)
                                       : violation->message);
    append(out, ",\"input\":");
    if (place->input.bytes != NULL)
        text_compact(out, place->input);
    else
        append(out, "null");
    if (wording != NULL && wording->context != NULL)
        write_context(out, wording, violation->parameter);
    append(out, "}");
}

void violation_write_mistake(struct text *out, const struct json_mistake *mistake)
{
    write_head(out, "json_invalid", "body");
    append(out, ",");
    text_integer(out, (int64_t)mistake->position);
    append(out, "],\"msg\":\"JSON decode error\",\"input\":{},\"ctx\":{\"error\":");
    append_string(out, mistake->what);
    append(out, "}}");
}
