/* well_known.c: time stamps and field masks, which are text in JSON. */
#include "json/well_known.h"

#include "base/time.h"
#include "google/protobuf/field_mask.pb-c.h"
#include "google/protobuf/timestamp.pb-c.h"
#include "json/scalars.h"

#include <math.h>
#include <string.h>

/* False for one that RFC 3339 has no text for. */
static bool timestamp_write(const ProtobufCMessage *message, struct text *out)
{
    const Google__Protobuf__Timestamp *stamp = (const Google__Protobuf__Timestamp *)message;
    if (stamp->seconds < TIMESTAMP_MIN_SECONDS || stamp->seconds > TIMESTAMP_MAX_SECONDS ||
        stamp->nanos < 0 || stamp->nanos >= NS_PER_S)
        return false;
    char text[TIMESTAMP_TEXT];
    size_t length =
        timestamp_format((struct timestamp){.seconds = stamp->seconds, .nanos = stamp->nanos}, text);
    text_word(out, text, length);
    return true;
}

static const char too_early[] = "dates before 0000 are not supported as unix timestamps";
static const char too_late[] = "dates after 9999 are not supported as unix timestamps";

/* Reads seconds since 1970, or milliseconds where they are beyond 2e10 either way, to the nearest
 * microsecond. NULL, or why that is no time stamp. */
static const char *read_number(double number, struct timestamp *out)
{
    enum { MS_PER_S = 1000, US_PER_MS = 1000, US_PER_S = 1000000 };
    static const double seconds_most = 2e10, milliseconds_most = 1e15;
    static const int64_t year_0 = INT64_C(-62167219200);
    const double whole = floor(number), rest = number - whole;
    const bool is_ms = fabs(whole) > seconds_most;
    if (fabs(whole) > milliseconds_most)
        return whole < 0 ? too_early : too_late;
    int64_t seconds = (int64_t)whole;
    int64_t micros = llround(rest * (is_ms ? US_PER_MS : US_PER_S));
    if (is_ms) {
        micros += seconds % MS_PER_S * US_PER_MS;
        seconds /= MS_PER_S;
    }
    seconds += micros / US_PER_S;
    micros %= US_PER_S;
    if (micros < 0) {
        micros += US_PER_S;
        seconds--;
    }
    if (seconds < year_0)
        return too_early;
    if (seconds > TIMESTAMP_MAX_SECONDS)
        return too_late;
    if (seconds < TIMESTAMP_MIN_SECONDS)
        return timestamp_year_0;
    *out = (struct timestamp){.seconds = seconds, .nanos = (int32_t)micros * NS_PER_US};
    return NULL;
}

/* A number is a time in REST alone, whose description says so. ProtoJSON has text only, and what else a
 * number may be, 20250116 or a spreadsheet's count of days, would be a time in 1970. */
static bool timestamp_from_json(struct reader *reader, const struct place *place, const json_t *json,
                                ProtobufCMessage *message)
{
    Google__Protobuf__Timestamp *stamp = (Google__Protobuf__Timestamp *)message;
    struct timestamp parsed = {0};
    const char *why;
    if (json_is_string(json))
        why = timestamp_parse(json_string_value(json), json_string_length(json), &parsed);
    else if (reader->proto_json)
        return reader_refuse(reader, place, "datetime_type", "must be a date and time, as text");
    else if (json_is_number(json))
        why = read_number(json_number_value(json), &parsed);
    else
        return reader_refuse(reader, place, "datetime_type", "must be a date and time, as text or a number");
    if (why != NULL && (json_is_number(json) || why == timestamp_year_0))
        return reader_refuse_of(reader, place, "datetime_parsing", why, "must be a date and time: ");
    if (why != NULL)
        return reader_refuse_of(reader, place, "datetime_from_date_parsing", why,
                                "must be a date and time: ");
    stamp->seconds = parsed.seconds;
    stamp->nanos = parsed.nanos;
    return true;
}

static bool field_mask_write(const ProtobufCMessage *message, struct text *out)
{
    const Google__Protobuf__FieldMask *mask = (const Google__Protobuf__FieldMask *)message;
    struct text joined = TEXT_INIT(out->arena);
    for (size_t i = 0; i < mask->n_paths; i++) {
        if (i > 0)
            text_char(&joined, ',');
        text_append(&joined, mask->paths[i], strlen(mask->paths[i]));
    }
    const char *paths = text_end(&joined);
    text_string(out, paths, joined.length);
    return true;
}

/* "total_amount" of ProtoJSON's "totalAmount". No field of ours has a capital in its name. */
static char *snake_case(const char *path, struct arena *arena)
{
    char *name = arena_alloc(arena, 2 * strlen(path) + 1), *out = name;
    for (; *path != '\0'; path++) {
        const bool capital = *path >= 'A' && *path <= 'Z';
        if (capital)
            *out++ = '_';
        *out++ = (char)(capital ? *path - 'A' + 'a' : *path);
    }
    *out = '\0';
    return name;
}

static bool field_mask_from_json(struct reader *reader, const struct place *place, const json_t *json,
                                 ProtobufCMessage *message)
{
    Google__Protobuf__FieldMask *mask = (Google__Protobuf__FieldMask *)message;
    char *text, *rest;
    if (!scalar_read_string(reader, place, json, &text))
        return false;
    size_t most = 1;
    for (const char *at = text; *at != '\0'; at++)
        most += *at == ',';
    mask->paths = arena_calloc(reader->arena, most, sizeof *mask->paths);
    for (char *path = strtok_r(text, ",", &rest); path != NULL; path = strtok_r(NULL, ",", &rest))
        mask->paths[mask->n_paths++] = snake_case(path, reader->arena);
    return true;
}

static const struct well_known well_known_types[] = {
    {&google__protobuf__timestamp__descriptor, timestamp_write, timestamp_from_json},
    {&google__protobuf__field_mask__descriptor, field_mask_write, field_mask_from_json},
};

const struct well_known *well_known_find(const ProtobufCMessageDescriptor *type)
{
    for (size_t i = 0; i < sizeof well_known_types / sizeof well_known_types[0]; i++) {
        if (well_known_types[i].type == type)
            return &well_known_types[i];
    }
    return NULL;
}
