"""What learners may answer by mistake in lesson 08, and words of the hint that they get."""
# ruff: noqa: F811, F821

# %% 08-1 | left out the smaller chunks
rows, columns = ndvi.shape
number_of_chunks = (rows // 700) * (columns // 700)

# %% 08-1 | Round rows and columns separately
number_of_chunks = int(np.ceil(ndvi.size / 700**2))

# %% 08-1 | two bands
number_of_chunks = open_bands(700).data.npartitions

# %% 08-1 | not a whole number
number_of_chunks = ndvi.size / 700**2

# %% 08-1 | multiply how many
number_of_chunks = sum(open_bands(700).sel(band="red").data.numblocks)


# %% 08-2 | all twelve bands
def megabytes_in_use(side, threads):
    return side**2 * 4 * 2 * threads / 1e6


# %% 08-2 | more threads
def megabytes_in_use(side, threads):
    return side**2 * 12 * 4 * 2 / 1e6


# %% 08-2 | two chunks
def megabytes_in_use(side, threads):
    return side**2 * 12 * 4 * threads / 1e6


# %% 08-2 | makes MiB
def megabytes_in_use(side, threads):
    return side**2 * 12 * 4 * 2 * threads / 1024**2


# %% 08-2 | That is bytes
def megabytes_in_use(side, threads):
    return side**2 * 12 * 4 * 2 * threads


# %% 08-2 | Square the side
def megabytes_in_use(side, threads):
    return side * 12 * 4 * 2 * threads / 1e6


# %% 08-2 | 8 bits
def megabytes_in_use(side, threads):
    return side**2 * 12 * 32 * 2 * threads / 1e6


# %% 08-2 | returns nothing
def megabytes_in_use(side, threads):
    print(side**2 * 12 * 4 * 2 * threads / 1e6)


# %% 08-3 | The series is slow
chosen_chunks = (1, 2048, 2048)

# %% 08-3 | Take larger squares
chosen_chunks = (1, 128, 128)

# %% 08-3 | Take fewer dates
chosen_chunks = (24, 512, 512)

# %% 08-3 | asking for them
chosen_chunks = (1, 64, 64)

# %% 08-3 | all of it is sent
chosen_chunks = (24, 2048, 2048)

# %% 08-3 | the first number is the dates
chosen_chunks = (512, 512, 2)

# %% 08-3 | tuple of three
chosen_chunks = (512, 512)
