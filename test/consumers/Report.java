import jakarta.servlet.annotation.WebServlet;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.util.Base64;

/** Says which client certificate the container believes in; knows nothing of any header. */
@WebServlet("/")
public final class Report extends HttpServlet {
    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
        var found = (X509Certificate[]) request.getAttribute("jakarta.servlet.request.X509Certificate");
        response.setContentType("text/plain");
        response.getWriter().print(found == null ? "subject: \n" : describe(found[0]));
    }

    private static String describe(X509Certificate certificate) throws IOException {
        try {
            var der = Base64.getEncoder().encodeToString(certificate.getEncoded());
            return "subject: " + certificate.getSubjectX500Principal().getName() + "\ncertificate: " + der + "\n";
        } catch (CertificateEncodingException fault) {
            throw new IOException(fault);
        }
    }
}
