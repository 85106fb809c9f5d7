"""Behind a proxy that opens encrypted connections one variable is enough, and errors name it."""

import datetime
import http.server
import ipaddress
import os
import re
import ssl
import subprocess
import sys
import threading

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from helpers import CourseError, cloud
from helpers.doctor import _cloud
from helpers.paths import PROJECT, kit_folder
from offline_kit.folder import TRUTH

pytestmark = pytest.mark.kit

A_DAY = datetime.timedelta(days=1)
# Each library asks in its own way; what it says goes to the test.
CLIENTS = """
import os, sys
from helpers.machine.certificates import hand_on_certificates
import rasterio  # which puts certifi's file into the variable for GDAL

hand_on_certificates()
server = sys.argv[1]

def by_urllib():
    import urllib.request
    urllib.request.urlopen(server + "/map.tif").read()

def by_requests():
    import requests
    requests.get(server + "/map.tif").raise_for_status()

def by_aiohttp():
    import fsspec
    fsspec.filesystem("http").cat(server + "/map.tif")

def by_gdal():
    with rasterio.open(server + "/map.tif") as file:
        file.read(1, window=((0, 9), (0, 9)))

def by_boto():
    import s3fs
    files = s3fs.S3FileSystem(
        key="key", secret="secret", endpoint_url=server, client_kwargs={"region_name": "here"}
    )
    assert files.cat_file("bucket/map.tif")

def by_icechunk():
    import icechunk
    storage = icechunk.s3_storage(
        bucket="bucket", prefix="none", endpoint_url=server, region="here", access_key_id="key",
        secret_access_key="secret", force_path_style=True,
    )
    assert not icechunk.Repository.exists(storage)

for ask in (by_urllib, by_requests, by_aiohttp, by_gdal, by_boto, by_icechunk):
    try:
        ask()
        print(ask.__name__, "trusts")
    except Exception as error:
        print(ask.__name__, "fails:", " ".join(str(error).split())[-300:])
"""


class Answers(http.server.BaseHTTPRequestHandler):
    """A file by range request under any path that ends in its name; nothing else is there."""

    protocol_version = "HTTP/1.1"
    content = b""

    def do_HEAD(self):
        self.do_GET()

    def do_GET(self):
        there = self.path.endswith("map.tif")
        content = self.content if there else b"<Error><Code>NoSuchKey</Code></Error>"
        status = 200 if there else 404
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        self.send_response(206 if asked and there else status)
        if asked and there:
            first, last = int(asked[1]), min(int(asked[2] or 10**9), len(content) - 1)
            self.send_header("Content-Range", f"bytes {first}-{last}/{len(content)}")
            content = content[first : last + 1]
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(content)

    def log_message(self, *_):
        pass


def certificate(name, issuer, key, signer, is_authority):
    now = datetime.datetime.now(datetime.UTC)
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - A_DAY)
        .not_valid_after(now + 30 * A_DAY)
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(signer, hashes.SHA256())
        .public_bytes(serialization.Encoding.PEM)
    )


@pytest.fixture(scope="module")
def proxy(tmp_path_factory):
    """Address of a server as such a proxy shows it, and the file of the proxy's certificates."""
    folder = tmp_path_factory.mktemp("proxy")
    authority, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    trusted, own = folder / "authority.pem", folder / "server.pem"
    trusted.write_bytes(certificate("Proxy", "Proxy", authority, authority, True))
    pem = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    private = key.private_bytes(*pem, serialization.NoEncryption())
    own.write_bytes(certificate("localhost", "Proxy", key, authority, False) + private)
    Answers.content = next((kit_folder() / TRUTH).glob("dominant_*.tif")).read_bytes()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(own)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"https://localhost:{server.server_port}", trusted
    server.shutdown()
    server.server_close()


def ask_all(address, **environment):
    clean = {name: text for name, text in os.environ.items() if not name.endswith("CA_BUNDLE")}
    clean.pop("SSL_CERT_FILE", None)
    done = subprocess.run(
        [sys.executable, "-c", CLIENTS, address], cwd=PROJECT, env=clean | environment,
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stdout.splitlines()


def test_every_library_trusts_the_file_that_one_variable_names(proxy):
    address, trusted = proxy
    said = ask_all(address, SSL_CERT_FILE=str(trusted))
    assert len(said) == 6
    assert all(line.endswith(" trusts") for line in said), "\n".join(said)


def test_without_it_none_does(proxy):
    said = ask_all(proxy[0])
    assert not [line for line in said if line.endswith(" trusts")]


def test_the_errors_name_the_variable(proxy, monkeypatch):
    address, _ = proxy
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.setenv("COURSE_CLOUD", "aws")
    monkeypatch.setattr(cloud, "EARTH_SEARCH", address)
    with pytest.raises(CourseError, match="set SSL_CERT_FILE to that file"):
        cloud.open_cloud()
    for look in (_cloud.look_at_network, _cloud.look_at_certificates):
        with pytest.raises(CourseError, match="set SSL_CERT_FILE to that file"):
            look()
    with pytest.raises(CourseError, match=r"GDAL cannot read .*set SSL_CERT_FILE"):
        _cloud._read_window(f"{address}/map.tif")
