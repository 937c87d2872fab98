"""The test cluster: kind, with the user's Docker or with a private engine where there is none.

Programs, node image and product images are built here when no registry can serve them, cached by content under
`$SMTPPOOL_CACHE`. Nothing in the product may import this package; it runs on the developer's machine only.
"""
