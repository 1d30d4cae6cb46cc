/* methods.c: a sorted array of full method names. */
#include "call/methods.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct methods {
    struct method *list; /* owned, with the names; by name */
    size_t count;
};

struct methods *methods_new(void)
{
    return calloc(1, sizeof(struct methods));
}

void methods_free(struct methods *methods)
{
    if (methods == NULL)
        return;
    for (size_t i = 0; i < methods->count; i++)
        free(methods->list[i].name);
    free(methods->list);
    free(methods);
}

static int compare(const void *a, const void *b)
{
    return strcmp(((const struct method *)a)->name, ((const struct method *)b)->name);
}

bool methods_add(struct methods *methods, ProtobufCService *service, enum method_access access)
{
    const ProtobufCServiceDescriptor *descriptor = service->descriptor;
    struct method *list = realloc(methods->list, (methods->count + descriptor->n_methods) * sizeof *list);
    if (list == NULL)
        return false;
    methods->list = list;
    for (unsigned i = 0; i < descriptor->n_methods; i++) {
        struct method *method = &list[methods->count];
        *method = (struct method){.service = service, .index = i, .access = access};
        if (asprintf(&method->name, "%s/%s", descriptor->name, descriptor->methods[i].name) < 0)
            return false;
        methods->count++;
    }
    qsort(list, methods->count, sizeof *list, compare);
    return true;
}

size_t methods_count(const struct methods *methods)
{
    return methods->count;
}

const struct method *methods_get(const struct methods *methods, size_t index)
{
    return &methods->list[index];
}

size_t methods_find(const struct methods *methods, const char *name)
{
    const struct method key = {.name = (char *)(uintptr_t)name};
    const struct method *found = bsearch(&key, methods->list, methods->count, sizeof key, compare);
    return found != NULL ? (size_t)(found - methods->list) : methods->count;
}
