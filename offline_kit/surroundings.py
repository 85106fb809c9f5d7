"""Settings of other work on this machine, which would lead the course astray, are set aside.

Only this process and those that it starts are concerned.
"""

from __future__ import annotations

import os

# Where PostGIS, QGIS or another GDAL have their data and drivers (ours come with the wheels), how
# another project packs overviews, which files of the web it reads, and how it uses Dask.
OF_OTHER_PROGRAMS = (
    "COMPRESS_OVERVIEW",
    "CPL_TMPDIR",
    "CPL_VSIL_CURL_ALLOWED_EXTENSIONS",
    "CPL_VSIL_CURL_ALLOWED_FILENAME",
    "DASK_SCHEDULER",
    "GDAL_DATA",
    "GDAL_DRIVER_PATH",
    "GDAL_SKIP",
    "PROJ_DATA",
    "PROJ_LIB",
)


def forget_other_programs() -> None:
    """Forget what other programs on this machine say to GDAL, PROJ and Dask.

    Call it before a package that loads one of them is used.
    """
    for name in OF_OTHER_PROGRAMS:
        os.environ.pop(name, None)


def stay_on_this_machine() -> None:
    """Keep proxies and a person's account at AWS out of what is served on this machine.

    A profile that is not there, a broken ``~/.aws/config`` or a missing certificate bundle stops
    botocore even where keys and address are given; and no lesson that runs offline needs them.
    """
    for name in list(os.environ):
        gone = name.endswith("_CA_BUNDLE") and not os.path.exists(os.environ[name])  # noqa: PTH110
        if name.startswith("AWS_") or gone:
            del os.environ[name]
    os.environ["AWS_CONFIG_FILE"] = os.environ["AWS_SHARED_CREDENTIALS_FILE"] = os.devnull
    for name in ("NO_PROXY", "no_proxy"):
        hosts = [host.strip() for host in os.environ.get(name, "").split(",") if host.strip()]
        missing = [host for host in ("127.0.0.1", "localhost") if host not in hosts]
        os.environ[name] = ",".join(hosts + missing)
