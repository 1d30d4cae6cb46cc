/* methods.c: an array sorted by full method names. */
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
    for (size_t i = 0; i < methods->count; i++) {
        free(methods->list[i].name);
        free(methods->list[i].refusal);
    }
    free(methods->list);
    free(methods);
}

static int compare_methods(const void *a, const void *b)
{
    return strcmp(((const struct method *)a)->name, ((const struct method *)b)->name);
}

bool methods_add(struct methods *methods, ProtobufCService *service, method_role *role_of, char *error,
                 size_t error_size)
{
    const ProtobufCServiceDescriptor *descriptor = service->descriptor;
    struct method *list = realloc(methods->list, (methods->count + descriptor->n_methods) * sizeof *list);
    snprintf(error, error_size, "out of memory");
    if (list == NULL)
        return false;
    methods->list = list;
    for (unsigned i = 0; i < descriptor->n_methods; i++) {
        struct method *method = &list[methods->count];
        *method = (struct method){.service = service, .index = i};
        if (asprintf(&method->name, "%s/%s", descriptor->name, descriptor->methods[i].name) < 0)
            return false;
        methods->count++;
        if (!role_of(method->name, &method->role)) {
            snprintf(error, error_size, "nobody has said which role %s needs", method->name);
            return false;
        }
        if (asprintf(&method->refusal, "%s needs role %s", method->name, role_name(method->role)) < 0) {
            method->refusal = NULL;
            return false;
        }
    }
    qsort(list, methods->count, sizeof *list, compare_methods);
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
    const struct method *found = bsearch(&key, methods->list, methods->count, sizeof key, compare_methods);
    return found != NULL ? (size_t)(found - methods->list) : methods->count;
}

size_t methods_find_descriptor(const struct methods *methods, const ProtobufCMethodDescriptor *descriptor)
{
    for (size_t i = 0; i < methods->count; i++) {
        const struct method *method = &methods->list[i];
        if (&method->service->descriptor->methods[method->index] == descriptor)
            return i;
    }
    return methods->count;
}
