"""Simulate the course's scenes and write them as a kit of files.

In this order a kit is made, from the ground up; each step knows only those above it:

=============  ==================================================================================
grid           where the kit lies: its pixels, windows of them, the named sizes
passes         which dates there are, and how each was processed
places         the course's place and a second one: what is peculiar to each
noise          seeded random fields, the same on every machine (`filters`, `kernels`: arithmetic)
terrain        relief that rivers have cut, and where water flows
landscape      on cells of 30 m: streams, farms, dams, plantations, seed rain, scars, tracks
sampling       the landscape on pixels of 10 m, warped so that nothing runs straight
season         how dry the date is
landcover      on a date: veld, fire, wattle, pines, gum, farm and water, as shares of each pixel
spectra        the reflectance of these mixtures in 12 bands (`make_spectra` made its table)
light          the sun of the date: slopes, cast shadow, light from the sky
geometry       how far a scene lies beside the ground
clouds         clouds and their shadows, and thin cirrus
sensor         light from the surroundings, blur, native pixels, noise, digital numbers
scl            the scene classification, with the errors that real ones have
scenes         one date, block by block (`parallel`), written as COGs (`cog`), and its truth
stac           the items and collections that describe the scenes
dem            the terrain model, with items of its own
areas          area of interest, catchments (`vectors`: files)
points         field points, and those of a survey that never left the `roadside` (`candidates`)
references     samples to judge a map by, with people's answers
planning       tracks and plantations as lines and outlines
office         of the second place, what a field office hands over
kit            all of it in a folder (`folder`), the manifest last
=============  ==================================================================================

Numba keeps compiled code beside the source, and looks only whether a function's own file has
changed, not those of the functions that it calls: `kernels` therefore forgets it all when any file
here has changed.
"""

from offline_kit.build.kit import SEED, build_kit

__all__ = ["SEED", "build_kit"]
