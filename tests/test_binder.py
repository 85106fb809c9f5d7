"""Binder: the Dockerfile that repo2docker makes of binder/, and what `start` hands to Jupyter.

No container engine is needed: repo2docker only writes the Dockerfile here.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[1]
START = PROJECT / "binder" / "start"


@pytest.fixture(scope="module")
def dockerfile():
    """The instructions of the Dockerfile, one a line, without comments."""
    command = [sys.executable, "-m", "repo2docker", "--no-build", "--debug"]
    command += ["--user-id", "1000", "--user-name", "jovyan", str(PROJECT)]
    made = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    joined = re.sub(r"\\\n\s*", "", made)
    return [line for line in joined.splitlines() if line and not line.startswith("#")]


def place(dockerfile, pattern):
    """The number of the one instruction that matches a pattern."""
    (found,) = [number for number, line in enumerate(dockerfile) if re.search(pattern, line)]
    return found


def test_the_image_starts_from_the_python_of_the_course(dockerfile):
    python = (PROJECT / ".python-version").read_text().strip()
    base = dockerfile[place(dockerfile, r"^COPY .* /tmp/env/environment\.lock$")]
    assert f"environment-2epy-2d{python.replace('.', '-2e')}-2dlinux-2d64" in base


def test_each_step_is_in_the_image_in_its_order(dockerfile):
    steps = [
        place(dockerfile, r"^COPY .*src/binder/environment\.yml "),
        place(dockerfile, r"env update .*--file \"binder/environment\.yml\""),
        place(dockerfile, r"^COPY \S+ src/ \$\{REPO_DIR\}/$"),
        place(dockerfile, r"^RUN \./binder/postBuild$"),
        place(dockerfile, r"^ENV R2D_ENTRYPOINT=?\s*\"?.*binder/start\"?$"),
        place(dockerfile, r"^ENTRYPOINT "),
    ]
    assert steps == sorted(steps)


def test_a_commit_that_changes_no_pin_leaves_the_environment_in_the_cache(dockerfile):
    """It is made before the repository is copied: else each commit would cost minutes."""
    made = place(dockerfile, r"env update ")
    assert not any("COPY" in line and " src/ " in line for line in dockerfile[:made])


@pytest.mark.parametrize("name", ["postBuild", "start"])
def test_scripts_are_executable_and_have_unix_line_ends(name):
    script = PROJECT / "binder" / name
    assert os.access(script, os.X_OK)
    assert script.read_bytes().startswith(b"#!/usr/bin/env bash\n")
    assert b"\r" not in script.read_bytes()
    subprocess.run(["bash", "-n", script], check=True)


def test_post_build_installs_the_course_and_builds_the_kit():
    script = (PROJECT / "binder" / "postBuild").read_text()
    assert "set -euo pipefail" in script, "a step that fails must fail the image"
    steps = ["--editable .", "look_at_packages", "offline_kit build"]
    assert [*map(script.index, steps)] == sorted(map(script.index, steps))


def test_post_build_stops_at_a_package_that_differs_from_the_lock(tmp_path):
    """It looks at what is installed: here at a lock that nothing can agree with."""
    lines = (PROJECT / "binder" / "postBuild").read_text().splitlines()
    (look,) = [line for line in lines if "look_at_packages" in line]
    assert "packages all" in run_line(look, tmp_path).stdout
    patch = "import helpers.doctor._install as i; from pathlib import Path; "
    (tmp_path / "lock").write_text("numpy==1.0\n")
    patch += f"i.LOCK = Path({str(tmp_path / 'lock')!r}); "
    run = run_line(look.replace('-c "', f'-c "{patch}'), tmp_path)
    assert run.returncode and re.search(r"numpy \S+ instead of 1\.0", run.stderr)


def run_line(line, folder):
    """Run a line of a script in this environment."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    return subprocess.run(
        ["bash", "-c", line],
        cwd=folder,
        env=os.environ | {"PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )


def started(*command, **environment):
    """What a command prints that `start` becomes."""
    run = subprocess.run(
        [START, *command],
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return run.stdout


def variables(**environment):
    return dict(line.split("=", 1) for line in started("env", **environment).splitlines())


def test_threads_fit_one_processor():
    found = variables()
    assert found["OMP_NUM_THREADS"] == found["OPENBLAS_NUM_THREADS"] == "1"
    assert found["NUMBA_NUM_THREADS"] == "1"
    assert found["OMP_WAIT_POLICY"] == "passive"
    assert int(found["GDAL_CACHEMAX"]) <= 256


def test_a_hub_with_more_processors_may_say_so():
    found = variables(OMP_NUM_THREADS="4")
    assert found["OMP_NUM_THREADS"] == found["NUMBA_NUM_THREADS"] == "4"


def test_jupyter_finds_the_configuration_of_the_course():
    ask = (
        "from jupyter_core.paths import jupyter_config_path as p;"
        "from pathlib import Path;"
        "print([q for q in p() if (Path(q) / 'jupyter_server_config.py').exists()])"
    )
    assert started(sys.executable, "-c", ask) == f"['{PROJECT / 'binder'}']\n"


def test_start_becomes_the_command_and_keeps_its_arguments():
    """Signals then reach Jupyter: a container that is stopped ends in good order."""
    script = 'echo "$PPID"; printf "%s|" "$@"'
    parent, arguments = started("bash", "-c", script, "bash", "a b", "", "*").splitlines()
    assert arguments == "a b||*|"
    assert int(parent) == os.getpid()
