import java.io.ByteArrayInputStream;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateFactory;
import java.util.ArrayList;
import java.util.Base64;
import java.util.regex.Pattern;

/** Reader FILE: for each line "shape TAB value" the certificates in it, in base64 of their DER, or why there are none. */
public final class Reader {
    public static void main(String[] args) throws Exception {
        for (var line : Files.readAllLines(Path.of(args[0]), StandardCharsets.ISO_8859_1)) {
            var parts = line.split("\t", 2);
            try {
                System.out.println("read " + certificates(octets(parts[0], parts[1])));
            } catch (Exception fault) {
                System.out.println("fault " + fault.toString().replace('\n', ' '));
            }
        }
    }

    private static String certificates(byte[] octets) throws Exception {
        var read = new ArrayList<String>();
        for (var one : CertificateFactory.getInstance("X.509").generateCertificates(new ByteArrayInputStream(octets))) {
            read.add(Base64.getEncoder().encodeToString(one.getEncoded()));
        }
        return String.join(",", read);
    }

    /** PEM, or DER one behind the other: what the factory takes. */
    private static byte[] octets(String shape, String value) {
        switch (shape) {
            case "pem":
                return Base64.getDecoder().decode(value);
            case "byte-sequences":
                return each(value, ", ", one -> one.substring(1, one.length() - 1));
            case "base64":
                return Base64.getDecoder().decode(value);
            case "base64-list":
                return each(value, ",", one -> one);
            case "escaped-pem":
                return URLDecoder.decode(value, StandardCharsets.US_ASCII).getBytes(StandardCharsets.US_ASCII);
            case "half-escaped-pem":
                return URI.create("pem:" + value).getSchemeSpecificPart().getBytes(StandardCharsets.US_ASCII);
            case "spaced-pem":
                return value.replace(' ', '\n').replace("BEGIN\n", "BEGIN ").replace("END\n", "END ").getBytes(StandardCharsets.US_ASCII);
            case "xfcc-cert":
                return octets("escaped-pem", quoted("Cert", value));
            case "xfcc-chain":
                return octets("escaped-pem", quoted("Chain", value));
            default:
                throw new IllegalArgumentException(shape);
        }
    }

    private static byte[] each(String list, String separator, java.util.function.UnaryOperator<String> inner) {
        var joined = new java.io.ByteArrayOutputStream();
        for (var one : list.split(separator)) joined.writeBytes(Base64.getDecoder().decode(inner.apply(one)));
        return joined.toByteArray();
    }

    private static String quoted(String key, String value) {
        var found = Pattern.compile("(?:^|;)" + key + "=\"([^\"]*)\"").matcher(value);
        if (!found.find()) throw new IllegalArgumentException("no " + key);
        return found.group(1);
    }
}
