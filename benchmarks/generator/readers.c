/* Readers of live streams (Server-Sent Events): one thread, epoll.
 *
 *   readers HOST PORT PATHS CONNECTIONS DEAF EXPECTED AUTHORIZATION
 *
 * PATHS has a path per line, one for each reader in turn. The first DEAF readers ask and then never read. A delivery is "t="
 * and 19 digits: the time of sending (CLOCK_MONOTONIC, ns). Prints `open SECONDS` when every other reader has had the
 * beginning of its stream; `heard DELIVERIES TIME P50 P99 P999` when EXPECTED came (TIME of the last, CLOCK_MONOTONIC;
 * percentiles of seconds from sending), or when nothing came for ten seconds.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { STAMP = 21, SILENCE_MS = 10000 };

struct reader { int fd, asked, open, kept; char tail[STAMP]; };

static struct reader *readers;
static char **paths;
static int path_count, epoll;
static const char *authorization;
static double *latencies;
static long heard, expected;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

static void fail(const char *what) {
    fprintf(stderr, "readers: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void read_paths(const char *name) {
    FILE *file = fopen(name, "r");
    char *line = NULL;
    size_t size = 0;
    ssize_t length;
    if (!file) fail(name);
    while ((length = getline(&line, &size, file)) > 0) {
        line[strcspn(line, "\n")] = 0;
        paths = realloc(paths, (path_count + 1) * sizeof *paths);
        paths[path_count++] = strdup(line);
    }
}

static void dial(struct reader *r, struct sockaddr_in *server, int deaf) {
    int little = 4096;
    r->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (r->fd < 0) fail("socket");
    if (deaf) setsockopt(r->fd, SOL_SOCKET, SO_RCVBUF, &little, sizeof little);
    if (connect(r->fd, (struct sockaddr *)server, sizeof *server) && errno != EINPROGRESS) fail("connect");
    struct epoll_event event = {EPOLLOUT, {.ptr = r}};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, r->fd, &event)) fail("epoll_ctl");
}

static void ask(struct reader *r, int deaf) {
    char text[1024];
    int length = snprintf(text, sizeof text,
        "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\nAuthorization: %s\r\n\r\n",
        paths[(r - readers) % path_count], authorization);
    if (write(r->fd, text, length) != length) fail("the request");
    r->asked = 1;
    struct epoll_event event = {deaf ? 0 : EPOLLIN, {.ptr = r}};
    if (epoll_ctl(epoll, EPOLL_CTL_MOD, r->fd, &event)) fail("epoll_ctl");
}

static int digits(const char *at) {
    for (int i = 0; i < STAMP - 2; i++) if (at[i] < '0' || at[i] > '9') return 0;
    return 1;
}

/* Counts what was delivered; a stamp may be cut in two by the reading. */
static void count(struct reader *r, char *from, char *end) {
    double at = now();
    for (char *found; end - from >= STAMP && (found = memmem(from, end - from, "t=", 2)) && end - found >= STAMP; ) {
        from = found + 2;
        if (!digits(from)) continue;
        if (heard < expected) latencies[heard] = at - strtoull(from, NULL, 10) / 1e9;
        heard++;
        from += STAMP - 2;
    }
    char *kept = end - from < STAMP - 1 ? from : end - (STAMP - 1);
    char *cut = from < end ? memmem(kept, end - kept, "t=", 2) : NULL;
    if (cut) kept = cut;
    else kept = end > from && end[-1] == 't' ? end - 1 : end;
    r->kept = end - kept;
    memcpy(r->tail, kept, r->kept);
}

/* Whether a stream began with what was read. */
static int hear(struct reader *r) {
    static char text[STAMP + 262144];
    memcpy(text, r->tail, r->kept);
    ssize_t length = read(r->fd, text + r->kept, 262144);
    if (length < 0 && errno == EAGAIN) return 0;
    if (length <= 0) { fprintf(stderr, "readers: the server hung up after %ld deliveries\n", heard); exit(1); }
    if (!r->open && strncmp(text, "HTTP/1.1 200", 12)) { fprintf(stderr, "readers: refused: %.*s\n", (int)length, text); exit(1); }
    count(r, text, text + r->kept + length);
    if (r->open == 2) return 0;
    char *body = r->open ? text : memmem(text, length, "\r\n\r\n", 4);
    int began = r->open || (body && text + length - body > 4);
    r->open = began ? 2 : 1;
    return began;
}

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static double percentile(long many, double part) {
    long at = (long)(part * many);
    return many ? latencies[at < many ? at : many - 1] : 0;
}

int main(int words, char **word) {
    if (words != 8) { fprintf(stderr, "readers: see the comment at the top of readers.c\n"); return 2; }
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    struct sockaddr_in server = {.sin_family = AF_INET, .sin_port = htons(atoi(word[2]))};
    inet_pton(AF_INET, word[1], &server.sin_addr);
    read_paths(word[3]);
    int connections = atoi(word[4]), deaf = atoi(word[5]), dialled = 0, opened = deaf;
    expected = atol(word[6]);
    authorization = word[7];
    readers = calloc(connections, sizeof *readers);
    latencies = malloc((expected + 1) * sizeof *latencies);
    epoll = epoll_create1(0);
    struct epoll_event events[512];
    double began = now(), last = began;
    int told = 0;
    while (heard < expected) {
        while (dialled < connections && dialled - opened < 64 + deaf) {
            dial(&readers[dialled], &server, dialled < deaf);
            dialled++;
        }
        int many = epoll_wait(epoll, events, 512, told && heard ? SILENCE_MS : 60000);
        if (many <= 0) break;
        for (int i = 0; i < many; i++) {
            struct reader *r = events[i].data.ptr;
            if (!r->asked) ask(r, r - readers < deaf);
            else if (r - readers >= deaf) opened += hear(r);
        }
        if (heard) last = now();
        if (!told && opened == connections) { printf("open %.6f\n", now() - began); fflush(stdout); told = 1; }
    }
    long many = heard < expected ? heard : expected;
    qsort(latencies, many, sizeof *latencies, ascending);
    printf("heard %ld %.6f %.6f %.6f %.6f\n", heard, last, percentile(many, .5), percentile(many, .99), percentile(many, .999));
    return 0;
}
