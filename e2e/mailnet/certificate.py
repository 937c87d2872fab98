"""A self-signed certificate made at start: receivers offer STARTTLS, and senders use it without verifying."""

import ssl
import subprocess
from pathlib import Path


def server_context(directory: Path, *, name: str) -> ssl.SSLContext:
    """Make a key and certificate with openssl (P-256: cheap handshakes) and load them."""
    key, certificate = directory / "tls.key", directory / "tls.crt"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
         "-days", "30", "-subj", f"/CN={name}", "-keyout", str(key), "-out", str(certificate)],
        check=True, capture_output=True, timeout=30,
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context
