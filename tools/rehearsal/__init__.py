"""A rehearsal of ``COURSE_CLOUD=aws`` without the internet: ``make rehearsal``.

The lessons run unchanged, in a copy of the course, and believe that they are behind a proxy that
opens encrypted connections: ``HTTPS_PROXY`` and ``SSL_CERT_FILE`` are all that they are told.
`line` is that proxy, as far off as a cloud; `hosts` answers in the place of Earth Search, the
bucket of COGs, the published files, the imagery and S3; `mishaps` lets some requests fail as they
do in the real world; `cloud` starts all of it; `lessons` runs the lessons and measures.
"""
