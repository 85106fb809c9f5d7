"""A page of another site in the learner's browser: under its own name, and under a rebound one."""

import threading
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import pytest
from lab import CHROMIUM, find_chromium
from playwright.sync_api import Error, Page, sync_playwright

pytestmark = pytest.mark.browser

SITE = "attacker.example"

# All that a page can try without being asked: what it could read, and what it was answered.
TRY = """async ([port, paths, host]) => {
  const root = `http://${host}:${port}`;
  const read = [];
  const attempt = async (what, ask) => {
    try {
      const answer = await Promise.race([ask(), new Promise((_, no) => setTimeout(no, 3000))]);
      if (answer instanceof Response && answer.type !== 'opaque')
        read.push([what, answer.status, (await answer.text()).slice(0, 300)]);
      else if (answer === 'loaded') read.push([what, 200, 'loaded']);
    } catch (refused) {}
  };
  await Promise.all(paths.map(async path => {
    const url = root + path;
    for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS']) {
      const body = ['POST', 'PUT'].includes(method) ? BODY : undefined;
      await attempt(`${method} ${path}`, () => fetch(url, {method, body}));
      await attempt(`blind ${method} ${path}`, () => fetch(url, {method, body, mode: 'no-cors'}));
    }
    await attempt(`beacon ${path}`, async () => navigator.sendBeacon(url, BODY) && null);
    await attempt(`image ${path}`, () => new Promise((yes, no) => {
      const image = new Image();
      image.onload = () => yes('loaded'); image.onerror = no; image.src = url;
    }));
    await attempt(`script ${path}`, () => new Promise((yes, no) => {
      const script = document.createElement('script');
      script.onload = () => yes('loaded'); script.onerror = no; script.src = url;
      document.head.append(script);
    }));
    await attempt(`socket ${path}`, () => new Promise((yes, no) => {
      const socket = new WebSocket(url.replace('http', 'ws'));
      socket.onopen = () => yes('loaded'); socket.onerror = no;
    }));
  }));
  return read;
}"""
# As against the bucket that was all of moto: YAML that runs a command when it is read.
EXPLOIT = (
    "Action=CreateStack&Version=2010-05-15&StackName=x&TemplateBody="
    "Description: !!python/object/apply:os.system ['touch {marker}']\\nResources: {}"
)
REFUSED = (400, 403, 404, 405, 501)
PATHS = ["/", "/course", "/course/kept", "/course/theirs", "/v1", "/v1/search", "/traffic"]
PATHS += ["/data/manifest.json", "/tiles/13/4532/4915.png", "/moto-api/recorder/start-recording"]
PATHS += ["/status", "/info/main/workers.html", "/api/v1/retire_workers", "/cluster/status"]


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Iterator[str]:
    """Another site; its name leads to this machine, as after DNS rebinding."""
    folder = tmp_path_factory.mktemp("site")
    (folder / "index.html").write_text("<!doctype html><title>Win a satellite!</title>")
    handler = partial(_Quiet, directory=folder)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://{SITE}:{server.server_port}"
        server.shutdown()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def page(site) -> Iterator[Page]:
    path = find_chromium()
    if path is None:
        pytest.skip("no Chromium on this machine: `make chromium` installs Debian's")
    rules = [flag for flag in CHROMIUM if not flag.startswith("--host-resolver-rules")]
    rules += [f"--host-resolver-rules=MAP {SITE} 127.0.0.1"]
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=rules)
        page = chromium.new_context().new_page()
        page.goto(site)
        yield page
        chromium.close()


def attack(page, learner, marker, port, paths, host):
    script = TRY.replace("BODY", repr(EXPLOIT.replace("{marker}", str(marker))))
    return page.evaluate(script, [port, paths, host])


def secrets_of(learner):
    return [
        urlsplit(learner.told["stac_url"]).path.split("/")[1],
        learner.told["s3"]["key"],
        learner.told["s3"]["secret"],
        urlsplit(learner.told["dashboard"]).path.split("/")[1],
    ]


def test_it_reads_writes_and_runs_nothing_on_any_port(page, learner, tmp_path):
    marker = tmp_path / "marker"
    bucket = learner.bucket()
    for port in learner.ports:
        few = PATHS if port in (learner.http_port, learner.s3_port) else PATHS[:1] + PATHS[-4:-2]
        for host in ("127.0.0.1", "localhost", SITE):
            read = attack(page, learner, marker, port, few, host)
            got = [each for each in read if each[1] not in REFUSED]
            if port == learner.s3_port:  # SeaweedFS says that it lives, in no words
                got = [[what, _, text] for what, _, text in got if "/status" not in what or text]
                got = [each for each in got if each[0] != "script /status"]
            assert got == [], (port, host)
            answers = "".join(text for _, _, text in read)
            assert not any(secret in answers for secret in secrets_of(learner)), (port, host)
    assert not marker.exists()
    assert learner.bucket() == bucket == {"course/kept": "mine"}
    assert len(learner.processes) >= 4


def test_even_with_the_key_it_reads_no_catalogue_file_or_tile(page, learner):
    root = urlsplit(learner.told["stac_url"]).path.removesuffix("/v1")
    paths = [root + path for path in ("/v1", "/v1/search", "/data/manifest.json", "/traffic")]
    paths += [root + "/tiles/13/4532/4915.png"]
    for host in ("127.0.0.1", "localhost", SITE):
        read = attack(page, learner, "none", learner.http_port, paths, host)
        assert [each for each in read if each[1] != 403] == [], host


def test_a_form_that_is_sent_by_the_page_gets_and_does_nothing(page, site, learner, tmp_path):
    marker = tmp_path / "marker"
    for port in (learner.http_port, learner.s3_port):
        tab = page.context.new_page()
        tab.goto(site)
        tab.evaluate(
            """([url, exploit]) => {
              const form = document.createElement('form');
              form.method = 'POST'; form.action = url; form.enctype = 'text/plain';
              const field = document.createElement('textarea');
              field.name = 'x'; field.value = exploit;
              form.append(field); document.body.append(form); setTimeout(() => form.submit(), 100);
            }""",
            [f"http://127.0.0.1:{port}/", EXPLOIT.replace("{marker}", str(marker))],
        )
        with suppress(Error):  # an answer without a body is shown as an error of Chromium's own
            tab.wait_for_url(f"http://127.0.0.1:{port}/")
        tab.wait_for_timeout(500)
        tab.close()
    assert not marker.exists()
    assert learner.bucket() == {"course/kept": "mine"}


def test_a_page_of_jupyterlab_gets_its_tiles(page, learner, site):
    """The same page under the name of this machine, as JupyterLab's: so the attack is real."""
    port = urlsplit(site).port
    tile = learner.told["tiles"].format(z=13, x=4532, y=4915)
    for host in ("127.0.0.1", "localhost"):
        page.goto(f"http://{host}:{port}")
        width = page.evaluate(
            """url => new Promise((yes, no) => {
              const image = new Image();
              image.crossOrigin = 'anonymous';
              image.onload = () => yes(image.width); image.onerror = no; image.src = url;
            })""",
            tile,
        )
        assert width == 256
    page.goto(site)


def test_what_is_opened_as_a_page_runs_no_script(page, learner, site):
    """The catalogue's own page, at the top of a tab: it has no origin, and runs nothing."""
    page.goto(learner.told["stac_url"] + "/api.html")
    assert page.evaluate("self.origin") == "null"
    page.goto(site)
