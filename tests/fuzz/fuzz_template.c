/* fuzz_template.c: any text as a template of ordersctl's, and any document that it is to write.
 *
 * A line break ends the template; the rest is the document, or an order when there is none.
 */
#include "fuzz.h"

#include "template.h"

#include <string.h>

static const char order[] = "{\"id\":1,\"order_id\":\"A-1\",\"total_amount\":25990,\"updated_at\":null,"
                            "\"inner\":{\"a\":[1,\"\\u001b\"]}}";

/* Written twice it is the same, on lines without a control character; or nothing is, and it is said why. */
static void check(const struct template *template, json_t *document, struct arena *arena)
{
    char *text = NULL;
    size_t length;
    FILE *file = open_memstream(&text, &length);
    must(file != NULL);
    const char *error = template_write(template, document, file, arena);
    must((error == NULL) == (template_check(template, document, arena) == NULL));
    must(fflush(file) == 0);
    const size_t once = length;
    must(error == NULL ? once > 0 && text[once - 1] == '\n' : once == 0 && *error != '\0');
    must((template_write(template, document, file, arena) == NULL) == (error == NULL));
    must(fclose(file) == 0 && length == 2 * once && memcmp(text, text + once, once) == 0);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct template template;
    struct arena arena;
    arena_init(&arena);
    const uint8_t *end = memchr(data, '\n', size);
    const size_t length = end != NULL ? (size_t)(end - data) : size;
    char *text = arena_copy(&arena, data, length); /* up to a NUL */
    json_t *document =
        end != NULL ? json_loadb((const char *)end + 1, size - length - 1, JSON_DECODE_ANY, NULL) : NULL;
    if (document == NULL)
        document = json_loads(order, 0, NULL);
    const char *error = template_read(text, &arena, &template);
    must(error == NULL || *error != '\0');
    if (error == NULL)
        check(&template, document, &arena);
    json_decref(document);
    arena_free(&arena);
    return 0;
}
