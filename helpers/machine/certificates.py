"""One setting for a network whose proxy, or a virus scanner, opens encrypted connections."""

from __future__ import annotations

import os

# Who reads SSL_CERT_FILE: Python itself, aiohttp and icechunk. requests, boto and GDAL each have a
# variable of their own; for GDAL rasterio puts certifi's file there when it is loaded.
OTHER_NAMES = (
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "AWS_CA_BUNDLE",
    "GDAL_CURL_CA_BUNDLE",
    "PROJ_CURL_CA_BUNDLE",
)
CURE = (
    "its certificate is signed by somebody whom this Python does not trust, so most likely a proxy "
    "or a virus scanner opens encrypted connections here: ask who runs it for the file of its "
    "certificates (PEM), set SSL_CERT_FILE to that file, and start Lab again"
)


def hand_on_certificates() -> None:
    """Let all libraries trust the certificates in the file that ``SSL_CERT_FILE`` names."""
    file = os.environ.get("SSL_CERT_FILE")
    if file:
        os.environ |= dict.fromkeys(OTHER_NAMES, file)


def is_about_certificates(error: BaseException) -> bool:
    """Return whether a library says that it does not trust a server's certificate."""
    text = str(error).lower()
    return "certificate" in text and ("verify" in text or "issuer" in text)
