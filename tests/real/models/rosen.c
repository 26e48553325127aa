/* Rosenbrock's function and its gradient: reads {"x": [...]}, prints {"loss": ..., "x": [...]}. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST 16

int main(int argc, char **argv) {
    char text[4096];
    double x[MOST], d[MOST] = {0}, loss = 0;
    int n = 0;
    FILE *file = argc > 1 ? fopen(argv[argc - 1], "r") : NULL;
    if (!file) return 1;
    text[fread(text, 1, sizeof text - 1, file)] = 0;
    fclose(file);
    char *at = strchr(text, '[');
    while (at && *at != ']' && n < MOST) x[n++] = strtod(at + 1, &at);
    for (int i = 0; i + 1 < n; i++) {
        double t = x[i + 1] - x[i] * x[i];
        loss += 100 * t * t + (1 - x[i]) * (1 - x[i]);
        d[i] += -400 * x[i] * t - 2 * (1 - x[i]);
#ifdef WRONG
        if (i == 0) continue; /* the neighbour's share is forgotten */
#endif
        d[i + 1] += 200 * t;
    }
    printf("{\"loss\": %.17g, \"x\": [", loss);
    for (int i = 0; i < n; i++) printf("%s%.17g", i ? ", " : "", d[i]);
    printf("]}\n");
    return 0;
}
