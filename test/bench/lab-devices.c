// The lab's load generator, except that no two of its connections come from the same device: each shows a
// certificate of its own, issued by the lab's device CA a moment ago, so that no server can have seen it before.
//   gcc -O2 -I LAB -o loadgen lab-devices.c -lssl -lcrypto
// Environment: LAB_DEVICES (how many to issue before the load begins), LAB_PKI (folder of inter.pem and inter.key).
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

static SSL *ssl_of_next_device(SSL_CTX *context);

#define SSL_new ssl_of_next_device
#define main generate_load
#include "loadgen.c"
#undef main
#undef SSL_new

typedef struct {
  X509 *certificate;
  EVP_PKEY *key;
} device;

static device *devices;
static long device_count, next_device;

static void give_up(const char *why) {
  fprintf(stderr, "lab-devices: %s\n", why);
  ERR_print_errors_fp(stderr);
  exit(4);
}

static FILE *open_in_pki(const char *name) {
  char path[4096];
  snprintf(path, sizeof path, "%s/%s", getenv("LAB_PKI") ? getenv("LAB_PKI") : ".", name);
  FILE *file = fopen(path, "r");
  if (!file) give_up(path);
  return file;
}

static void add_extension(X509 *certificate, X509 *issuer, int nid, const char *value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
  X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
  if (!extension || !X509_add_ext(certificate, extension, -1)) give_up(value);
  X509_EXTENSION_free(extension);
}

// The same extensions as the lab's one device has, so that judging it is the same work.
static device issue_device(X509 *issuer, EVP_PKEY *issuer_key) {
  unsigned char serial[16];
  char text[64];
  if (RAND_bytes(serial, sizeof serial) != 1) give_up("no random octets");
  serial[0] = (serial[0] & 0x7f) | 0x40; // positive, and always sixteen octets
  device made = { X509_new(), EVP_EC_gen("P-256") };
  X509 *it = made.certificate;
  X509_set_version(it, X509_VERSION_3);
  BIGNUM *number = BN_bin2bn(serial, sizeof serial, NULL);
  BN_to_ASN1_INTEGER(number, X509_get_serialNumber(it));
  BN_free(number);
  X509_set_issuer_name(it, X509_get_subject_name(issuer));
  X509_NAME *name = X509_get_subject_name(it);
  snprintf(text, sizeof text, "device-%02x%02x%02x%02x", serial[0], serial[1], serial[2], serial[3]);
  X509_NAME_add_entry_by_txt(name, "O", MBSTRING_ASC, (const unsigned char *)"Perf", -1, -1, 0);
  X509_NAME_add_entry_by_txt(name, "OU", MBSTRING_ASC, (const unsigned char *)"devices", -1, -1, 0);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)text, -1, -1, 0);
  X509_gmtime_adj(X509_getm_notBefore(it), -3600);
  X509_gmtime_adj(X509_getm_notAfter(it), 86400);
  X509_set_pubkey(it, made.key);
  add_extension(it, issuer, NID_basic_constraints, "critical,CA:FALSE");
  add_extension(it, issuer, NID_key_usage, "critical,digitalSignature");
  add_extension(it, issuer, NID_ext_key_usage, "clientAuth");
  snprintf(text, sizeof text, "URI:urn:dev:mac:%02x%02x%02x%02x%02x%02x%02x%02x", serial[0], serial[1], serial[2],
           serial[3], serial[4], serial[5], serial[6], serial[7]);
  add_extension(it, issuer, NID_subject_alt_name, text);
  add_extension(it, issuer, NID_subject_key_identifier, "hash");
  add_extension(it, issuer, NID_authority_key_identifier, "keyid");
  if (!X509_sign(it, issuer_key, EVP_sha256())) give_up("cannot sign");
  return made;
}

// The intermediate stays where `-C` put it: only leaf and key change.
static SSL *ssl_of_next_device(SSL_CTX *context) {
  SSL *ssl = SSL_new(context);
  if (next_device == device_count) give_up("more connections than LAB_DEVICES");
  device *it = &devices[next_device++];
  if (SSL_use_certificate(ssl, it->certificate) != 1 || SSL_use_PrivateKey(ssl, it->key) != 1) give_up("cannot use a device");
  return ssl;
}

int main(int argc, char **argv) {
  FILE *certificate_file = open_in_pki("inter.pem"), *key_file = open_in_pki("inter.key");
  X509 *issuer = PEM_read_X509(certificate_file, NULL, NULL, NULL);
  EVP_PKEY *issuer_key = PEM_read_PrivateKey(key_file, NULL, NULL, NULL);
  if (!issuer || !issuer_key) give_up("cannot read the device CA");
  device_count = getenv("LAB_DEVICES") ? atol(getenv("LAB_DEVICES")) : 1000;
  devices = calloc(device_count, sizeof *devices);
  for (long i = 0; i < device_count; i++) devices[i] = issue_device(issuer, issuer_key);
  return generate_load(argc, argv);
}
