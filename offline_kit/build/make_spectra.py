"""Make the table of spectra, `spectra.csv`, from PROSAIL canopies. Run once, not by a build.

It needs two libraries that a build does not: make a scratch environment with
``pip install prosail==2.0.5 pyrsr==0.8.0`` and run ``python make_spectra.py``.

For every class of vegetation 300 canopies are drawn with PROSPECT-5 + 4SAIL (Féret et al. 2008;
Verhoef 1984; Domingues Gomez' `prosail`) with the spread of traits below, seen from above with the
sun at 47 degrees. Crown shade and gaps darken and open them. They are convolved with the response
functions of Sentinel-2A (`pyrsr`). A class's spectra are then scaled band by band to the median
reflectance measured from the air near Franschhoek (`MEDIANS`); what PROSAIL contributes is how its
spectra vary. What is measured through the air holds some light from the surroundings, a share for
each band (`bands.py`); the ground's own median is what remains without it. The table keeps both, as
`published` and `median`, and the four strongest principal components of the log reflectance, each
scaled by its standard deviation. Rock, bare ground, water and char have no canopy
model: their medians are assumed end members, and they vary by the mixtures described below.
"""

import csv
from pathlib import Path

import numpy as np
import prosail
from bands import BANDS as SENSOR
from pyrsr import RSR

TABLE = Path(__file__).with_name("spectra.csv")
BANDS = tuple(band.file for band in SENSOR)
SUN_ZENITH = 47.0
CANOPIES = 300
MODES = 4
SEED = 20180915

# Median reflectance of lit pixels. Vegetation: airborne imaging spectroscopy convolved to
# Sentinel-2A; rock, bare ground, water: assumed end members; cultivated land and char: assumed.
MEDIANS = {
    0: (0.090, 0.108, 0.155, 0.198, 0.215, 0.235, 0.255, 0.270, 0.280, 0.288, 0.330, 0.250),
    1: (0.025, 0.023, 0.033, 0.025, 0.076, 0.164, 0.206, 0.222, 0.231, 0.240, 0.121, 0.043),
    2: (0.021, 0.023, 0.035, 0.026, 0.068, 0.148, 0.182, 0.192, 0.197, 0.194, 0.072, 0.028),
    3: (0.032, 0.034, 0.048, 0.050, 0.077, 0.125, 0.148, 0.158, 0.163, 0.173, 0.156, 0.089),
    4: (0.043, 0.048, 0.069, 0.078, 0.104, 0.149, 0.172, 0.182, 0.190, 0.209, 0.230, 0.143),
    5: (0.026, 0.026, 0.034, 0.028, 0.086, 0.196, 0.253, 0.265, 0.272, 0.265, 0.087, 0.025),
    6: (0.026, 0.027, 0.041, 0.029, 0.080, 0.181, 0.223, 0.234, 0.240, 0.248, 0.108, 0.039),
    7: (0.066, 0.075, 0.092, 0.112, 0.124, 0.140, 0.158, 0.173, 0.182, 0.190, 0.270, 0.200),
    8: (0.034, 0.038, 0.058, 0.055, 0.095, 0.153, 0.182, 0.201, 0.212, 0.230, 0.167, 0.083),
    9: (0.027, 0.026, 0.027, 0.018, 0.014, 0.012, 0.010, 0.009, 0.008, 0.007, 0.004, 0.003),
    10: (0.030, 0.034, 0.066, 0.045, 0.110, 0.270, 0.340, 0.360, 0.375, 0.370, 0.190, 0.095),
    11: (0.030, 0.033, 0.040, 0.046, 0.050, 0.055, 0.060, 0.066, 0.070, 0.075, 0.100, 0.095),
}
# To compute the light from the surroundings: the share of the landscape that each of them covers,
# and the share within 500 m of one that it has itself (landscapes of seeds 20180915, 7 and 99).
COVER = {0: 0.09, 1: 0.02, 2: 0.07, 3: 0.18, 4: 0.32, 5: 0.01, 6: 0.03, 7: 0.15, 8: 0.01,
         9: 0.01, 10: 0.11, 11: 0.0}  # fmt: skip
ITSELF = {0: 0.36, 1: 0.12, 2: 0.44, 3: 0.49, 4: 0.56, 5: 0.11, 6: 0.20, 7: 0.49, 8: 0.22,
          9: 0.40, 10: 0.46, 11: 0.0}  # fmt: skip

# mean and standard deviation of each trait: leaf structure n, chlorophyll cab and carotenoids car
# (µg/cm²), brown pigment cbrown, water cw (cm), dry matter cm (g/cm²), leaf area index lai, mean
# leaf angle lidfa (degrees), brightness rsoil and dryness psoil of the soil, and crown shade
TRAITS = {
    1: {
        "n": (1.7, 0.15), "cab": (45, 8), "car": (10, 2), "cbrown": (0.1, 0.06),
        "cw": (0.014, 0.003), "cm": (0.01, 0.002), "lai": (3.2, 0.8), "lidfa": (58, 6),
        "rsoil": (0.7, 0.2), "psoil": (0.4, 0.25), "shade": (0.25, 0.09),
    },
    2: {
        "n": (2.1, 0.2), "cab": (42, 8), "car": (9, 2), "cbrown": (0.25, 0.12),
        "cw": (0.024, 0.005), "cm": (0.02, 0.004), "lai": (3.4, 0.8), "lidfa": (62, 5),
        "rsoil": (0.6, 0.2), "psoil": (0.5, 0.25), "shade": (0.38, 0.11),
    },
    3: {
        "n": (1.9, 0.2), "cab": (30, 7), "car": (8, 2), "cbrown": (0.55, 0.25),
        "cw": (0.013, 0.004), "cm": (0.018, 0.004), "lai": (1.9, 0.5), "lidfa": (60, 6),
        "rsoil": (0.8, 0.2), "psoil": (0.6, 0.25), "shade": (0.2, 0.07),
    },
    4: {
        "n": (1.9, 0.2), "cab": (26, 7), "car": (7, 2), "cbrown": (0.7, 0.3),
        "cw": (0.011, 0.003), "cm": (0.018, 0.004), "lai": (1.1, 0.4), "lidfa": (60, 6),
        "rsoil": (1, 0.25), "psoil": (0.8, 0.2), "shade": (0.13, 0.05),
    },
    5: {
        "n": (1.9, 0.15), "cab": (46, 8), "car": (11, 2), "cbrown": (0.12, 0.08),
        "cw": (0.02, 0.004), "cm": (0.014, 0.003), "lai": (3, 0.8), "lidfa": (66, 5),
        "rsoil": (0.8, 0.2), "psoil": (0.5, 0.25), "shade": (0.28, 0.1),
    },
    6: {
        "n": (1.8, 0.15), "cab": (48, 9), "car": (11, 2), "cbrown": (0.1, 0.06),
        "cw": (0.016, 0.004), "cm": (0.012, 0.003), "lai": (4.4, 0.9), "lidfa": (52, 7),
        "rsoil": (0.5, 0.15), "psoil": (0.3, 0.2), "shade": (0.32, 0.11),
    },
    8: {
        "n": (1.6, 0.15), "cab": (32, 8), "car": (8, 2), "cbrown": (0.45, 0.25),
        "cw": (0.014, 0.004), "cm": (0.01, 0.003), "lai": (2, 0.7), "lidfa": (68, 5),
        "rsoil": (0.6, 0.25), "psoil": (0.2, 0.2), "shade": (0.14, 0.06),
    },
    10: {
        "n": (1.5, 0.1), "cab": (45, 9), "car": (10, 2), "cbrown": (0.1, 0.1),
        "cw": (0.014, 0.003), "cm": (0.006, 0.001), "lai": (3.4, 1), "lidfa": (60, 8),
        "rsoil": (1, 0.25), "psoil": (0.6, 0.25), "shade": (0.06, 0.03),
    },
}  # fmt: skip
LOWEST = {
    "n": 1.1, "cab": 8, "car": 2, "cbrown": 0, "cw": 0.004, "cm": 0.003,
    "lai": 0.2, "lidfa": 35, "rsoil": 0.2, "psoil": 0, "shade": 0,
}  # fmt: skip


def response_functions() -> np.ndarray:
    """Return normalised responses of Sentinel-2A at 400 ... 2500 nm, (band, wavelength)."""
    wavelengths = np.arange(400, 2501)
    responses = RSR(satellite="Sentinel-2A", sensor="MSI", no_pan=False, no_thermal=True)
    rows = []
    for band in BANDS:
        row = np.interp(wavelengths, responses.rsrs_wvl, responses[band[1:].lstrip("0")], 0, 0)
        rows.append(row / row.sum())
    return np.stack(rows)


def canopies(code: int, generator: np.random.Generator, responses: np.ndarray) -> np.ndarray:
    """Draw canopies of a class and return their reflectance, (canopy, band)."""
    spectra = []
    for _ in range(CANOPIES):
        trait = {
            name: max(generator.normal(mean, spread), LOWEST[name])
            for name, (mean, spread) in TRAITS[code].items()
        }
        shade = min(trait.pop("shade"), 0.7)
        trait["psoil"] = min(trait["psoil"], 1.0)
        canopy = prosail.run_prosail(
            hspot=0.05, tts=SUN_ZENITH, tto=0.0, psi=0.0, typelidf=2, **trait
        )
        # shaded crowns still get a little light, more of it in the near infrared (transmission)
        dark = 0.12 + 0.5 * canopy
        spectra.append(responses @ (canopy * ((1 - shade) + shade * dark)))
    return np.array(spectra)


def mixtures(code: int, generator: np.random.Generator) -> np.ndarray:
    """Vary what has no canopy: brightness, plus a part of something else, (sample, band)."""
    median = np.array(MEDIANS[code])
    other = {
        0: np.array(MEDIANS[4]),  # bare ground: some scrub
        7: np.array(MEDIANS[3]),  # rock: fynbos in the cracks
        9: np.array(MEDIANS[0]) * 0.35,  # water: sediment
        11: np.array(MEDIANS[0]),  # char: ash and soil
    }[code]
    brightness = {0: 0.16, 7: 0.15, 9: 0.16, 11: 0.20}[code]
    share = {0: 0.22, 7: 0.26, 9: 0.05, 11: 0.15}[code]
    lit = np.clip(1 + brightness * generator.normal(size=(CANOPIES, 1)), 0.4, None)
    part = np.abs(share * generator.normal(size=(CANOPIES, 1)))
    tilt = 1 + 0.06 * generator.normal(size=(CANOPIES, 1)) * np.linspace(-1, 1, len(BANDS))
    return (median * lit * tilt) * (1 - part) + other * part


def modes(spectra: np.ndarray) -> tuple[np.ndarray, float]:
    """Return principal components of log reflectance times their standard deviation.

    Returns
    -------
    components
        (MODES, band).
    share
        Share of the variance that they explain.
    """
    logs = np.log(spectra)
    logs -= np.median(logs, axis=0)
    _, values, vectors = np.linalg.svd(logs - logs.mean(axis=0), full_matrices=False)
    signs = np.where(vectors[:MODES].sum(axis=1, keepdims=True) < 0, -1, 1)
    scaled = values[:MODES, None] / np.sqrt(len(spectra)) * vectors[:MODES] * signs
    return scaled, float((values[:MODES] ** 2).sum() / (values**2).sum())


def at_the_ground() -> dict[int, np.ndarray]:
    """Return the published medians without the light that the surroundings add to them, (band)."""
    adjacency = np.array([band.adjacency for band in SENSOR])
    landscape = sum(COVER[code] * np.array(MEDIANS[code]) for code in MEDIANS)
    ground = {}
    for code, median in MEDIANS.items():
        around = ITSELF[code] * np.array(median) + (1 - ITSELF[code]) * landscape
        ground[code] = (median - adjacency * around) / (1 - adjacency)
    return ground


def main() -> None:
    """Write the table."""
    ground = at_the_ground()
    generator = np.random.Generator(np.random.PCG64(SEED))
    responses = response_functions()
    with TABLE.open("w", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(("code", "row", *BANDS))
        for code in sorted(MEDIANS):
            vegetated = code in TRAITS
            spectra = (
                canopies(code, generator, responses) if vegetated else mixtures(code, generator)
            )
            components, share = modes(spectra)
            raw = np.median(spectra, axis=0)
            print(code, f"{share:.3f} of variance;", "PROSAIL / measured:" if vegetated else "",
                  np.round(raw / MEDIANS[code], 2), "sd", np.round(np.sqrt((components**2).sum(0)), 2))  # noqa: E501  # fmt: skip
            table.writerow((code, "published", *(f"{v:.4f}" for v in MEDIANS[code])))
            table.writerow((code, "median", *(f"{v:.4f}" for v in ground[code])))
            for number, row in enumerate(components, 1):
                table.writerow((code, f"pc{number}", *(f"{v:.4f}" for v in row)))


if __name__ == "__main__":
    main()
