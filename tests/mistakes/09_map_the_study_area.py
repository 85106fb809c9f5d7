"""What learners may answer by mistake in lesson 09, and words of the hint that they get."""
# ruff: noqa: F811, F821

# %% 09-1 | number of pixels
hectares_above_07 = int((pine_map > 0.7).sum())

# %% 09-1 | square metres
hectares_above_07 = float((pine_map > 0.7).sum()) * 100

# %% 09-1 | area above 0.5
hectares_above_07 = float((pine_map > 0.5).sum()) / 100

# %% 09-1 | not 1 m x 1 m
hectares_above_07 = float((pine_map > 0.7).sum()) / 10_000

# %% 09-1 | neither above nor below
hectares_above_07 = float((~(pine_map <= 0.7)).sum()) / 100

# %% 09-1 | added up probabilities
hectares_above_07 = float(pine_map.where(pine_map > 0.7).sum()) / 100

# %% 09-1 | from another grid
hectares_above_07 = float((web_map > 0.7).sum()) / 100

# %% 09-2 | as predict_block does
predict_valid = predict_block


# %% 09-2 | hides them
def predict_valid(block):
    return predict_block(np.nan_to_num(block))


# %% 09-2 | surely not pines
def predict_valid(block):
    return np.where(np.isnan(block).any(axis=0), 0, predict_block(block))


# %% 09-2 | ANY of them
def predict_valid(block):
    return np.where(np.isnan(block[0]), np.nan, predict_block(block))


# %% 09-2 | a pixel is left out only if
def predict_valid(block):
    return np.where(np.isnan(block).any(), np.nan, predict_block(block))


# %% 09-2 | still the table
def predict_valid(block):
    bands, rows, columns = block.shape
    table = block.reshape(bands, rows * columns).T
    probabilities = model.predict_proba(table)
    probabilities[np.isnan(table).any(axis=1)] = np.nan
    return probabilities


# %% 09-2 | need a place
def predict_valid(block):
    table = block.reshape(len(block), -1).T
    return model.predict_proba(table[~np.isnan(table).any(axis=1)]).T


# %% 09-2 | mixed them
def predict_valid(block):
    bands, rows, columns = block.shape
    table = block.reshape(rows * columns, bands)
    probabilities = model.predict_proba(table).T.reshape(-1, rows, columns)
    return np.where(np.isnan(block).any(axis=0), np.nan, probabilities)


# %% 09-2 | in another order
def predict_valid(block):
    bands, rows, columns = block.shape
    table = block.reshape(bands, rows * columns).T
    probabilities = model.predict_proba(table)
    probabilities[np.isnan(table).any(axis=1)] = np.nan
    return probabilities.reshape(-1, rows, columns)


# %% 09-2 | left out pixels
def predict_valid(block):
    bands, rows, columns = block.shape
    table = block.reshape(bands, rows * columns).T
    complete = ~np.isnan(table).any(axis=1)
    return model.predict_proba(table[complete]).T.reshape(-1, rows, columns)


# %% 09-2 | more axes than the table
def predict_valid(block):
    bands, rows, columns = block.shape
    table = block.reshape(bands, rows * columns).T
    return model.predict_proba(table[~np.isnan(block)]).T.reshape(-1, rows, columns)


# %% 09-2 | function stopped
def predict_valid(block):
    return model.predict_proba(block)
