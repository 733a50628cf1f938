import java.io.ByteArrayInputStream;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedKeyManager;

/**
 * Walker http|socket ORIGIN CA PROTOCOL PLAN: one GET for each line `path chain key` of the plan, each on a
 * connection of its own, all with one SSLContext, whose sessions outlive the change of its key.
 */
public final class Walker {
    public static void main(String[] args) throws Exception {
        var origin = URI.create(args[1]);
        var wallet = new Wallet();
        var tls = SSLContext.getInstance("TLS");
        tls.init(new KeyManager[] {wallet}, trust(args[2]).getTrustManagers(), null);
        var parameters = new SSLParameters();
        parameters.setProtocols(new String[] {args[3]});
        var client = HttpClient.newBuilder().sslContext(tls).sslParameters(parameters)
            .version(HttpClient.Version.HTTP_1_1).build();
        for (var line : Files.readAllLines(Path.of(args[4]))) {
            var step = line.split(" ");
            wallet.hold(step[1], step[2]);
            if (args[0].equals("http")) {
                var request = HttpRequest.newBuilder(origin.resolve(step[0])).header("Connection", "close").build();
                client.send(request, HttpResponse.BodyHandlers.ofString());
            } else {
                get(tls, origin, step[0], args[3]);
            }
        }
    }

    private static void get(SSLContext tls, URI origin, String path, String protocol) throws Exception {
        var factory = tls.getSocketFactory();
        try (var socket = (SSLSocket) factory.createSocket(origin.getHost(), origin.getPort())) {
            socket.setEnabledProtocols(new String[] {protocol});
            var request = "GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
            socket.getOutputStream().write(request.getBytes());
            socket.getInputStream().readAllBytes();
        }
    }

    private static TrustManagerFactory trust(String ca) throws Exception {
        var store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        store.setCertificateEntry("ca", chain(ca)[0]);
        var factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        factory.init(store);
        return factory;
    }

    private static X509Certificate[] chain(String file) throws Exception {
        var bytes = new ByteArrayInputStream(Files.readAllBytes(Path.of(file)));
        return CertificateFactory.getInstance("X.509").generateCertificates(bytes).toArray(X509Certificate[]::new);
    }

    /** Holds what the device owns at the moment: nothing, its certificate, the next one. */
    private static final class Wallet extends X509ExtendedKeyManager {
        private X509Certificate[] chain;
        private PrivateKey key;

        void hold(String chainFile, String keyFile) throws Exception {
            if (chainFile.equals("-")) {
                chain = null;
                return;
            }
            var text = Files.readString(Path.of(keyFile)).replaceAll("-----[^-]+-----|\\s", "");
            chain = chain(chainFile);
            key = KeyFactory.getInstance("EC").generatePrivate(new PKCS8EncodedKeySpec(Base64.getDecoder().decode(text)));
        }

        private static X509Certificate[] chain(String file) throws Exception {
            return Walker.chain(file);
        }

        private String alias() {
            return chain == null ? null : "device";
        }

        @Override
        public String chooseClientAlias(String[] types, Principal[] issuers, Socket socket) {
            return alias();
        }

        @Override
        public String chooseEngineClientAlias(String[] types, Principal[] issuers, SSLEngine engine) {
            return alias();
        }

        @Override
        public String[] getClientAliases(String type, Principal[] issuers) {
            return chain == null ? null : new String[] {"device"};
        }

        @Override
        public X509Certificate[] getCertificateChain(String alias) {
            return chain;
        }

        @Override
        public PrivateKey getPrivateKey(String alias) {
            return key;
        }

        @Override
        public String chooseServerAlias(String type, Principal[] issuers, Socket socket) {
            return null;
        }

        @Override
        public String[] getServerAliases(String type, Principal[] issuers) {
            return null;
        }
    }
}
