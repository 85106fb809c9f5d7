"""The STAC API: stac-fastapi over the kit's items, in the shape of Earth Search v1.

`routes` answers, `parsing` reads what a search asks for, `search` holds the rules of searching,
`links` makes addresses, `errors` words refusals.
"""

from offline_kit.serve.stac.routes import make_stac_app

__all__ = ["make_stac_app"]
