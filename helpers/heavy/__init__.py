"""The heavy step's room: what `helpers.predict` and `helpers.export` are made of."""
