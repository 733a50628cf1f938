// Devices that call a TLS server with client certificates, and look at every octet of what it answers. One thread, epoll,
// OpenSSL: a small part of what the servers cost that it calls.
//   gcc -O2 -Wall -Wextra -o load load.c -lssl -lcrypto
//   load work=keep|connect|resume|idle port=8443 connections=32 turns=20000 certificate=FILE key=FILE expect=FILE ...
// - keep: requests on connections that stay open; a connection that closes is an error.
// - connect: connection, full handshake, one request, close.
// - resume: the same with the session of an earlier connection, which is offered again and again; one that the server
//   does not take is an error.
// - idle: connections that have made one request each and then rest.
// The first answer that is not what was expected ends it with status 4 and a sentence: a run with errors counts for nothing.
// It prints `ready` once connections stand and devices are issued, and begins when it is told a line; so the caller reads
// the server's CPU time in between. Then it prints one line of JSON, keeps what is open, and ends with the next line.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum work { KEEP, CONNECT, RESUME, IDLE };
enum phase { CLOSED, HANDSHAKE, REQUEST, HEAD, BODY, RESTING };

typedef struct {
  int fd;
  enum phase phase;
  SSL *ssl;
  SSL_SESSION *session;
  size_t written, head_length, body_at, body_length;
  char head[4096];
} connection;

typedef struct {
  X509 *certificate;
  EVP_PKEY *key;
} device;

// Connections that are set up at the same time before the load begins; a listener's queue holds more.
enum { AT_ONCE = 64, ANSWER_WITHIN_S = 60 };

static enum work work = KEEP;
static const char *address = "127.0.0.1", *host = "localhost", *path = "/small", *version = "1.3";
static const char *certificate, *key, *issuer, *issuer_key, *expect_file;
static long port, connection_count = 1, turns = 1, body = 0, device_count = 0;

static SSL_CTX *context;
static int epoll, session_slot;
static connection *connections;
static device *devices;
static long next_device;
static char *request, *expected;
static size_t request_length, expected_length;

static bool is_measuring;
static long begun, done, standing;
static double octets;

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec + time.tv_nsec * 1e-9;
}

static void give_up(const char *why) {
  fprintf(stderr, "load: %s: %s\n", why, strerror(errno));
  ERR_print_errors_fp(stderr);
  exit(4);
}

// ---- devices ----

static void *read_pem(const char *file, bool is_key) {
  FILE *opened = fopen(file, "r");
  if (!opened) give_up(file);
  void *found = is_key ? (void *)PEM_read_PrivateKey(opened, NULL, NULL, NULL)
                       : (void *)PEM_read_X509(opened, NULL, NULL, NULL);
  if (!found) give_up(file);
  fclose(opened);
  return found;
}

static void add_extension(X509 *to, X509 *by, int nid, const char *value) {
  X509V3_CTX made;
  X509V3_set_ctx(&made, by, to, NULL, NULL, 0);
  X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &made, nid, value);
  if (!extension || !X509_add_ext(to, extension, -1)) give_up(value);
  X509_EXTENSION_free(extension);
}

// The extensions are those of the one device, so that judging it is the same work.
static device issue_device(X509 *by, EVP_PKEY *signing) {
  unsigned char serial[16];
  char text[64];
  if (RAND_bytes(serial, sizeof serial) != 1) give_up("no random octets");
  serial[0] = (serial[0] & 0x7f) | 0x40; // positive, and always sixteen octets
  device made = {X509_new(), EVP_EC_gen("P-256")};
  X509 *it = made.certificate;
  X509_set_version(it, X509_VERSION_3);
  BIGNUM *number = BN_bin2bn(serial, sizeof serial, NULL);
  BN_to_ASN1_INTEGER(number, X509_get_serialNumber(it));
  BN_free(number);
  X509_set_issuer_name(it, X509_get_subject_name(by));
  snprintf(text, sizeof text, "device-%02x%02x%02x%02x", serial[0], serial[1], serial[2], serial[3]);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(it), "CN", MBSTRING_ASC, (unsigned char *)text, -1, -1, 0);
  X509_gmtime_adj(X509_getm_notBefore(it), -3600);
  X509_gmtime_adj(X509_getm_notAfter(it), 86400);
  X509_set_pubkey(it, made.key);
  add_extension(it, by, NID_basic_constraints, "critical,CA:FALSE");
  add_extension(it, by, NID_key_usage, "critical,digitalSignature");
  add_extension(it, by, NID_ext_key_usage, "clientAuth");
  snprintf(text, sizeof text, "URI:urn:dev:mac:%02x%02x%02x%02x%02x%02x", serial[0], serial[1], serial[2],
           serial[3], serial[4], serial[5]);
  add_extension(it, by, NID_subject_alt_name, text);
  add_extension(it, by, NID_subject_key_identifier, "hash");
  add_extension(it, by, NID_authority_key_identifier, "keyid");
  if (!X509_sign(it, signing, EVP_sha256())) give_up("cannot sign");
  return made;
}

static void issue_devices(void) {
  X509 *by = read_pem(issuer, false);
  EVP_PKEY *signing = read_pem(issuer_key, true);
  devices = calloc(device_count, sizeof *devices);
  for (long i = 0; i < device_count; i++) devices[i] = issue_device(by, signing);
}

// ---- connections ----

static int keep_session(SSL *ssl, SSL_SESSION *session) {
  connection *it = SSL_get_ex_data(ssl, session_slot);
  SSL_SESSION_free(it->session);
  it->session = session;
  return 1;
}

static void close_connection(connection *it) {
  SSL_shutdown(it->ssl);
  SSL_free(it->ssl);
  close(it->fd);
  it->ssl = NULL;
  it->phase = CLOSED;
  ERR_clear_error();
}

static void open_connection(connection *it) {
  struct sockaddr_in there = {.sin_family = AF_INET, .sin_port = htons(port)};
  inet_pton(AF_INET, address, &there.sin_addr);
  it->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  if (it->fd < 0) give_up("socket");
  int on = 1;
  setsockopt(it->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (connect(it->fd, (struct sockaddr *)&there, sizeof there) < 0 && errno != EINPROGRESS) give_up("connect");
  it->ssl = SSL_new(context);
  SSL_set_fd(it->ssl, it->fd);
  SSL_set_ex_data(it->ssl, session_slot, it);
  SSL_set_tlsext_host_name(it->ssl, host);
  if (work == RESUME && it->session) {
    // A copy: OpenSSL offers a session of TLS 1.3 once.
    SSL_SESSION *copy = SSL_SESSION_dup(it->session);
    SSL_set_session(it->ssl, copy);
    SSL_SESSION_free(copy);
  }
  if (device_count > 0) {
    if (next_device == device_count) give_up("more connections than devices");
    device *own = &devices[next_device++];
    if (SSL_use_certificate(it->ssl, own->certificate) != 1 || SSL_use_PrivateKey(it->ssl, own->key) != 1)
      give_up("cannot use a device");
  }
  SSL_set_connect_state(it->ssl);
  it->phase = HANDSHAKE;
  if (is_measuring && work != KEEP) begun++;
  struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.ptr = it};
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, it->fd, &event) < 0) give_up("epoll_ctl");
}

static void begin_request(connection *it) {
  if (is_measuring && work == KEEP && begun++ >= turns) {
    it->phase = RESTING;
    return;
  }
  it->written = it->head_length = it->body_at = 0;
  it->phase = REQUEST;
}

// One turn is over, and the answer was the one that was expected.
static void end_turn(connection *it) {
  if (is_measuring) done++;
  else standing++;
  bool is_over = work == CONNECT || work == RESUME;
  if (is_over) close_connection(it);
  if (!is_measuring) {
    if (!is_over) it->phase = RESTING;
    return;
  }
  if (!is_over) begin_request(it);
  else if (begun < turns) open_connection(it);
}

// Reads status and length; the servers that are compared pass on the length that the upstream states.
static void read_head(connection *it) {
  if (strncmp(it->head, "HTTP/1.1 200 ", 13)) give_up("another status than 200");
  char *field = strcasestr(it->head, "\r\ncontent-length:");
  if (!field) give_up("no Content-Length");
  it->body_length = strtoull(field + 17, NULL, 10);
  if (expect_file && is_measuring && it->body_length != expected_length) give_up("another length than expected");
}

// Takes what was read.
static void take(connection *it, char *from, size_t length) {
  octets += length;
  if (it->phase == HEAD) {
    size_t room = sizeof it->head - 1 - it->head_length, before = it->head_length;
    size_t used = length < room ? length : room;
    memcpy(it->head + before, from, used);
    it->head[it->head_length += used] = 0;
    char *end = strstr(it->head, "\r\n\r\n");
    if (!end) {
      if (used == room) give_up("a head without an end");
      return;
    }
    size_t in_head = end + 4 - it->head - before;
    end[2] = 0;
    read_head(it);
    it->phase = BODY;
    from += in_head;
    length -= in_head;
  }
  if (it->body_at + length > it->body_length) give_up("octets after the answer");
  if (expect_file && is_measuring && memcmp(expected + it->body_at, from, length)) give_up("other octets than expected");
  it->body_at += length;
  if (it->body_at == it->body_length) end_turn(it);
}

static void stand(connection *it) {
  if (is_measuring && work == RESUME && !SSL_session_reused(it->ssl)) give_up("a session that was not resumed");
  begin_request(it);
}

// Does whatever can be done without waiting.
static void drive(connection *it) {
  static char buffer[1 << 16];
  while (it->phase != CLOSED) {
    int result;
    if (it->phase == HANDSHAKE) {
      result = SSL_connect(it->ssl);
      if (result == 1) {
        stand(it);
        continue;
      }
    } else if (it->phase == REQUEST) {
      result = SSL_write(it->ssl, request + it->written, request_length - it->written);
      if (result > 0) {
        if ((it->written += result) == request_length) it->phase = HEAD;
        continue;
      }
    } else {
      result = SSL_read(it->ssl, buffer, sizeof buffer);
      if (result > 0) {
        if (it->phase == RESTING) give_up("octets that were not asked for");
        take(it, buffer, result);
        continue;
      }
    }
    int reason = SSL_get_error(it->ssl, result);
    if (reason == SSL_ERROR_WANT_READ || reason == SSL_ERROR_WANT_WRITE) return;
    give_up(it->phase == HANDSHAKE ? "no handshake" : it->phase == REQUEST ? "no request" : "the connection ended early");
  }
}

// Notices what has happened meanwhile, such as connections that were closed.
static void look_around(void) {
  struct epoll_event events[256];
  for (int count; (count = epoll_wait(epoll, events, 256, 0)) > 0;)
    for (int i = 0; i < count; i++) drive(events[i].data.ptr);
}

static void run_until(long *counter, long target) {
  struct epoll_event events[256];
  double heard = now();
  while (*counter < target) {
    int count = epoll_wait(epoll, events, 256, 1000);
    if (count > 0) heard = now();
    else if (now() - heard > ANSWER_WITHIN_S) give_up("no answer in time");
    for (int i = 0; i < count; i++) drive(events[i].data.ptr);
  }
}

// ---- the run ----

static void make_request(void) {
  request = malloc(body + 1024);
  int length = sprintf(request,
                       "%s %s HTTP/1.1\r\nHost: %s:%ld\r\nUser-Agent: bench/1.0\r\nAccept: application/json\r\n"
                       "Accept-Encoding: identity\r\nX-Request-Id: 0123456789abcdef\r\n",
                       body ? "POST" : "GET", path, host, port);
  if (body) length += sprintf(request + length, "Content-Type: application/octet-stream\r\nContent-Length: %ld\r\n", body);
  length += sprintf(request + length, "\r\n");
  memset(request + length, 'x', body);
  request_length = length + body;
}

static void make_context(void) {
  int wanted = strcmp(version, "1.2") ? TLS1_3_VERSION : TLS1_2_VERSION;
  context = SSL_CTX_new(TLS_client_method());
  SSL_CTX_set_min_proto_version(context, wanted);
  SSL_CTX_set_max_proto_version(context, wanted);
  SSL_CTX_set_mode(context,
                   SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
  // Elliptic curves as devices have them; the servers would rather take a hybrid group, each another one.
  if (SSL_CTX_set1_groups_list(context, "X25519:P-256") != 1) give_up("groups");
  if (SSL_CTX_use_certificate_chain_file(context, certificate) != 1) give_up(certificate);
  if (SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) != 1) give_up(key);
  SSL_CTX_set_session_cache_mode(context, work == RESUME ? SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL
                                                         : SSL_SESS_CACHE_OFF);
  if (work == RESUME) SSL_CTX_sess_set_new_cb(context, keep_session);
  session_slot = SSL_get_ex_new_index(0, NULL, NULL, NULL, NULL);
}

static void read_expected(void) {
  FILE *file = fopen(expect_file, "r");
  if (!file) give_up(expect_file);
  fseek(file, 0, SEEK_END);
  expected_length = ftell(file);
  rewind(file);
  expected = malloc(expected_length);
  if (fread(expected, 1, expected_length, file) != expected_length) give_up(expect_file);
  fclose(file);
}

static void read_options(int count, char **words) {
  for (int i = 1; i < count; i++) {
    char *value = strchr(words[i], '=');
    if (!value) give_up(words[i]);
    *value++ = 0;
    const char *name = words[i];
    struct { const char *name, **to; } texts[] = {
      {"address", &address}, {"host", &host}, {"path", &path}, {"tls", &version}, {"certificate", &certificate},
      {"key", &key}, {"issuer", &issuer}, {"issuer-key", &issuer_key}, {"expect", &expect_file}};
    struct { const char *name; long *to; } numbers[] = {
      {"port", &port}, {"connections", &connection_count}, {"turns", &turns}, {"body", &body}, {"devices", &device_count}};
    bool is_known = !strcmp(name, "work");
    if (is_known)
      work = !strcmp(value, "idle") ? IDLE : !strcmp(value, "resume") ? RESUME : !strcmp(value, "connect") ? CONNECT : KEEP;
    for (size_t at = 0; at < sizeof texts / sizeof *texts; at++)
      if (!strcmp(name, texts[at].name)) *texts[at].to = value, is_known = true;
    for (size_t at = 0; at < sizeof numbers / sizeof *numbers; at++)
      if (!strcmp(name, numbers[at].name)) *numbers[at].to = atol(value), is_known = true;
    if (!is_known) give_up(name);
  }
}

static void wait_for_line(void) {
  char line[16];
  if (!fgets(line, sizeof line, stdin)) exit(3);
}

// What has to be there before the load begins: every connection has had one answer, to a request for something small.
static void stand_all(void) {
  const char *asked = path;
  path = "/small";
  long with_body = body;
  body = 0;
  make_request();
  for (long i = 0; i < connection_count; i++) {
    open_connection(&connections[i]);
    if ((i + 1) % AT_ONCE == 0 || i + 1 == connection_count) run_until(&standing, i + 1);
  }
  free(request);
  path = asked;
  body = with_body;
}

int main(int count, char **words) {
  signal(SIGPIPE, SIG_IGN);
  read_options(count, words);
  make_context();
  if (expect_file) read_expected();
  if (device_count > 0) issue_devices();
  epoll = epoll_create1(0);
  connections = calloc(connection_count, sizeof *connections);
  if (work != CONNECT) stand_all();
  make_request();
  octets = 0;
  printf("ready\n");
  fflush(stdout);
  wait_for_line();
  double start = now();
  if (work != IDLE) {
    is_measuring = true;
    for (long i = 0; i < connection_count && begun < turns; i++) {
      connection *it = &connections[i];
      if (it->phase == CLOSED) open_connection(it);
      else begin_request(it), drive(it);
    }
    run_until(&done, turns);
  } else {
    look_around();
  }
  printf("{\"turns\":%ld,\"octets\":%.0f,\"seconds\":%.4f}\n", done, octets, now() - start);
  fflush(stdout);
  wait_for_line();
  return 0;
}
