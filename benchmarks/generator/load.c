/* Plays ACS's side of many transcript sockets at once: one thread, epoll, masked frames (RFC 6455) built in place.
 *
 *   load blast|paced|hold|burst HOST PORT PATHS PACKETS CONNECTIONS AMOUNT RATE
 *
 * PATHS has a path per line, one for each connection in turn. PACKETS has a JSON text per line; the first one opens each
 * connection, the others are sent again and again, with every 19-digit offset raised each time round, so that no packet
 * is ever the repetition of an earlier one, and "t=" and 19 digits replaced by the time of sending (CLOCK_MONOTONIC, ns).
 *
 *   blast  AMOUNT packets on each connection, as fast as they are taken, in writes of 64 KiB
 *   paced  AMOUNT waves of one packet on each connection, one write each; RATE waves in a second,
 *          spread evenly over the wave where RATE is negative
 *   hold   opens the connections and keeps them
 *   burst  opens the connections all at once
 *
 * Prints `open SECONDS` when every handshake is done, waits for a line, prints `sent PACKETS FINALS SECONDS` when everything
 * is written, waits for a line, closes.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BLOCK = 65536, ROOM = 2 * BLOCK, DIGITS = 19, MOST_OFFSETS = 128, AT_ONCE = 128 };

struct packet { char *text; int length, offsets, at[MOST_OFFSETS], stamp, final; uint64_t value[MOST_OFFSETS]; };
struct connection { int fd, open, waiting, head; long sent; int from, until; char *out; };

static struct packet *packets;
static int packet_count, connection_count, epoll;
static uint64_t span;
static struct connection *connections;
static struct sockaddr_in server;
static char **paths;
static int path_count;
static long total, finals;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

static void fail(const char *what) {
    fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
    exit(1);
}

static char **lines(const char *name, int *count) {
    FILE *file = fopen(name, "r");
    char **found = NULL, *line = NULL;
    size_t size = 0;
    ssize_t length;
    if (!file) fail(name);
    while ((length = getline(&line, &size, file)) > 0) {
        if (line[length - 1] == '\n') line[length - 1] = 0;
        found = realloc(found, (*count + 1) * sizeof *found);
        found[(*count)++] = strdup(line);
    }
    if (!*count) fail("an empty file");
    return found;
}

static int all_digits(const char *at) {
    for (int i = 0; i < DIGITS; i++) if (at[i] < '0' || at[i] > '9') return 0;
    return 1;
}

static void read_packets(const char *name) {
    char **texts = lines(name, &packet_count);
    uint64_t least = UINT64_MAX, most = 0;
    packets = calloc(packet_count, sizeof *packets);
    for (int i = 0; i < packet_count; i++) {
        struct packet *p = &packets[i];
        p->text = texts[i];
        p->length = strlen(p->text);
        p->final = strstr(p->text, "\"Final\"") != NULL;
        for (char *at = p->text; (at = strstr(at, "\"offset\":")); ) {
            at += 9;
            while (*at == ' ') at++;
            if (!all_digits(at) || p->offsets == MOST_OFFSETS) continue;
            p->at[p->offsets] = at - p->text;
            uint64_t value = p->value[p->offsets++] = strtoull(at, NULL, 10);
            if (value < least) least = value;
            if (value > most) most = value;
        }
        char *stamp = strstr(p->text, "t=");
        p->stamp = stamp && all_digits(stamp + 2) ? stamp + 2 - p->text : -1;
    }
    span = most > least ? most - least + 50000000 : 50000000;
}

static void digits(char *to, uint64_t value) {
    for (int i = DIGITS - 1; i >= 0; i--) { to[i] = '0' + value % 10; value /= 10; }
}

/* The next packet of a connection as a frame behind what waits there. */
static void add(struct connection *c) {
    long number = c->sent++;
    struct packet *p = number ? &packets[1 + (number - 1) % (packet_count - 1)] : packets;
    uint64_t raised = number ? (number - 1) / (packet_count - 1) * span : 0;
    char *to = c->out + c->until;
    *to++ = (char)0x81;
    if (p->length < 126) *to++ = (char)(0x80 | p->length);
    else { *to++ = (char)0xFE; *to++ = p->length >> 8; *to++ = p->length & 255; }
    uint32_t key = 0x5bd1e995u * (uint32_t)(number + 1) | 0x01010101u;
    memcpy(to, &key, 4);
    to += 4;
    memcpy(to, p->text, p->length);
    if (raised) for (int i = 0; i < p->offsets; i++) digits(to + p->at[i], p->value[i] + raised);
    if (p->stamp >= 0) {
        struct timespec t;
        clock_gettime(CLOCK_MONOTONIC, &t);
        digits(to + p->stamp, t.tv_sec * 1000000000ull + t.tv_nsec);
    }
    uint64_t twice = (uint64_t)key << 32 | key, word;
    int i = 0;
    for (; i + 8 <= p->length; i += 8) { memcpy(&word, to + i, 8); word ^= twice; memcpy(to + i, &word, 8); }
    for (; i < p->length; i++) to[i] ^= ((char *)&key)[i & 3];
    c->until = to + p->length - c->out;
    total++;
    finals += p->final;
}

static void watch(struct connection *c, int writing) {
    if (c->waiting == writing) return;
    struct epoll_event event = {EPOLLIN | (writing ? EPOLLOUT : 0), {.ptr = c}};
    if (epoll_ctl(epoll, EPOLL_CTL_MOD, c->fd, &event)) fail("epoll_ctl");
    c->waiting = writing;
}

/* Whether everything went out. */
static int flush(struct connection *c) {
    while (c->from < c->until) {
        ssize_t done = write(c->fd, c->out + c->from, c->until - c->from);
        if (done < 0 && errno == EAGAIN) { watch(c, 1); return 0; }
        if (done < 0) fail("write");
        c->from += done;
    }
    c->from = c->until = 0;
    watch(c, 0);
    return 1;
}

static void dial(int number) {
    struct connection *c = &connections[number];
    int yes = 1, least = BLOCK;
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (c->fd < 0) fail("socket");
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    setsockopt(c->fd, SOL_SOCKET, SO_SNDBUF, &least, sizeof least);
    if (connect(c->fd, (struct sockaddr *)&server, sizeof server) && errno != EINPROGRESS) fail("connect");
    c->waiting = 1;
    struct epoll_event event = {EPOLLIN | EPOLLOUT, {.ptr = c}};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, c->fd, &event)) fail("epoll_ctl");
}

static void ask(struct connection *c) {
    char text[1024];
    int length = snprintf(text, sizeof text,
        "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
        paths[(c - connections) % path_count], ntohs(server.sin_port));
    if (write(c->fd, text, length) != length) fail("the handshake's request");
    c->open = 1;
    watch(c, 0);
}

/* Whether a handshake ended with what was read; what a server says later is thrown away. */
static int hear(struct connection *c) {
    static char text[BLOCK];
    ssize_t length = read(c->fd, text, sizeof text - 1);
    if (length < 0 && errno == EAGAIN) return 0;
    if (length <= 0) fail("the server hung up");
    text[length] = 0;
    if (c->open == 2) return 0;
    if (strncmp(text, "HTTP/1.1 101", 12)) { fprintf(stderr, "load: refused: %.200s\n", text); exit(1); }
    c->open = 2;
    return 1;
}

static void open_all(int at_once) {
    int dialled = 0, opened = 0;
    struct epoll_event events[512];
    while (opened < connection_count) {
        while (dialled < connection_count && dialled - opened < at_once) dial(dialled++);
        int count = epoll_wait(epoll, events, 512, 30000);
        if (count <= 0) { fprintf(stderr, "load: %d of %d opened\n", opened, connection_count); exit(1); }
        for (int i = 0; i < count; i++) {
            struct connection *c = events[i].data.ptr;
            if (!c->open && events[i].events & EPOLLOUT) ask(c);
            else if (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) opened += hear(c);
        }
    }
}

static void turn(int milliseconds) {
    struct epoll_event events[512];
    int count = epoll_wait(epoll, events, 512, milliseconds);
    for (int i = 0; i < count; i++) {
        struct connection *c = events[i].data.ptr;
        if (events[i].events & EPOLLIN) hear(c);
        if (events[i].events & EPOLLOUT) flush(c);
    }
}

static int waiting(void) {
    int some = 0;
    for (int i = 0; i < connection_count; i++) some += connections[i].from < connections[i].until;
    return some;
}

static void blast(long amount) {
    for (int busy = 1; busy; ) {
        busy = 0;
        for (int i = 0; i < connection_count; i++) {
            struct connection *c = &connections[i];
            if (c->from < c->until) { busy = 1; continue; }
            while (c->sent <= amount && c->until < BLOCK) add(c);
            if (c->until) { busy = 1; flush(c); }
        }
        if (busy) turn(waiting() == connection_count ? 100 : 0);
    }
}

static void paced(long waves, double rate) {
    double began = now(), each = 1 / (rate < 0 ? -rate : rate), step = rate < 0 ? each / connection_count : 0;
    for (long wave = 0; wave < waves; wave++)
        for (int i = 0; i < connection_count; i++) {
            struct connection *c = &connections[i];
            double due = began + wave * each + i * step;
            if (!i || step) {
                for (double left; (left = due - now()) > 0; ) {
                    if (left > 0.001) turn((int)(left * 1000));
                    else usleep((int)(left * 1e6));
                }
            }
            while (c->until > BLOCK) turn(100);
            add(c);
            if (!c->waiting) flush(c);
        }
    while (waiting()) turn(100);
}

static void told(void) {
    char line[64];
    fflush(stdout);
    if (!fgets(line, sizeof line, stdin)) exit(0);
}

int main(int count, char **words) {
    if (count != 9) { fprintf(stderr, "load: see the comment at the top of load.c\n"); return 2; }
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    server.sin_family = AF_INET;
    server.sin_port = htons(atoi(words[3]));
    inet_pton(AF_INET, words[2], &server.sin_addr);
    paths = lines(words[4], &path_count);
    read_packets(words[5]);
    connection_count = atoi(words[6]);
    connections = calloc(connection_count, sizeof *connections);
    int sends = words[1][0] != 'h' || words[1][1] != 'o';
    epoll = epoll_create1(0);
    double began = now();
    open_all(words[1][1] == 'u' ? connection_count : AT_ONCE);
    printf("open %.6f\n", now() - began);
    for (int i = 0; i < connection_count; i++) {
        connections[i].out = sends ? malloc(ROOM) : malloc(4096);
        if (words[1][1] != 'u') { add(&connections[i]); flush(&connections[i]); }
    }
    told();
    total = finals = 0;
    began = now();
    if (!strcmp(words[1], "blast")) blast(atol(words[7]));
    else if (!strcmp(words[1], "paced")) paced(atol(words[7]), atof(words[8]));
    printf("sent %ld %ld %.6f\n", total, finals, now() - began);
    told();
    return 0;
}
