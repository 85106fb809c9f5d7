"""Settings of other work on this machine, which would lead the course astray, are set aside.

Only this process and those that it starts are concerned.
"""

from __future__ import annotations

import os

# By which PostGIS, QGIS or another GDAL find their own data and drivers: ours come with the wheels.
OF_OTHER_PROGRAMS = ("GDAL_DATA", "GDAL_DRIVER_PATH", "GDAL_SKIP", "PROJ_DATA", "PROJ_LIB")


def forget_other_programs() -> None:
    """Forget where other programs on this machine have GDAL's and PROJ's data.

    Call it before a package that loads GDAL or PROJ is used.
    """
    for name in OF_OTHER_PROGRAMS:
        os.environ.pop(name, None)


def stay_on_this_machine() -> None:
    """Keep proxies and a person's account at AWS out of what is served on this machine.

    A profile that is not there, a broken ``~/.aws/config`` or a missing certificate bundle stops
    botocore even where keys and address are given; and no lesson that runs offline needs them.
    """
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ["AWS_CONFIG_FILE"] = os.environ["AWS_SHARED_CREDENTIALS_FILE"] = os.devnull
    for name in ("NO_PROXY", "no_proxy"):
        hosts = [host.strip() for host in os.environ.get(name, "").split(",") if host.strip()]
        missing = [host for host in ("127.0.0.1", "localhost") if host not in hosts]
        os.environ[name] = ",".join(hosts + missing)
