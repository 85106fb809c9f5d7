"""JupyterLab as ``make lab`` starts it: its token and the name it is asked by keep others out."""

import urllib.error
import urllib.request
from urllib.parse import urlsplit

import pytest
from lab import copy_lessons, running_lab

TOKEN = "a-token-of-the-test"
FOREIGN = "http://attacker.example"


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lab")
    copy_lessons(folder)
    with running_lab(folder, token=TOKEN) as running:
        yield f"http://127.0.0.1:{urlsplit(running.address).port}"


def status_of(address, method="GET", **headers):
    request = urllib.request.Request(address, method=method, headers=headers)
    try:
        with urllib.request.build_opener(_NoRedirect).open(request, timeout=60) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


def test_the_learner_gets_in(lab):
    assert status_of(f"{lab}/api/contents", Authorization=f"token {TOKEN}") == 200


@pytest.mark.parametrize("path", ["api/contents", "api/kernels", "api/terminals", "lab"])
def test_nobody_gets_in_without_the_token(lab, path):
    assert status_of(f"{lab}/{path}") in (302, 403)
    assert status_of(f"{lab}/{path}", Authorization="token a-guess") in (302, 403)


def test_a_rebound_name_is_refused_even_with_the_token(lab):
    port = urlsplit(lab).port
    asked = {"Authorization": f"token {TOKEN}", "Host": f"attacker.example:{port}"}
    assert status_of(f"{lab}/api/contents", **asked) == 403


@pytest.mark.parametrize("what", ["kernels", "terminals", "sessions"])
def test_a_page_of_another_site_starts_nothing_for_a_learner_who_is_logged_in(lab, what):
    jar = urllib.request.HTTPCookieProcessor()
    browser = urllib.request.build_opener(jar)
    browser.open(f"{lab}/lab?token={TOKEN}", timeout=60).close()
    assert any(cookie.name.startswith("username") for cookie in jar.cookiejar)
    request = urllib.request.Request(f"{lab}/api/{what}", b"{}", {"Origin": FOREIGN})
    with pytest.raises(urllib.error.HTTPError) as error:
        browser.open(request, timeout=60)
    assert error.value.code in (403, 404)
    with browser.open(f"{lab}/api/{what}", timeout=60) as answer:
        assert answer.read().strip() == b"[]"


def test_the_proxy_leads_nobody_to_the_server(lab, learner):
    path = urlsplit(learner.told["stac_url"]).path
    address = f"{lab}/proxy/{learner.http_port}{path}"
    assert status_of(address) in (302, 403)
    assert status_of(address, Authorization=f"token {TOKEN}") == 200


def test_what_comes_through_the_proxy_runs_no_script(lab, learner):
    path = urlsplit(learner.told["stac_url"]).path
    for path_of in (path, f"{path}/api.html", f"{path.removesuffix('/v1')}/data/manifest.json"):
        request = urllib.request.Request(
            f"{lab}/proxy/{learner.http_port}{path_of}", headers={"Authorization": f"token {TOKEN}"}
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            assert "sandbox" in answer.headers["Content-Security-Policy"]
            assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_a_signed_link_to_a_page_in_the_bucket_does_not_come_through_the_proxy(lab, learner):
    import boto3

    told = learner.told["s3"]
    s3 = boto3.client(
        "s3",
        endpoint_url=told["endpoint_url"],
        aws_access_key_id=told["key"],
        aws_secret_access_key=told["secret"],
        **told["client_kwargs"],
    )
    s3.put_object(Bucket="course", Key="page", Body=b"<script>", ContentType="text/html")
    link = s3.generate_presigned_url("get_object", {"Bucket": "course", "Key": "page"})
    try:
        assert status_of(link) == 200
        through = link.replace(told["endpoint_url"], f"{lab}/proxy/{learner.s3_port}")
        assert status_of(through, Authorization=f"token {TOKEN}") == 403
    finally:
        s3.delete_object(Bucket="course", Key="page")
