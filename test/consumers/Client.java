import java.io.ByteArrayInputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** Client URL CA [CHAIN KEY]: one GET with java.net.http; prints status, content type and body. */
public final class Client {
    private static final char[] NO_PASSWORD = {};

    public static void main(String[] args) throws Exception {
        var tls = SSLContext.getInstance("TLS");
        var keys = args.length > 2 ? keys(args[2], args[3]) : null;
        tls.init(keys == null ? null : keys.getKeyManagers(), trust(args[1]).getTrustManagers(), null);
        var client = HttpClient.newBuilder().sslContext(tls).version(HttpClient.Version.HTTP_1_1).build();
        var request = HttpRequest.newBuilder(URI.create(args[0])).build();
        var answer = client.send(request, HttpResponse.BodyHandlers.ofString());
        System.out.println(answer.statusCode());
        System.out.println(answer.headers().firstValue("content-type").orElse(""));
        System.out.print(answer.body());
    }

    private static TrustManagerFactory trust(String ca) throws Exception {
        var store = empty();
        store.setCertificateEntry("ca", chain(ca)[0]);
        var factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        factory.init(store);
        return factory;
    }

    private static KeyManagerFactory keys(String chain, String key) throws Exception {
        var text = Files.readString(Path.of(key)).replaceAll("-----[^-]+-----|\\s", "");
        var spec = new PKCS8EncodedKeySpec(Base64.getDecoder().decode(text));
        var store = empty();
        store.setKeyEntry("device", KeyFactory.getInstance("EC").generatePrivate(spec), NO_PASSWORD, chain(chain));
        var factory = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        factory.init(store, NO_PASSWORD);
        return factory;
    }

    private static Certificate[] chain(String file) throws Exception {
        var bytes = new ByteArrayInputStream(Files.readAllBytes(Path.of(file)));
        return CertificateFactory.getInstance("X.509").generateCertificates(bytes).toArray(Certificate[]::new);
    }

    private static KeyStore empty() throws Exception {
        var store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        return store;
    }
}
